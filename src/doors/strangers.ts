/**
 * Connections that have not shown a good token, where one is asked for. Whatever they send, each gets one answer, 4 KiB of
 * head and 5 s, counted from its TCP connection. Who shows a good token in time is no stranger any more.
 *
 * A head that is still arriving is looked at from time to time, and refused when it is found too long twice: a client whose
 * token stands late in a long head is not to depend on how the network cuts it. Until then `node:http` bounds it as it
 * bounds anybody's.
 */

import type { Socket } from "node:net";
import { AtollError } from "../base/errors.ts";
import type { DoorLimits } from "./limits.ts";
import type { DoorMetrics } from "./metrics.ts";
import { answerRaw } from "./raw-answer.ts";

interface Stranger {
  /** What speaks HTTP: under TLS another socket than the one that was accepted, once hands are shaken. */
  socket: Socket;
  /** False before the TLS handshake, when nothing readable can be said. */
  canRead: boolean;
  readonly dueAt: number;
  /** `read`: an answer to it is on its way, and then the connection ends. */
  head: "arriving" | "long" | "read";
}

/** How often each stranger is looked at within its time. */
const LOOKS = 20;
/** Its end is that much earlier, in looks: the look that ends it may come late, and it is not to stay longer. */
const RESERVE = 1.5;

export class Strangers {
  readonly #limits: DoorLimits;
  readonly #metrics: DoorMetrics;
  readonly #bySocket = new Map<Socket, Stranger>();
  #looking: NodeJS.Timeout | undefined;

  constructor(limits: DoorLimits, metrics: DoorMetrics) {
    this.#limits = limits;
    this.#metrics = metrics;
  }

  /** An accepted socket, by which it is known from now on. `isTls`: its handshake is still to come. */
  add(socket: Socket, isTls: boolean): void {
    const dueAt = performance.now() + this.#limits.strangerTimeoutMs - RESERVE * this.#lookEveryMs;
    const stranger: Stranger = { socket, canRead: !isTls, dueAt, head: "arriving" };
    this.#bySocket.set(socket, stranger);
    socket.once("close", () => this.remove(socket));
    this.#looking ??= setInterval(() => this.#look(performance.now()), this.#lookEveryMs).unref();
  }

  /** Hands are shaken: `socket` speaks for the accepted one. */
  secured(accepted: Socket, socket: Socket): void {
    const stranger = this.#bySocket.get(accepted);
    if (stranger === undefined) return;
    stranger.socket = socket;
    stranger.canRead = true;
  }

  /** It is not read on, but answered. */
  headRead(socket: Socket): void {
    const stranger = this.#bySocket.get(socket);
    if (stranger !== undefined) stranger.head = "read";
  }

  /** It has shown a good token, or is now somebody else's to bound. */
  remove(socket: Socket): void {
    this.#bySocket.delete(socket);
  }

  get #lookEveryMs(): number {
    return this.#limits.strangerTimeoutMs / LOOKS;
  }

  #look(now: number): void {
    for (const [socket, stranger] of this.#bySocket) {
      if (now >= stranger.dueAt) {
        this.#bySocket.delete(socket);
        this.#endTime(stranger);
      } else if (stranger.canRead && stranger.head !== "read") this.#measure(stranger);
    }
    if (this.#bySocket.size > 0) return;
    clearInterval(this.#looking);
    this.#looking = undefined;
  }

  #endTime({ socket, canRead, head }: Stranger): void {
    if (head === "read" || !canRead) {
      socket.destroy();
      return;
    }
    this.#metrics.error("server", "TIMEOUT");
    answerRaw(socket, new AtollError("TIMEOUT", "no request with a token arrived in time"), 0);
  }

  #measure(stranger: Stranger): void {
    if (stranger.socket.bytesRead <= this.#limits.strangerHeadBytesMax) return;
    if (stranger.head === "arriving") {
      stranger.head = "long";
      return;
    }
    stranger.head = "read";
    const error = headTooLong(this.#limits);
    this.#metrics.error("server", error.code);
    answerRaw(stranger.socket, error);
  }
}

export function headTooLong(limits: DoorLimits): AtollError {
  const most = limits.strangerHeadBytesMax;
  return new AtollError(
    "HEADERS_TOO_LARGE",
    `without a good token, request line and headers have at most ${most} bytes`,
  );
}
