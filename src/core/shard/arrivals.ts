/** Registers that come into a shard from elsewhere: which of them are taken in, and what is then claimed (I2, I3 of `shard.ts`). */

import { UNNAMED } from "../containers/containers.ts";
import { KIND_DOCUMENT } from "../record/kind.ts";
import { kindAt, originAt, sequenceAt, timestampAt } from "../record/record.ts";
import { compareRecords } from "../record/record-order.ts";
import type { VersionVector } from "../version-vector.ts";
import type { Author } from "./author.ts";
import type { Holdings } from "./holdings.ts";
import type { Losses } from "./losses.ts";
import type { PurgeMarks } from "./purge-marks.ts";
import type { Shard } from "./shard.ts";

/** What became of a register from elsewhere. */
export const APPLIED = 1;
/** The very same write is held already. */
export const SAME = 2;
/** What is held is greater. */
export const SUPERSEDED = 3;
/** Its dot is covered and it is not held: it was superseded and forgotten (R5). */
export const OBSOLETE = 4;
export type ApplyResult = typeof APPLIED | typeof SAME | typeof SUPERSEDED | typeof OBSOLETE;

export class Arrivals {
  readonly #shard: Shard;
  readonly #holdings: Holdings;
  readonly #author: Author;
  readonly #losses: Losses;

  constructor(shard: Shard, holdings: Holdings, author: Author, losses: Losses) {
    this.#shard = shard;
    this.#holdings = holdings;
    this.#author = author;
    this.#losses = losses;
  }

  /** As `Shard.apply`. */
  apply(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number, isPushed: boolean): ApplyResult {
    const { chains, containers, table, unconfirmed, vector } = this.#holdings;
    const origin = originAt(view, at);
    const sequence = sequenceAt(view, at);
    const coveredTo = vector.get(origin);
    const covered = sequence <= coveredTo;
    const isNew = !covered && chains.arrive(origin, sequence, isPushed ? coveredTo : -1);
    const hash = table.hashOf(view, at);
    const slot = table.find(view, at, hash);
    if (slot !== 0) {
      const order = compareRecords(view, at, table.viewOf(slot), table.offsetOf(slot));
      if (order < 0) {
        if (unconfirmed.count > 0 && unconfirmed.has(slot)) unconfirmed.standInTheWay(slot);
        if (this.#author.wrote(slot)) this.#losses.comesTooLate(slot, view, at, isNew, nowMs);
        return SUPERSEDED;
      }
      if (order === 0) {
        if (this.#shard.isAway(slot)) this.#shard.values.takeBack(slot, view, bytes, at, length);
        unconfirmed.confirm(slot);
        return SAME;
      }
    }
    if (covered) return OBSOLETE;
    const killer = kindAt(view, at) === KIND_DOCUMENT ? containers.killerOf(view, at) : 0;
    if (killer !== 0) {
      if (killer !== UNNAMED && unconfirmed.has(killer)) unconfirmed.standInTheWay(killer);
      return SUPERSEDED;
    }
    this.#holdings.clock.observe(timestampAt(view, at), nowMs);
    const lost = slot !== 0 && this.#author.wrote(slot) ? this.#losses.lossTo(slot, view, at) : undefined;
    this.#holdings.take(slot, view, bytes, at, length, hash);
    if (lost !== undefined) this.#losses.tell(lost, nowMs);
    return APPLIED;
  }

  /** As `Shard.applyPushed`. */
  applyPushed(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): ApplyResult {
    const { unsaved, vector } = this.#holdings;
    const origin = originAt(view, at);
    const sequence = sequenceAt(view, at);
    const result = this.apply(view, bytes, at, length, nowMs, true);
    if (sequence === vector.get(origin) + 1) {
      vector.advance(origin, sequence);
      unsaved.noteHead();
    }
    return result;
  }

  /** As `Shard.claim`. */
  claim(claimed: VersionVector, marks: PurgeMarks | undefined): void {
    const { chains, graves, unsaved, vector } = this.#holdings;
    vector.merge(claimed);
    if (marks !== undefined) graves.takeOver(marks);
    unsaved.noteHead();
    chains.dropSealed(vector);
  }
}
