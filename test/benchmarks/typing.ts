/** What somebody who writes a text sends. */

import * as Y from "yjs";
import { SeededRandom } from "../../src/base/random.ts";

/** Somebody types letters here and there: each an update. */
export function typed(letters: number): { readonly updates: readonly Uint8Array[]; readonly state: Uint8Array } {
  const random = new SeededRandom("typed");
  const doc = new Y.Doc();
  doc.clientID = 1;
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  const text = doc.getText("text");
  let at = 0;
  for (let i = 0; i < letters; i++) {
    if (random.chance(0.05)) at = random.below(text.length + 1);
    if (random.chance(0.1) && at > 0) text.delete(--at, 1);
    else text.insert(at++, "x");
  }
  return { updates, state: Y.encodeStateAsUpdate(doc) };
}
