/** Whether a document has room for an update: asked before it is applied, of what it would add at most. */

import * as Y from "yjs";
import { AtollError } from "../base/errors.ts";
import { type DocumentLimits, documentLimits } from "./document-limits.ts";
import type { UpdateFacts } from "./update-facts.ts";

/**
 * Throws `AtollError` with `DOCUMENT_TOO_LARGE` when an update would take a document over a limit of anything but bytes.
 * What brings no struct is always taken: a document that is full can still be emptied. Looks at each of its clients once.
 */
export function checkRoom(doc: Y.Doc, facts: UpdateFacts, limits: DocumentLimits = documentLimits): void {
  const added = addedBy(facts, doc);
  if (added.structs === 0) return;
  refuseOver(structsIn(doc) + added.structs, limits.structsMax, "structs");
  refuseOver(doc.store.clients.size + added.clients, limits.clientsMax, "clients");
  refuseOver(doc.share.size + facts.roots, limits.rootsMax, "shared types at the top");
  refuseOver(doc.subdocs.size + facts.subdocuments, limits.subdocumentsMax, "subdocuments");
}

function addedBy({ ranges }: UpdateFacts, doc: Y.Doc): { readonly structs: number; readonly clients: number } {
  let structs = 0;
  let clients = 0;
  for (const [client, range] of ranges) {
    const state = Y.getState(doc.store, client);
    if (state === 0) clients++;
    if (range.end > state) structs += Math.min(range.structs, range.end - Math.max(state, range.clock));
  }
  return { structs, clients };
}

function structsIn(doc: Y.Doc): number {
  let count = 0;
  for (const structs of doc.store.clients.values()) count += structs.length;
  return count;
}

function refuseOver(count: number, max: number, what: string): void {
  if (count > max) throw new AtollError("DOCUMENT_TOO_LARGE", `the document would have more than ${max} ${what}`);
}
