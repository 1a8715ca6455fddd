/** Keyspaces beside that of the operations, with shares of the memory, and what they are filled with, as data. */

import type { Key } from "../../src/base/ids.ts";

/** Nobody checks what comes of it: it takes room. */
export interface TenantAct {
  readonly at: number;
  readonly node: number;
  readonly key: Key;
  /** Of the value that is put; absent: the key is read. */
  readonly valueBytes?: number;
}

export interface TenantPlan {
  readonly name: string;
  /** Of the memory; absent: it has none of its own. */
  readonly memoryShare?: number;
  readonly definedAt: number;
  /** In the order of `at`. */
  readonly acts: readonly TenantAct[];
}
