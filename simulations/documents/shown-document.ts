/** A document as somebody saw it. */

import * as Y from "yjs";
import { type Contents, contentsOfDocument, isWaiting } from "./contents.ts";
import { textOf } from "./draft.ts";

export interface ShownDocument {
  readonly contents: Contents;
  readonly text: string;
  /** Something in it waits for what it follows. */
  readonly isWaiting: boolean;
}

export function shownOf(document: Y.Doc): ShownDocument {
  return { contents: contentsOfDocument(document), text: textOf(document), isWaiting: isWaiting(document) };
}

/** A document made of updates in any order. */
export function documentOf(updates: readonly Uint8Array[]): Y.Doc {
  const document = new Y.Doc();
  for (const update of updates) Y.applyUpdate(document, update);
  return document;
}
