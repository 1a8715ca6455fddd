/**
 * Keys that a command writes which takes several turns: who names one of them meanwhile is carried out behind it. So it is
 * atomic to all who come to this replica with commands, as one that takes one turn.
 *
 *  K1. A command holds all of its keys or none, so that none waits for another in a circle.
 *  K2. Who waits is carried out in the order in which it came, as far as it waits for the same.
 */

import type { Key } from "../base/ids.ts";

export class KeyGate {
  /** By key: until whoever holds it is done. */
  readonly #held = new Map<Key, Promise<void>>();

  /** Keys that are held. */
  get held(): ReadonlyMap<Key, unknown> {
    return this.#held;
  }

  /** Nobody holds any key. */
  get isOpen(): boolean {
    return this.#held.size === 0;
  }

  /** Undefined: nobody holds one of them. */
  shutFor(keys: readonly Key[]): Promise<void> | undefined {
    for (const key of keys) {
      const until = this.#held.get(key);
      if (until !== undefined) return until;
    }
    return undefined;
  }

  /** Nobody holds one of the keys. They are held until what is begun has ended, however it does. */
  hold<T>(keys: readonly Key[], begun: Promise<T>): Promise<T> {
    const end = (): void => {
      for (const key of keys) this.#held.delete(key);
    };
    const until = begun.then(end, end);
    for (const key of keys) this.#held.set(key, until);
    return begun;
  }
}
