/**
 * Keys that a command writes which takes several turns: who names one of them meanwhile is carried out behind it, and so is who
 * puts or deletes a value there otherwise. So it is atomic to all who come to this replica, as one that takes one turn.
 *
 *  K1. A command holds all of its keys or none, so that none waits for another in a circle.
 *  K2. Who waits is carried out in the order in which it came, as far as it waits for the same; ahead of all come those who waited
 *      for something to come under a key, as in Redis.
 *  K3. Who has begun, and waited for anything else, looks here again before it goes on, and goes on at once where it is open:
 *      whoever came meanwhile may hold its keys.
 *  K4. Who removes all keys holds none, but begins once those are done who hold some, and until its end nobody begins to hold any.
 */

import type { Key } from "../../base/ids.ts";

/** Who holds keys. */
interface Holder {
  /** It is done. */
  readonly until: Promise<void>;
  /** Called once it is. */
  readonly ahead: Set<() => void>;
}

export class KeyGate {
  readonly #held = new Map<Key, Holder>();
  #passing: Promise<void> | undefined;

  /** Keys that are held. */
  get held(): ReadonlyMap<Key, { readonly until: Promise<void> }> {
    return this.#held;
  }

  /** Nobody holds any key. */
  get isOpen(): boolean {
    return this.#held.size === 0;
  }

  /** Undefined: nobody holds one of them. */
  shutFor(keys: readonly Key[]): Promise<void> | undefined {
    return this.#holderOf(keys)?.until;
  }

  /** False: nobody holds one of them. True: `run`, which throws nothing, is called once whoever does is done, ahead of those who wait. */
  isAhead(keys: readonly Key[], run: () => void): boolean {
    const holder = this.#holderOf(keys);
    holder?.ahead.add(run);
    return holder !== undefined;
  }

  /** Nobody holds one of the keys. They are held from before the beginning until the end, whatever that is. */
  async hold<T>(keys: readonly Key[], begin: () => Promise<T>): Promise<T> {
    const [until, end] = ending();
    const holder: Holder = { until, ahead: new Set() };
    for (const key of keys) this.#held.set(key, holder);
    try {
      return await begin();
    } finally {
      for (const key of keys) this.#held.delete(key);
      for (const run of holder.ahead) run();
      end();
    }
  }

  /** K4: nobody may hold keys until that. Undefined: they may now. */
  get passing(): Promise<void> | undefined {
    return this.#passing;
  }

  /** Somebody holds keys until then, and maybe others still. Undefined: nobody does. */
  get shutForSome(): Promise<void> | undefined {
    for (const { until } of this.#held.values()) return until;
    return undefined;
  }

  /** Of one who removes all keys (K4). */
  async pass<T>(begin: () => Promise<T>): Promise<T> {
    const before = new Set([...this.#held.values()].map(({ until }) => until));
    if (this.#passing !== undefined) before.add(this.#passing);
    const [until, end] = ending();
    this.#passing = until;
    try {
      // At once, if it can be.
      if (before.size > 0) await Promise.all(before);
      return await begin();
    } finally {
      if (this.#passing === until) this.#passing = undefined;
      end();
    }
  }

  #holderOf(keys: readonly Key[]): Holder | undefined {
    if (this.isOpen) return undefined;
    for (const key of keys) {
      const holder = this.#held.get(key);
      if (holder !== undefined) return holder;
    }
    return undefined;
  }
}

/** What is waited for, and what ends it. */
function ending(): readonly [Promise<void>, () => void] {
  let end = (): void => {};
  const until = new Promise<void>((resolve) => {
    end = resolve;
  });
  return [until, end];
}
