/** Counts what Yjs does to find places: each item that it steps over goes into two sets of its own. */

import * as Y from "yjs";

export function countYjsSteps(run: () => void): number {
  const { add } = Set.prototype;
  let count = 0;
  Set.prototype.add = function (this: Set<unknown>, value: unknown) {
    if (value instanceof Y.Item) count++;
    return add.call(this, value);
  };
  try {
    run();
  } finally {
    Set.prototype.add = add;
  }
  return count / 2;
}
