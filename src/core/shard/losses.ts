/** Which writes of this life lost to concurrent ones, or won over such, as `conflict.ts` tells: what a shard notes of that. */

import { originAt, sequenceAt, timestampAt } from "../record/record.ts";
import { type Conflict, type ConflictListener, canConflict, conflictAt, isSameContent } from "./conflict.ts";
import type { Holdings } from "./holdings.ts";
import type { Shard } from "./shard.ts";
import { SurpassedStamps } from "./surpassed-stamps.ts";

export class Losses {
  readonly #shard: Shard;
  readonly #holdings: Holdings;
  /** Absent: nobody wants to know. */
  readonly #listener: ConflictListener | undefined;
  /** Undefined until the first. */
  #surpassed: SurpassedStamps | undefined;
  /** Of deletions that no client asked for: nobody misses one that lost. */
  #removals: SurpassedStamps | undefined;

  constructor(shard: Shard, holdings: Holdings, listener: ConflictListener | undefined) {
    this.#shard = shard;
    this.#holdings = holdings;
    this.#listener = listener;
  }

  /** A stamp of others gave way to what was written here into a slot, or came too late. */
  surpass(slot: number, timestamp: number): void {
    if (this.#listener === undefined) return;
    this.#surpassed ??= new SurpassedStamps();
    this.#surpassed.note(slot, timestamp);
  }

  /** What is held in a slot was deleted here, and no client asked for it. */
  noteRemoval(slot: number, timestamp: number): void {
    if (this.#listener === undefined) return;
    this.#removals ??= new SurpassedStamps();
    this.#removals.note(slot, timestamp);
  }

  /** What came is below what was written here: to be noted if it came for the first time. */
  comesTooLate(slot: number, view: DataView, at: number, isNew: boolean, nowMs: number): void {
    const timestamp = timestampAt(view, at);
    const isUnknown = isNew && timestamp >= (this.#surpassed?.of(slot) ?? 0);
    this.surpass(slot, timestamp);
    if (this.#listener === undefined || !isUnknown || !canConflict(view, at)) return;
    const { table } = this.#holdings;
    const winner = { view: table.viewOf(slot), at: table.offsetOf(slot) };
    if (isSameContent(view, at, winner.view, winner.at)) return;
    this.tell(conflictAt({ view, at }, winner, false), nowMs);
  }

  /** What was written here, and is about to be replaced, if its writer is known to have been unaware of it. */
  lossTo(slot: number, view: DataView, at: number): Conflict | undefined {
    if (this.#listener === undefined || !canConflict(view, at)) return undefined;
    const heldView = this.#holdings.table.viewOf(slot);
    const heldAt = this.#holdings.table.offsetOf(slot);
    if (this.#removals?.of(slot) === timestampAt(heldView, heldAt)) return undefined;
    const sequence = sequenceAt(view, at);
    if (!this.#listener.isUnaware(this.#shard, originAt(view, at), sequence, sequenceAt(heldView, heldAt)))
      return undefined;
    if (isSameContent(view, at, heldView, heldAt)) return undefined;
    return conflictAt({ view: heldView, at: heldAt }, { view, at }, true);
  }

  tell(conflict: Conflict, nowMs: number): void {
    this.#listener?.conflicted(this.#shard.id, conflict, nowMs);
  }
}
