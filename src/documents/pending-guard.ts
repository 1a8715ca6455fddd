/** What Yjs keeps of updates until what they stand on is there: how much it is, and a way back to what it was. */

import type * as Y from "yjs";

type Store = Y.Doc["store"];

export interface KeptPending {
  readonly structs: Store["pendingStructs"];
  readonly deletes: Store["pendingDs"];
}

export class PendingGuard {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** In bytes. */
  get size(): number {
    const { pendingStructs, pendingDs } = this.#store;
    return (pendingStructs?.update.length ?? 0) + (pendingDs?.length ?? 0);
  }

  /** As it is now: Yjs changes it in place. */
  keep(): KeptPending {
    const { pendingStructs, pendingDs } = this.#store;
    const structs =
      pendingStructs === null ? null : { missing: new Map(pendingStructs.missing), update: pendingStructs.update };
    return { structs, deletes: pendingDs };
  }

  /** Runs something as if nothing were kept. */
  without<T>(run: () => T): T {
    const { pendingStructs, pendingDs } = this.#store;
    this.restore({ structs: null, deletes: null });
    try {
      return run();
    } finally {
      this.restore({ structs: pendingStructs, deletes: pendingDs });
    }
  }

  /**
   * Has structs that are kept tried once more, by `apply` (which is given them in Yjs's second encoding), as long as that
   * brings any in. Yjs tries them when something comes that one of them waits for, and may then put some aside again that
   * could go in by now: with nothing more to come they would wait for ever.
   */
  retry(apply: (update: Uint8Array) => void): void {
    for (let before = Infinity; this.size > 0 && this.size < before; ) {
      before = this.size;
      const { pendingStructs } = this.#store;
      if (pendingStructs === null) return;
      this.#store.pendingStructs = null;
      apply(pendingStructs.update);
    }
  }

  restore({ structs, deletes }: KeptPending): void {
    this.#store.pendingStructs = structs;
    this.#store.pendingDs = deletes;
  }
}
