/** The WebSocket of a door's connection, without a network: what the door sends waits until it is taken. */

import { EventEmitter } from "node:events";

interface Sent {
  readonly message: Uint8Array;
  readonly done: (() => void) | undefined;
}

export class DoorSocket extends EventEmitter {
  isPaused = false;
  /** Once closed: the code, 0 for a connection that broke. */
  closeCode: number | undefined;
  bufferedAmount = 0;
  #sent: Sent[] = [];

  get waiting(): number {
    return this.#sent.length;
  }

  /** The next message that the door has sent; undefined when there is none. */
  take(): Uint8Array | undefined {
    const next = this.#sent.shift();
    if (next === undefined) return undefined;
    this.bufferedAmount -= next.message.length;
    next.done?.();
    return next.message;
  }

  /** Ends it without a word; what was under way is lost. */
  break(): void {
    this.#close(0);
  }

  send(message: Uint8Array, done?: () => void): void {
    this.#sent.push({ message, done });
    this.bufferedAmount += message.length;
  }

  close(code: number): void {
    this.#close(code);
  }

  terminate(): void {
    this.#close(0);
  }

  ping(): void {
    this.emit("pong");
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  #close(code: number): void {
    if (this.closeCode !== undefined) return;
    this.closeCode = code;
    this.#sent = [];
    this.emit("close", code);
  }
}
