/**
 * When a document is to be replaced by one update that tells its state. Encoding one costs its size, and so does sending it
 * to every replica: a document that is being edited waits until it rests, or until what came since outweighs it. Everybody who
 * has it open may do it, so each waits for a time of its own, and looks again: it may have been done.
 *
 * Where a state takes long to arrive, several begin before they hear of each other, and what they made is to be merged: by all
 * of them again, and so for ever, did they not give each other more time with each such round, as stations on one wire
 * do (Metcalfe, Boggs 1976).
 */

import { type DocumentSurroundings, fraction } from "./surroundings.ts";

/** After the last change, at least; at most twice as long, unless others do it at the same time. */
const REST_MS = 2_000;
/** Then the time in which one of them happens to be first is up to so many times as long. */
const SPREAD_MAX = 32;
/** A document that never rests is looked at so long after its first change. */
const UNREST_MAX_MS = 60_000;
/** Changes since, after which it is not waited any more; at most twice as many. */
const CHANGES_MAX = 2_000;

export class CompactionPace {
  readonly #around: DocumentSurroundings;
  /** At least 0, below 1: how much longer than the least this one waits, until the next time. */
  #lot: number;
  /** Doubles with each round in which others compacted at once, and halves with each in which nobody did. */
  #spread = 1;
  #isContended = false;
  #changes = 0;
  #firstChangeAt = 0;
  #lastChangeAt = 0;

  constructor(around: DocumentSurroundings) {
    this.#around = around;
    this.#lot = fraction(around.random);
  }

  get hasChanged(): boolean {
    return this.#changes > 0;
  }

  /** Something was appended, here or elsewhere; now so many snapshots stand side by side. */
  changed(snapshots: number): void {
    if (snapshots > 1) this.#contended();
    const now = this.#around.clock.now();
    if (this.#changes === 0) this.#firstChangeAt = now;
    this.#changes++;
    this.#lastChangeAt = now;
  }

  /** True when so much has come that nobody should wait for a rest. */
  get isUrgent(): boolean {
    return this.#changes >= CHANGES_MAX * (1 + this.#lot);
  }

  /** True when it is time to look whether the document has outgrown its state. */
  isDue(now: number): boolean {
    if (this.#changes === 0) return false;
    const restsSince = now - this.#lastChangeAt;
    // A clock that was put back makes nobody wait for it to come round again.
    if (restsSince < 0) return true;
    const isRested = restsSince >= REST_MS * (1 + this.#lot * this.#spread);
    return isRested || now - this.#firstChangeAt >= UNREST_MAX_MS * (1 + this.#lot);
  }

  /** It could not be compacted now. */
  postponed(): void {
    this.#firstChangeAt = this.#around.clock.now();
    this.#lastChangeAt = this.#firstChangeAt;
    this.#lot = fraction(this.#around.random);
  }

  /** It has been looked at. */
  settled(): void {
    this.#changes = 0;
    this.#lot = fraction(this.#around.random);
    if (!this.#isContended) this.#spread = Math.max(1, this.#spread / 2);
    this.#isContended = false;
  }

  /** Once a round, however many they are. */
  #contended(): void {
    if (this.#isContended) return;
    this.#isContended = true;
    this.#spread = Math.min(SPREAD_MAX, 2 * this.#spread);
    this.#lot = fraction(this.#around.random);
  }
}
