/** Stock y-websocket clients of the servers that are compared. */

import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import type { DocumentServer } from "./document-server.ts";

export class BenchClient {
  readonly doc = new Y.Doc();
  readonly text = this.doc.getText("text");
  readonly #provider: WebsocketProvider;

  constructor(server: DocumentServer, key: string) {
    this.#provider = new WebsocketProvider(server.url(""), key, this.doc, {
      WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
      disableBc: true,
    });
  }

  /** Resolves once the text is as long; false when it is not within `ms`. */
  has(length: number, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      const look = () => {
        if (this.text.length < length) return;
        clearTimeout(timer);
        this.doc.off("update", look);
        resolve(true);
      };
      this.doc.on("update", look);
      look();
    });
  }

  close(): void {
    this.#provider.destroy();
    this.#provider.awareness.destroy();
    this.doc.destroy();
  }
}
