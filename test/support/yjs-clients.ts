/** Real y-websocket providers, as pages have them, against nodes of this process. */

import WebSocket from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";

type Params = ConstructorParameters<typeof WebsocketProvider>[3];

export interface YjsClient {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly provider: WebsocketProvider;
  /** Resolves once it has all that the replica has. */
  readonly synced: Promise<void>;
  /** Close codes, in turn; 0 where the client hung up itself. */
  readonly closes: number[];
}

const open: WebsocketProvider[] = [];

/** A client of the document `key` at `address` (host:port). */
export function connect(address: string, key: string, params: Params = {}, doc = new Y.Doc()): YjsClient {
  const provider = new WebsocketProvider(`ws://${address}/yjs`, key, doc, {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
    ...params,
  });
  open.push(provider);
  const closes: number[] = [];
  provider.on("connection-close", (event) => closes.push(event?.code ?? 0));
  const synced = new Promise<void>((resolve) => provider.once("sync", () => resolve()));
  return { doc, text: doc.getText("text"), provider, synced, closes };
}

/** Closes all clients that there are. */
export function disconnectAll(): void {
  for (const provider of open.splice(0)) {
    provider.destroy();
    provider.awareness.destroy();
  }
}
