/** Registers of a shard that fell and wait to be purged, and the marks that the purged leave behind (R8). */

import type { Key } from "../../base/ids.ts";
import { isDeletion, isMemberIncrements } from "../containers/container-part.ts";
import { slotsAddedTo } from "../containers/counted-members.ts";
import { isTakenAlong, overAt, sightAt } from "../containers/increments.ts";
import { bucketOf } from "../record/bucket.ts";
import { isCountedKind, KIND_PLAIN } from "../record/kind.ts";
import { FALLEN, fieldAt, flagsAt, isGone, keyAt, kindAt, timestampAt } from "../record/record.ts";
import { IN_GRAVES } from "../table/slot-marks.ts";
import type { Holdings } from "./holdings.ts";
import { PurgeMarks } from "./purge-marks.ts";

export class Graves {
  readonly #holdings: Holdings;
  #slots: number[] = [];
  /** Newest stamp purged from each bucket; absent until something was purged. */
  marks: PurgeMarks | undefined;

  constructor(holdings: Holdings) {
    this.#holdings = holdings;
  }

  get size(): number {
    return this.#slots.length;
  }

  /** What is held in a slot has fallen. */
  bury(slot: number): void {
    const { table } = this.#holdings;
    if ((table.getMark(slot) & IN_GRAVES) !== 0) return;
    table.setMark(slot, IN_GRAVES);
    this.#slots.push(slot);
  }

  /**
   * Purges tombstones for which `mayPurge` holds (R6 and R7 are its business). Looks at no more than `budget`; returns how
   * many went.
   */
  purge(budget: number, mayPurge: (view: DataView, at: number) => boolean): number {
    const { table } = this.#holdings;
    const looked = this.#slots.splice(0, budget);
    let purged = 0;
    for (const slot of looked) {
      // The slot may have been given away since: only the mark says that its register waits here.
      if (!table.isHeld(slot) || (table.getMark(slot) & IN_GRAVES) === 0) continue;
      table.clearMark(slot, IN_GRAVES);
      const view = table.viewOf(slot);
      const at = table.offsetOf(slot);
      if ((flagsAt(view, at) & FALLEN) === 0) continue;
      if (!this.#isStillNeeded(view, at) && mayPurge(view, at)) {
        this.forget(slot);
        purged++;
      } else this.bury(slot);
    }
    return purged;
  }

  /**
   * True of a base that is no more while something is held that it says it saw, or took along (N5 of `increments.ts`), and of the
   * deletion of a collection while that is falling: without it that would come back. Increments that a deletion saw are held as long
   * as that is: until then their origin may go on with the run (N4). So is a base while increments stand that are not two ticks
   * above it: what is written of those alone would lose to it where it is held still (U3 of `types/counter-upkeep.ts`).
   */
  #isStillNeeded(view: DataView, at: number): boolean {
    const { containers, increments, table } = this.#holdings;
    if (isDeletion(view, at)) return containers.of(view, at)?.isFalling === true;
    if (isMemberIncrements(view, at)) return containers.isCovered(view, at);
    const kind = kindAt(view, at);
    if (!isCountedKind(kind) || (increments.count === 0 && containers.places.counted === 0)) return false;
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const slots = slotsAddedTo(this.#holdings, kind, keyAt(view, bytes, at), fieldAt(view, bytes, at));
    if (slots.length === 0) return false;
    const seen = sightAt(view, at);
    const over = kind === KIND_PLAIN && isGone(flagsAt(view, at)) ? overAt(view, at) : undefined;
    const next = timestampAt(view, at) + 1;
    return slots.some((slot) => {
      const [addition, start] = [table.viewOf(slot), table.offsetOf(slot)];
      if ((flagsAt(addition, start) & FALLEN) === 0 && timestampAt(addition, start) <= next) return true;
      const [last, run] = [seen.get(increments.originIn(slot)), increments.runIn(slot)];
      if (run === undefined) return over !== undefined || last !== undefined;
      return (over !== undefined && isTakenAlong(run, over)) || (last !== undefined && run.tally.run <= last.run);
    });
  }

  /** Forgets a register altogether; its stamp stays as its bucket's mark, where later local writes must beat it (R8). */
  forget(slot: number): void {
    const { table } = this.#holdings;
    const view = table.viewOf(slot);
    const at = table.offsetOf(slot);
    this.#markPurged(view, at);
    this.#holdings.discard(slot);
  }

  #markPurged(view: DataView, at: number): void {
    this.marks ??= new PurgeMarks();
    this.marks.raise(bucketOf(view, at), timestampAt(view, at));
    this.#holdings.unsaved.noteHead();
  }

  /** Of the bucket of a register: the newest stamp purged from there, 0 where none was. */
  markOf(kind: number, key: Key, field?: string): number {
    const { writer } = this.#holdings;
    writer.writeIdentity(kind, key, field);
    return this.marks?.of(bucketOf(writer.view, 0)) ?? 0;
  }

  /** Takes over the marks of what was purged elsewhere. */
  takeOver(marks: PurgeMarks): void {
    this.marks ??= new PurgeMarks();
    this.marks.merge(marks);
  }

  clear(): void {
    this.#slots = [];
  }
}
