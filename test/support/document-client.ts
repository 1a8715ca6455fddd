/**
 * A Yjs client of a live document, as y-websocket is one, without sockets: what it sends arrives at once, or while it is
 * disconnected not at all.
 */

import * as Y from "yjs";
import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { DocumentHub, OpenDocument } from "../../src/documents/document-hub.ts";
import type { DocumentUser } from "../../src/documents/live-document.ts";

export class DocumentClient implements DocumentUser {
  readonly doc = new Y.Doc();
  /** Told of all that a replica took of this client. */
  taken: (update: Uint8Array) => void = () => {};
  #hub: DocumentHub | undefined;
  #open: OpenDocument | undefined;
  /** Its answer is to be sent again when something has come. */
  #isLacking = false;

  constructor(clientId: number) {
    this.doc.clientID = clientId;
    this.doc.on("update", (update, origin) => {
      if (origin !== this) this.#send(update);
    });
  }

  get isConnected(): boolean {
    return this.#open !== undefined;
  }

  connect(hub: DocumentHub, key: Key): void {
    this.disconnect();
    this.#hub = hub;
    this.#open = hub.open(key);
    const { live } = this.#open;
    live.users.add(this);
    Y.applyUpdate(this.doc, live.diff(Y.encodeStateVector(this.doc)), this);
    this.#answer();
  }

  disconnect(): void {
    const open = this.#open;
    this.#open = undefined;
    this.#isLacking = false;
    open?.live.users.delete(this);
    open?.release();
  }

  updated(update: Uint8Array, origin: unknown): void {
    if (origin === this) return;
    Y.applyUpdate(this.doc, update, this);
    if (this.#isLacking) this.#answer();
  }

  ended(): void {
    this.disconnect();
  }

  /** All that the replica lacks. */
  #answer(): void {
    const open = this.#open;
    if (open === undefined) return;
    this.#isLacking = false;
    const update = Y.encodeStateAsUpdate(this.doc, open.live.vector());
    if (!this.#isTaken(update)) this.#isLacking = true;
  }

  #send(update: Uint8Array): void {
    if (this.#open !== undefined && !this.#isTaken(update)) this.#answer();
  }

  #isTaken(update: Uint8Array): boolean {
    if (this.#hub === undefined || this.#open === undefined) return true;
    try {
      void this.#hub.receive(this.#open.live, update, this);
      this.taken(update);
      return true;
    } catch (error) {
      if (error instanceof AtollError && error.code === "PREDECESSORS_MISSING") return false;
      throw error;
    }
  }
}

/** Text with formats, lists, maps, and types within them: inserts and deletes. */
export function editAtRandom({ doc }: DocumentClient, random: SeededRandom): void {
  const pick = (count: number) => random.uint32() % count;
  const text = doc.getText("text");
  const list = doc.getArray<unknown>("list");
  const map = doc.getMap<unknown>("map");
  const place = (length: number) => pick(length + 1);
  switch (pick(8)) {
    case 0:
    case 1:
      return text.insert(place(text.length), "lorem ipsum".slice(0, 1 + pick(10)));
    case 2:
      return text.length === 0 ? undefined : text.delete(pick(text.length), 1);
    case 3:
      return text.length === 0 ? undefined : text.format(pick(text.length), 1, { bold: pick(2) === 0 ? true : null });
    case 4:
      return list.insert(place(list.length), [pick(100), new Y.Map([["at", pick(100)]])]);
    case 5:
      return list.length === 0 ? undefined : list.delete(pick(list.length), 1);
    case 6:
      return void map.set(`key${pick(4)}`, pick(2) === 0 ? pick(100) : new Y.Array());
    default: {
      const inner = map.get(`key${pick(4)}`);
      if (inner instanceof Y.Array) inner.insert(place(inner.length), [pick(100)]);
      else map.delete(`key${pick(4)}`);
    }
  }
}
