/** A document as one replica has it at the end. */

import * as Y from "yjs";
import type { Key } from "../../src/base/ids.ts";
import type { DocumentHub } from "../../src/documents/document-hub.ts";
import type { Version } from "../../src/store.ts";
import { documentOf, type ShownDocument, shownOf } from "./shown-document.ts";

export interface FinalDocument {
  readonly key: Key;
  /** Undefined: there is none. */
  readonly version: Version | undefined;
  /** Made of what the registers hold. */
  readonly held: ShownDocument;
  /** As the replica's clients see it. */
  readonly live: ShownDocument;
  /** Of all that is held, and of the same as one update. */
  readonly heldBytes: number;
  readonly stateBytes: number;
}

/** How a document that many have written to may be held: so many times the bytes of its state, and these more. */
const GROWTH_MAX = 1.3;
const SLACK_BYTES = 600;

export function finalOf(key: Key, hub: DocumentHub): FinalDocument {
  const { live, release } = hub.open(key);
  const handle = hub.store.openDocument(key, () => {});
  const { version, updates = [] } = handle.read() ?? {};
  const heldBytes = handle.bytes;
  handle.close();
  const document = documentOf(updates);
  const final = { key, version, held: shownOf(document), live: shownOf(live.doc) };
  release();
  return { ...final, heldBytes, stateBytes: Y.encodeStateAsUpdate(document).length };
}

/** True when it takes no more room than compaction allows, once nobody edits it. */
export function isCompact({ version, heldBytes, stateBytes }: FinalDocument): boolean {
  return version === undefined || heldBytes <= GROWTH_MAX * stateBytes + SLACK_BYTES;
}
