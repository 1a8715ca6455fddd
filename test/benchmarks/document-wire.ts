/** A client of a document that does no more than it must: bytes that are made beforehand go out, and frames are counted. */

import { once } from "node:events";
import * as encoding from "lib0/encoding";
import { WebSocket } from "ws";

const SYNC = 0;
const UPDATE = 2;

export class DocumentWire {
  /** Updates that came, but for answers. */
  updates = 0;
  /** After each. */
  onUpdate: () => void = () => {};
  readonly socket: WebSocket;

  static async open(url: string): Promise<DocumentWire> {
    const wire = new DocumentWire(url);
    await once(wire.socket, "open");
    return wire;
  }

  private constructor(url: string) {
    this.socket = new WebSocket(url, { perMessageDeflate: false });
    this.socket.on("error", () => {});
    this.socket.on("message", (data: Buffer) => {
      if (data[0] !== SYNC || data[1] !== UPDATE) return;
      this.updates++;
      this.onUpdate();
    });
  }

  send(message: Uint8Array): void {
    this.socket.send(message);
  }

  /** What was sent before arrives first. */
  async close(): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }
}

/** An update as a client sends it. */
export function updateMessage(update: Uint8Array): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, SYNC);
  encoding.writeVarUint(encoder, UPDATE);
  encoding.writeVarUint8Array(encoder, update);
  return encoding.toUint8Array(encoder);
}
