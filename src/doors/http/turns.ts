/**
 * Requests that a client sends before those ahead of them on its connection are answered (RFC 9112, section 9.3.2). They are carried
 * out one after the other: answers that are made too soon lie in memory until it is their turn, and one that needs what the one
 * ahead of it has would wait for itself. Meanwhile nothing more is read of the connection.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export class Turns {
  /** Requests that wait, by their connection. */
  readonly #waiting = new WeakMap<Socket, number>();

  /** Calls `begin` now, or once it is this one's turn; never where the connection is closed before. */
  take(request: IncomingMessage, response: ServerResponse, begin: () => void): void {
    if (response.socket !== null) return begin();
    const { socket } = request;
    this.#add(socket, 1);
    // Until what was read with it is parsed, `node:http` reads on whatever it is told.
    queueMicrotask(() => {
      if (this.#add(socket, 0) > 0) socket.pause();
    });
    response.once("socket", () => {
      // It can be answered once everybody has been told.
      queueMicrotask(() => {
        if (this.#add(socket, -1) === 0) socket.resume();
        begin();
      });
    });
  }

  #add(socket: Socket, count: number): number {
    const waiting = (this.#waiting.get(socket) ?? 0) + count;
    this.#waiting.set(socket, waiting);
    return waiting;
  }
}
