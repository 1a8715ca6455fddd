/** A client's own copy of a document: it is edited wherever the client is, and brought to the replica that it goes to. */

import * as Y from "yjs";
import type { DocumentOperation, EditType } from "./document-operation.ts";

/** What comes from the replica is not sent back to it. */
const FROM_REPLICA = Symbol("from the replica");
/** Where things lie in the documents of a simulation. */
const TEXT = "text";
const MAP = "map";
const PLACES = 4;

export class Draft {
  readonly document = new Y.Doc();
  /** What was typed since `take` was called. */
  #typed: Uint8Array[] = [];

  /** `clientId`: of no other draft, or Yjs takes the two for one. */
  constructor(clientId: number) {
    this.document.clientID = clientId;
    this.document.on("update", (update: Uint8Array, origin: unknown) => {
      if (origin !== FROM_REPLICA) this.#typed.push(update);
    });
  }

  /** Takes over what a replica has beyond this one: `diff` tells what whoever has a state vector lacks. */
  pull(diff: (vector: Uint8Array) => Uint8Array): void {
    Y.applyUpdate(this.document, diff(Y.encodeStateVector(this.document)), FROM_REPLICA);
  }

  edit(operation: DocumentOperation & { readonly type: EditType }): void {
    const { id, type, length, place } = operation;
    this.document.transact(() => {
      const text = this.document.getText(TEXT);
      const at = Math.floor(place * text.length);
      switch (type) {
        case "insert":
          text.insert(at, wordOf(id, length));
          return;
        case "erase":
          text.delete(at, Math.min(length, text.length - at));
          return;
        case "set":
          this.document.getMap(MAP).set(`place ${Math.floor(place * PLACES)}`, wordOf(id, length));
      }
    });
  }

  /** What was typed since the last call, as one update; undefined when nothing was. */
  take(): Uint8Array | undefined {
    const typed = this.#typed;
    this.#typed = [];
    return typed.length === 0 ? undefined : Y.mergeUpdates(typed);
  }

  /** All that this one has and whoever has `vector` lacks, as a client that has just come sends it. */
  takeAll(vector: Uint8Array): Uint8Array {
    this.#typed = [];
    return Y.encodeStateAsUpdate(this.document, vector);
  }
}

export function textOf(document: Y.Doc): string {
  return document.getText(TEXT).toString();
}

/** Names its author, and is as long as was asked for, or a little longer. */
export function wordOf(id: number, length: number): string {
  return `<${id}>`.padEnd(length, "abcdefghij");
}
