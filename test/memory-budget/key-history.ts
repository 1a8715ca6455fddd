/**
 * What a client knows of a key that only it writes, one write after another: what a read may find. After a kill that is any of
 * what was acknowledged since a write that the disk had, and what was under way; after one read it is what that found.
 */

import { isValue, type Value } from "./values.ts";

/** Between the clocks of client and replica, and what they round off. */
const CLOCK_MS = 2;

export interface State {
  /** Absent: there is none. */
  readonly value?: Value;
  /** It expires some time between these, unix ms. */
  readonly expiresFrom: number;
  readonly expiresTo: number;
  /** Since when it was known to be so, unix ms; 0: it never was. */
  readonly knownAt: number;
}

export const NOTHING: State = { expiresFrom: Infinity, expiresTo: Infinity, knownAt: 0 };

export interface Read {
  /** Undefined: nothing was found. */
  readonly bytes: Uint8Array | undefined;
  readonly askedAt: number;
  readonly answeredAt: number;
}

export class KeyHistory {
  /** From what the disk had for certain to what is. */
  #states: State[] = [NOTHING];
  /** What it is if it was carried out by then. */
  #underWay: ((now: number) => State) | undefined;
  #isInDoubt = false;

  /** Does a read find it for certain, if it is asked at that time and nobody writes? Undefined: nobody knows. */
  isThere(now: number): boolean | undefined {
    const answers = new Set(this.#possible().map((state) => isThere(state, now)));
    return answers.size === 1 ? [...answers][0] : undefined;
  }

  toJSON(): unknown {
    return this.#possible();
  }

  begin(state: (now: number) => State): void {
    this.#underWay = state;
  }

  acknowledged(state: State, isOnDisk: boolean): void {
    this.#underWay = undefined;
    this.#isInDoubt = false;
    if (isOnDisk) this.#states = [state];
    else this.#states.push(state);
  }

  /** It was not carried out. */
  refused(): void {
    this.#underWay = undefined;
  }

  /** The replica was killed: nobody knows what of it there is. */
  killed(now: number): void {
    if (this.#underWay !== undefined) this.#states.push({ ...this.#underWay(now), knownAt: 0 });
    this.#underWay = undefined;
    this.#isInDoubt = this.#states.length > 1;
  }

  /** Undefined: as it must be. Else what is wrong with it. After a kill also how old what was lost with that was, ms. */
  check(read: Read): { readonly wrong?: string; readonly lostSince?: number } {
    const possible = this.#possible();
    const found = possible.filter((state) => fits(state, read));
    if (found.length === 0) return { wrong: describe(read, possible) };
    if (!this.#isInDoubt) return {};
    const newest = this.#states.findLastIndex(({ knownAt }) => knownAt > 0);
    const isLost = found.every((state) => this.#states.indexOf(state) < newest);
    const lostSince = this.#states[newest]?.knownAt;
    this.#states = found;
    this.#isInDoubt = found.length > 1;
    return isLost && lostSince !== undefined ? { lostSince } : {};
  }

  #possible(): readonly State[] {
    return this.#isInDoubt ? this.#states : this.#states.slice(-1);
  }
}

function isThere({ value, expiresFrom, expiresTo }: State, now: number): boolean | undefined {
  if (value === undefined || now > expiresTo + CLOCK_MS) return false;
  return now < expiresFrom - CLOCK_MS ? true : undefined;
}

function fits({ value, expiresFrom, expiresTo }: State, { bytes, askedAt, answeredAt }: Read): boolean {
  if (bytes === undefined) return value === undefined || answeredAt >= expiresFrom - CLOCK_MS;
  return value !== undefined && askedAt <= expiresTo + CLOCK_MS && isValue(bytes, value);
}

function describe({ bytes, askedAt, answeredAt }: Read, possible: readonly State[]): string {
  const found = bytes === undefined ? "nothing" : `${bytes.length} bytes`;
  const expected = possible.map(({ value, expiresFrom, expiresTo }) =>
    value === undefined
      ? "nothing"
      : `${value.length} bytes of write ${value.number}, until ${expiresFrom} to ${expiresTo}`,
  );
  return `found ${found} from ${askedAt} to ${answeredAt}, not ${expected.join(" or ")}`;
}
