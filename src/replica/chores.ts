/**
 * What of the upkeep may take as long as a turn of the event loop may take: what expired falls, what was deleted as a whole falls,
 * tombstones are purged, memory is given back. Each goes on in steps, and has turns (`rota.ts`).
 */

import { Purging, type PurgingLimits } from "../cluster/purging.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Agenda } from "../core/shard/agenda.ts";
import { compact, isWasteful } from "../core/shard/compaction.ts";
import type { Residency } from "../core/shard/residency.ts";
import type { Arena } from "../core/table/arena.ts";
import { ExpirySweep } from "./expiry-sweep.ts";
import type { Persistence } from "./persistence.ts";
import { Rota } from "./rota.ts";
import type { Tidings } from "./tidings.ts";

/** Members of collections that were deleted as a whole that fall in one step: the disk is fed in the same turn. */
const FALLING_STEP = 512;

export interface ChoresHost extends Surroundings {
  readonly agenda: Agenda;
  readonly arena: Arena;
  readonly residency: Residency | undefined;
  readonly persistence: Pick<Persistence, "isUnderWay">;
  readonly tidings: Pick<Tidings, "applied">;
}

export interface ChoresLimits extends PurgingLimits {
  readonly sweepMs: number;
}

export class Chores {
  readonly expiry: ExpirySweep;
  readonly purging: Purging;
  /** Tombstones that are gone. */
  purged = 0;
  readonly #host: ChoresHost;
  readonly #rota = new Rota<"sweep" | "fall" | "purge" | "compact">();

  constructor(host: ChoresHost, limits: ChoresLimits, now: number) {
    this.#host = host;
    this.purging = new Purging(host, limits);
    this.expiry = new ExpirySweep(
      host.shards,
      host.agenda,
      {
        sweepMs: limits.sweepMs,
        fell: (shard, slot, at) =>
          host.tidings.applied(shard, shard.table.viewOf(slot), shard.table.offsetOf(slot), at),
      },
      now,
    );
  }

  /** Something was left over: the next tick should come soon. */
  get areUnderWay(): boolean {
    return this.expiry.isUnderWay || this.purging.isUnderWay || this.#host.agenda.falling.size > 0;
  }

  /** A new tick. */
  begin(): void {
    this.#rota.begin();
  }

  sweep(now: number): void {
    if (!this.#rota.may("sweep", this.expiry.isUnderWay)) return;
    this.expiry.step(now);
    if (this.expiry.isUnderWay) this.#rota.spent("sweep");
  }

  /** What was deleted as a whole, and is too much for one step. */
  fall(): void {
    const { falling } = this.#host.agenda;
    if (!this.#rota.may("fall", falling.size > 0)) return;
    for (const shard of falling) {
      this.#rota.spent("fall");
      if (!shard.falling.step(FALLING_STEP)) return;
    }
  }

  purge(now: number): void {
    if (!this.#rota.may("purge", this.purging.isUnderWay)) return;
    this.purged += this.purging.step(now);
    if (this.purging.isUnderWay) this.#rota.spent("purge");
  }

  /** E1: what is being written is not on disk yet. */
  reclaim(): void {
    const { persistence, residency, arena, shards } = this.#host;
    if (!persistence.isUnderWay) residency?.reclaim();
    if (!this.#rota.may("compact", isWasteful(arena))) return;
    if (compact(arena, shards)) this.#rota.spent("compact");
  }
}
