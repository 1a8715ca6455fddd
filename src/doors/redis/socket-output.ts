/** What a connection sends, on its socket; whoever reads nothing for too long is cut off. */

import type { Socket } from "node:net";
import { trafficOf } from "../traffic.ts";
import type { ConnectionOutput } from "./connection-output.ts";

export class SocketOutput implements ConnectionOutput {
  whenDrained: () => void = () => {};
  readonly #socket: Socket;
  readonly #stallMs: number;
  #stall: NodeJS.Timeout | undefined;
  #movedTo = 0;
  #isEnded = false;

  constructor(socket: Socket, stallMs: number) {
    this.#socket = socket;
    this.#stallMs = stallMs;
    socket.on("close", () => clearTimeout(this.#stall));
  }

  write(pieces: readonly Uint8Array[]): void {
    const socket = this.#socket;
    if (socket.destroyed || this.#isEnded) return;
    if (pieces.length > 1) socket.cork();
    for (const piece of pieces) socket.write(piece);
    if (pieces.length > 1) socket.uncork();
    if (socket.writableLength > 0) this.#awaitReader();
  }

  unsent(): number {
    return this.#socket.writableLength;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#isEnded = true;
    this.#socket.end();
  }

  traffic(): number {
    return trafficOf(this.#socket);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** The kernel took not all of it at once. */
  #awaitReader(): void {
    if (this.#stall !== undefined) return;
    const socket = this.#socket;
    const drained = (): void => {
      clearTimeout(this.#stall);
      this.#stall = undefined;
      socket.off("drain", drained);
      this.whenDrained();
    };
    const look = (): void => {
      if (socket.writableLength === 0) return drained();
      if (this.traffic() === this.#movedTo) {
        socket.destroy();
        return;
      }
      this.#movedTo = this.traffic();
      this.#stall = setTimeout(look, this.#stallMs);
    };
    this.#movedTo = this.traffic();
    this.#stall = setTimeout(look, this.#stallMs);
    socket.on("drain", drained);
  }
}
