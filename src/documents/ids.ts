/** Ids of Yjs: a client, and a clock of it. */

import type * as Y from "yjs";

export function areSame(a: Y.ID | null, b: Y.ID | null): boolean {
  return a === b || (a !== null && b !== null && a.client === b.client && a.clock === b.clock);
}
