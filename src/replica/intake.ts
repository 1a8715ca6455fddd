/** Registers that peers send outside of pushes: in deltas, which claim something once they are whole (R1), and one by one. */

import { BadBytes } from "../base/bytes.ts";
import type { OriginId, ReplicaId, ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import type { Movement } from "../cluster/movement.ts";
import type { Pulls } from "../cluster/pulls.ts";
import { forEachRecord, type Replication } from "../cluster/replication.ts";
import type { RecordLimits } from "../core/containers/record-check.ts";
import { APPLIED } from "../core/shard/arrivals.ts";
import type { Shards } from "../core/shard/shards.ts";
import { isSaidAnew } from "../types/said-anew.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import type { AckWaits } from "./acks.ts";
import type { Recovery } from "./recovery.ts";
import type { Tidings } from "./tidings.ts";

export interface IntakeHost {
  readonly life: number;
  readonly lifeDurable: boolean;
  readonly origin: OriginId;
  readonly shards: Shards;
  readonly limits: RecordLimits;
  readonly pulls: Pulls;
  readonly movement: Pick<Movement, "caughtUp">;
  readonly recovery: Pick<Recovery, "reconcile" | "quarantine">;
  readonly replication: Pick<Replication, "claimed">;
  readonly acks: Pick<AckWaits, "progressed">;
  readonly tidings: Pick<Tidings, "applied">;
}

export class Intake {
  readonly #host: IntakeHost;

  constructor(host: IntakeHost) {
    this.#host = host;
  }

  receiveDelta(peer: ReplicaId, message: MessageOf<"delta">, now: number): void {
    const { pulls, shards, limits, tidings } = this.#host;
    const session = pulls.receiveDelta(peer, message, now);
    const shard = session === undefined ? undefined : shards.get(session.shard);
    if (shard === undefined) return;
    forEachRecord(message.records, shards.in(spaceOf(shard.id)), limits, (target, view, bytes, at, length) => {
      if (target !== shard) throw new BadBytes("register of another shard in a delta");
      pulls.registers++;
      const isKnown = isSaidAnew(shard, view, at, now);
      if (shard.apply(view, bytes, at, length, now) === APPLIED && !isKnown) tidings.applied(shard, view, at, now);
    });
    if (message.claim === undefined) return;
    shard.claim(message.claim, message.marks);
    if (message.ready) this.#host.movement.caughtUp(shard);
    const { life, origin, recovery, replication, acks } = this.#host;
    if (shard.vector.isSealed(origin)) {
      // Others closed this very life without asking: all that they have not seen of it would count as seen.
      recovery.quarantine({ reason: "closed life", knownLife: life, doubtedSince: life }, now);
      return;
    }
    recovery.reconcile(shard, now);
    replication.claimed(shard);
    acks.progressed(shard.id);
    this.pull(now);
  }

  /** Asks for what is missing, once a life can be told of. */
  pull(now: number): void {
    if (this.#host.lifeDurable) this.#host.pulls.evaluate(now);
  }

  /** Takes in a register of a shard's space that was asked for by itself: it claims nothing. */
  takeIn(of: ShardId, records: Records, now: number): void {
    const { shards, limits, tidings } = this.#host;
    forEachRecord(records, shards.in(spaceOf(of)), limits, (shard, view, bytes, at, length) => {
      const isKnown = isSaidAnew(shard, view, at, now);
      if (shard.apply(view, bytes, at, length, now) === APPLIED && !isKnown) tidings.applied(shard, view, at, now);
    });
  }
}
