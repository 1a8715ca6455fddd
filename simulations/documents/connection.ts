/** A client at a document of one process, which the process serves as it does behind its doors. */

import type * as Y from "yjs";
import type { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import type { DocumentHub, OpenDocument } from "../../src/documents/document-hub.ts";
import type { AppendOptions, DocumentUser } from "../../src/documents/live-document.ts";
import type { WriteOutcome } from "../../src/store.ts";

export class Connection implements DocumentUser {
  readonly #hub: DocumentHub;
  readonly #open: OpenDocument;
  #isOpen = true;
  #isOver = false;

  /** Throws what `DocumentHub.open` throws. */
  constructor(hub: DocumentHub, key: Key) {
    this.#hub = hub;
    this.#open = hub.open(key);
    this.#open.live.users.add(this);
  }

  get document(): Y.Doc {
    return this.#open.live.doc;
  }

  /** What whoever has a state vector lacks. */
  diff(vector: Uint8Array): Uint8Array {
    return this.#open.live.diff(vector);
  }

  /** What the replica has. */
  vector(): Uint8Array {
    return this.#open.live.vector();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** The document was deleted, or has expired: who was connected to it has to begin another. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Undefined: there was nothing new in it. Throws what `LiveDocument.receive` throws. */
  send(update: Uint8Array, options: AppendOptions): Promise<WriteOutcome> | undefined {
    return this.#hub.receive(this.#open.live, update, this, options);
  }

  /** News are fetched when the client does something next. */
  updated(): void {}

  ended({ code }: AtollError): void {
    this.#isOver = code === "DOCUMENT_RESET";
    this.close();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#open.live.users.delete(this);
    this.#open.release();
  }
}
