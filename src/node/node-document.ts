/** A Yjs document for code in this process: a Y.Doc that is what the replica holds, for as long as both live. */

import type * as Y from "yjs";
import type { AtollError } from "../base/errors.ts";
import type { Key } from "../base/ids.ts";
import type { DocumentHub } from "../documents/document-hub.ts";
import type { DocumentUser } from "../documents/live-document.ts";

export interface NodeDocument {
  /**
   * Edits of it are stored and go to everybody, edits of others come to it. All who open a key share one: never destroy it.
   * After `close`, and once it has ended, it is a copy that nobody follows.
   */
  readonly doc: Y.Doc;
  /**
   * Resolves when the document has ended, and never where it was closed first, with why: `DOCUMENT_RESET` (deleted, or
   * expired), `DOCUMENT_CHANGED` (open it anew; its `cause` may be an edit of yours that could not be stored, such as
   * `DOCUMENT_TOO_LARGE`), `SHUTTING_DOWN`.
   */
  readonly ended: Promise<AtollError>;
  close(): void;
}

export function openNodeDocument(documents: DocumentHub, key: Key): NodeDocument {
  const { live, release } = documents.open(key);
  let user: DocumentUser | undefined;
  const ended = new Promise<AtollError>((resolve) => {
    user = { updated: () => {}, ended: resolve };
    live.users.add(user);
  });
  const close = () => {
    if (user !== undefined) live.users.delete(user);
    release();
  };
  return { doc: live.doc, ended, close };
}
