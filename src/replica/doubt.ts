/**
 * What becomes of what a replica holds when it has to begin anew, or when its disk lost something: registers wait,
 * unconfirmed, until it is clear what of them still stands. A register that nobody can judge is kept; one that goes, and
 * may be known to nobody else, is put aside for an operator.
 */

import type { OriginId, ShardId } from "../base/ids.ts";
import { coOwnersOf } from "../cluster/co-owners.ts";
import type { Quarantine } from "../cluster/membership-host.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { originOf, replicaOf } from "../core/origin.ts";
import { expiresAt, flagsAt, isGone, originAt, recordLength, sequenceAt, timestampAt } from "../core/record.ts";
import type { Shard } from "../core/shard.ts";
import type { Birth } from "../wire/message.ts";

interface LateRegister {
  readonly slot: number;
  readonly dot: string;
}

export interface DoubtHost extends Surroundings {
  readonly number: number;
  readonly origin: OriginId;
  /** The replica's latest lives. */
  readonly lineage: readonly Birth[];
  /** How far others told that they cover an origin. */
  toldOf(shard: ShardId, origin: OriginId): number;
  /** Somebody is looked for whom this replica may have forgotten. */
  mayHaveUnmetOwners(now: number): boolean;
  /** Keeps a record for an operator. */
  putAside(record: Uint8Array, shard: ShardId): void;
}

export class Doubt {
  readonly #host: DoubtHost;
  readonly #retentionMs: number;
  /** Registers put aside. */
  salvaged = 0;
  /** Those that need new dots, or are to be put aside, once their values are back. */
  readonly #lateByShard = new Map<Shard, readonly LateRegister[]>();

  constructor(host: DoubtHost, limits: { readonly retentionMs: number }) {
    this.#host = host;
    this.#retentionMs = limits.retentionMs;
  }

  /**
   * Own registers that need new dots. Of doubted lives all do. Otherwise those that nobody has seen, where others have
   * closed our lives without asking, so that they count as void there: of one that is taken for gone, what nobody told to
   * have; of one that was away for longer than the retention, what of that is younger. Of one that was removed before that,
   * which cannot tell by itself what others have seen, none: that shows once it holds what they hold. To be asked before
   * anything is forgotten.
   */
  slotsToRedot(shard: Shard, { reason, doubtedSince }: Quarantine, now: number): readonly number[] {
    const slots: number[] = [];
    for (const { life } of this.#host.lineage) {
      const origin = originOf(this.#host.number, life);
      const isDoubted = doubtedSince !== undefined && life >= doubtedSince;
      const isClosed = reason === "taken for gone" || reason === "away";
      if (isDoubted) shard.collectAbove(origin, 0, slots);
      else if (isClosed) shard.collectAbove(origin, this.#host.toldOf(shard.id, origin), slots);
    }
    if (reason !== "away") return slots;
    return slots.filter((slot) => !this.#isTooOld(shard.table.viewOf(slot), shard.table.offsetOf(slot), now));
  }

  /** Has a shard claim nothing in the new life, and serve nothing but `slots`, which get dots of it if they are young. */
  begin(shard: Shard, slots: readonly number[], now: number): void {
    shard.distrust({ serve: false });
    shard.beginLife(this.#host.origin);
    const late: LateRegister[] = [];
    for (const slot of slots) {
      if (shard.isAway(slot)) late.push({ slot, dot: dotOf(shard, slot) });
      else this.#renew(shard, slot, now);
    }
    this.#lateByShard.set(shard, late);
  }

  #renew(shard: Shard, slot: number, now: number): void {
    if (this.#isSalvaged(shard, shard.table.viewOf(slot), shard.table.offsetOf(slot), now)) shard.discard(slot);
    else shard.redot(slot);
  }

  /** The values of all that is in doubt are here by now. */
  #renewLate(shard: Shard, now: number): void {
    for (const { slot, dot } of this.#lateByShard.get(shard) ?? []) {
      const isHeld = shard.table.isHeld(slot) && !shard.table.isSentinel(slot) && shard.isUnconfirmed(slot);
      if (isHeld && dotOf(shard, slot) === dot) this.#renew(shard, slot, now);
    }
    this.#lateByShard.delete(shard);
  }

  /**
   * Decides about what nobody has confirmed, once all that the linked peers told of is here too. `waits`: not yet; `again`:
   * the shard claims nothing any more, and all has to be fetched once more. No value of what it doubts may be away.
   */
  reconcile(shard: Shard, now: number): "waits" | "done" | "again" {
    this.#renewLate(shard, now);
    const judge = this.#judgeOf(shard, now);
    if (judge === undefined) return "waits";
    const isQuarantined = shard.quarantined;
    const isWhole = shard.reconcile(shard.vector, (view, at, standing) => {
      const isOwn = replicaOf(originAt(view, at)) === this.#host.number;
      if (standing === "replaced") {
        // Most likely. The mark may be of another key, and where others closed our lives nobody has ever seen it.
        if (isQuarantined && isOwn) this.#salvage(shard.id, view, at, now);
        return "goes";
      }
      if (isQuarantined && judge === "peers" && this.#isSalvaged(shard, view, at, now)) return "goes";
      // Under its old dot it would be taken for gone. Of a register of somebody else that is for its writer to see to.
      return standing === "unseen" && isOwn ? "stays under a new dot" : "stays";
    });
    return isWhole ? "done" : "again";
  }

  /**
   * Who can tell what of an unconfirmed shard still stands: linked peers that are sure of what they hold; nobody, where all
   * owners are as much in doubt, or none is left; undefined: not yet.
   */
  #judgeOf(shard: Shard, now: number): "peers" | "nobody" | undefined {
    const { ownership, reports } = this.#host;
    // It is for others to serve, who tell nothing of it to a replica that holds nothing of it.
    if (shard.unconfirmed === 0 && !ownership.owns(shard.id)) return "nobody";
    const owners = coOwnersOf(this.#host, shard.id);
    if (owners.length === 0) return this.#host.mayHaveUnmetOwners(now) ? undefined : "nobody";
    let isAnySure = false;
    for (const peer of this.#host.linked()) {
      if (!ownership.isOwner(shard.id, peer)) continue;
      const report = reports.of(shard.id, peer);
      if (report === undefined || !shard.vector.dominates(report.vector)) return undefined;
      if (!report.doubtful) isAnySure = true;
    }
    if (isAnySure) return "peers";
    return owners.every(({ id }) => this.#host.isLinked(id)) ? "nobody" : undefined;
  }

  #isTooOld(view: DataView, at: number, now: number): boolean {
    return msOfTimestamp(timestampAt(view, at)) < now - this.#retentionMs;
  }

  /** True for a register older than the retention: it was put aside. */
  #isSalvaged({ id }: Shard, view: DataView, at: number, now: number): boolean {
    if (!this.#isTooOld(view, at, now)) return false;
    this.#salvage(id, view, at, now);
    return true;
  }

  /** Puts a register aside, unless there is nothing in it any more. */
  #salvage(shard: ShardId, view: DataView, at: number, now: number): void {
    if (isGone(flagsAt(view, at)) || expiresAt(view, at) <= now) return;
    this.salvaged++;
    this.#host.putAside(new Uint8Array(view.buffer, view.byteOffset + at, recordLength(view, at)).slice(), shard);
  }
}

function dotOf({ table }: Shard, slot: number): string {
  const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
  return `${originAt(view, at)}:${sequenceAt(view, at)}`;
}
