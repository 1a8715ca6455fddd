/**
 * What of an update Yjs is given, so that it applies all of it and does not throw in the midst of it:
 *
 * - nothing that would have to wait: what waits is read and written anew with each update, and mixed up where two tell
 *   different stories of the same structs;
 * - nothing that is known in part: Yjs would cut a struct in the midst without looking at its neighbour;
 * - no shared types nested deeper than Yjs can delete;
 * - no insertions whose places it would look for too long.
 */

import * as Y from "yjs";
import { AtollError } from "../base/errors.ts";
import type { DocumentSizeLimits } from "./document-limits.ts";
import { checkInsertions, type InsertionLimits } from "./insertion-work.ts";
import { checkNesting } from "./type-nesting.ts";
import { isMissing, isPartlyKnown } from "./update-check.ts";
import type { UpdateFacts } from "./update-facts.ts";

/**
 * The bytes to apply to `doc`, of an update that `checkUpdate` accepted: the update itself, a copy or, where some of it is
 * known, the rest of it. Throws `AtollError`: `PREDECESSORS_MISSING` when it refers to what is not there, `BAD_UPDATE` when it
 * nests too deep, `UPDATE_TOO_LARGE` when its insertions are in too many conflicts. Changes nothing.
 */
export function prepareUpdate(
  doc: Y.Doc,
  update: Uint8Array,
  facts: UpdateFacts,
  limits: Pick<DocumentSizeLimits, "typeNestingMax"> & InsertionLimits,
): Uint8Array {
  const state = { get: (client: number) => Y.getState(doc.store, client) };
  if (isMissing(facts, state)) {
    throw new AtollError("PREDECESSORS_MISSING", "the update stands on what is not here");
  }
  // One that holds no type is next to no work: it goes once through a list at most. It is what typing sends.
  if (facts.structs > 1 || facts.types > 0) {
    const { structs } = Y.decodeUpdate(update);
    if (facts.types > 0) checkNesting(doc, structs, limits);
    checkInsertions(doc, structs, limits);
  }
  if (isPartlyKnown(facts, state)) return Y.diffUpdate(update, Y.encodeStateVector(doc));
  // Yjs keeps views of bytes within values, and so all that was received with them.
  return facts.holdsBytes ? Uint8Array.from(update) : update;
}
