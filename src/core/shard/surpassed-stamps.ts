/**
 * The newest stamps of others that gave way, or came too late, to what was written here: for each register, or for one
 * that shares its place, a stamp that none of them is above. Bounded, and a number to write where it is kept.
 */

const PLACES = 256;

export class SurpassedStamps {
  readonly #stamps = new Float64Array(PLACES);

  note(slot: number, timestamp: number): void {
    const place = slot % PLACES;
    if (timestamp > (this.#stamps[place] as number)) this.#stamps[place] = timestamp;
  }

  /** 0 where there was none. */
  of(slot: number): number {
    return this.#stamps[slot % PLACES] as number;
  }
}
