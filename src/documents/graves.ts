/**
 * What was in documents that have ended here: their state vectors, for a while. A client that had one open, or was away for
 * a moment, comes back with its copy and offers all of it: by these it is known for what it is, and refused, so that a
 * deleted document does not return as a new one.
 */

import type { Key } from "../base/ids.ts";
import type { StateVector } from "./update-check.ts";
import type { UpdateFacts } from "./update-facts.ts";

/** Whoever is away for longer is not known any more. */
const KEPT_MS = 3_600_000;
/** Clients of all graves. At it, the oldest graves go. */
const ENTRIES_MAX = 200_000;

interface Grave {
  readonly state: ReadonlyMap<number, number>;
  readonly buriedAt: number;
}

export class Graves {
  /** The oldest first. */
  readonly #byKey = new Map<Key, Grave>();
  #entries = 0;

  get size(): number {
    return this.#byKey.size;
  }

  bury(key: Key, state: ReadonlyMap<number, number>, now: number): void {
    if (state.size === 0) return;
    const before = this.#byKey.get(key);
    const both = before === undefined ? state : new Map([...before.state, ...state]);
    this.#forget(key);
    this.#byKey.set(key, { state: both, buriedAt: now });
    this.#entries += both.size;
    for (const oldest of this.#byKey.keys()) {
      if (this.#entries <= ENTRIES_MAX) break;
      this.#forget(oldest);
    }
  }

  /** What was in a document that had this key. */
  of(key: Key, now: number): StateVector | undefined {
    this.#forgetOld(now);
    return this.#byKey.get(key)?.state;
  }

  #forgetOld(now: number): void {
    for (const [key, { buriedAt }] of this.#byKey) {
      if (Math.abs(now - buriedAt) < KEPT_MS) break;
      this.#forget(key);
    }
  }

  #forget(key: Key): void {
    this.#entries -= this.#byKey.get(key)?.state.size ?? 0;
    this.#byKey.delete(key);
  }
}

/** True for an update that holds something of what was buried. */
export function isOfBuried({ ranges }: UpdateFacts, buried: StateVector): boolean {
  for (const [client, { clock }] of ranges) if (clock < (buried.get(client) ?? 0)) return true;
  return false;
}
