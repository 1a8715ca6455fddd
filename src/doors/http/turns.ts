/**
 * Requests that a client sends before those ahead of them on its connection are answered (RFC 9112, section 9.3.2). They are carried
 * out one after the other, so that none waits for what one behind it has, and few answers lie in memory until they can be sent:
 *
 *   T1. A request begins once the one ahead of it is answered, and that answer sent; or before that is sent, where it is short and
 *       there is little that is not.
 *   T2. While many wait, or the body of one that waits is under way, nothing more is read of the connection.
 *   T3. A response whose request has begun emits `close` once its connection is gone: `node:http` tells only the one that is being
 *       sent, and what the others hold would be held for good.
 *   T4. The time in which a request is to arrive begins anew for one that was not read on because of T2.
 */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { isBodyOver } from "./body.ts";

/** What may lie unsent when a further one is begun. */
const UNSENT_BYTES_MAX = 64 * 1024;
/** What an answer takes beside its body. */
const ANSWER_BYTES = 1024;
/** As many as a client that means well has under way: to stop reading for each few of them takes longer than to answer them. */
const WAITING_MAX = 16;
const SHORT_BODY_BYTES_MAX = 4096;

export class Turns {
  readonly #lines = new WeakMap<Duplex, Line>();

  /** Calls `begin` now, or once it is this one's turn; never where the connection ends before. */
  take(request: IncomingMessage, response: ServerResponse, begin: () => void): void {
    const { socket } = request;
    let line = this.#lines.get(socket);
    line?.arrive(request);
    // Also after its last answer, while what a client still sends is dropped (section 9.6).
    if (socket.writableEnded) return void request.resume();
    if (response.socket !== null) return begin();
    if (line === undefined) {
      line = new Line(socket);
      line.arrive(request);
      this.#lines.set(socket, line);
    }
    line.enter({ request, response, begin });
  }

  /** An answer of so many bytes has been handed over, and others may follow. Where nobody says so the next waits until it is sent. */
  answered(request: IncomingMessage, response: ServerResponse, bytes: number): void {
    this.#lines.get(request.socket)?.answered(response, bytes);
  }

  /**
   * The request that arrives is said to be late. True where that is because it was not read: `late` is called where it is not here
   * within another `timeoutMs`.
   */
  excuse(socket: Duplex, timeoutMs: number, late: () => void): boolean {
    return this.#lines.get(socket)?.excuse(timeoutMs, late) ?? false;
  }
}

interface Waiting {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly begin: () => void;
}

/** Of one connection. */
class Line {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  /** Of answers that were made before those ahead of them were sent, since one was made that had nothing ahead of it. */
  #earlyBytes = 0;
  #willLook = false;
  #lookAgain: NodeJS.Immediate | undefined;
  #isPaused = false;
  /** Begun, and `node:http` has not come to them. */
  readonly #early = new Set<ServerResponse>();
  #arrivals = 0;
  #lastArrived: IncomingMessage | undefined;
  /** The one that was arriving when reading was last stopped, by its number among the arrivals. */
  #heldUp = 0;
  /** Until then what was held up is to be here. */
  #grace: NodeJS.Timeout | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.once("close", () => this.#close());
    // `node:http` resumes it whenever a request is read to its end, or an answer sent.
    socket.on("resume", () => {
      if (this.#isPaused) socket.pause();
    });
  }

  arrive(request: IncomingMessage): void {
    this.#arrivals++;
    this.#lastArrived = request;
  }

  enter(waiting: Waiting): void {
    this.#waiting.push(waiting);
    waiting.response.on("socket", () => {
      // Where it is gone already, nobody but the line may tell this one.
      if (!this.#socket.destroyed) this.#early.delete(waiting.response);
      // What is ahead of it is sent.
      if (this.#waiting[0] === waiting) this.#beginSoon(waiting);
    });
    if (this.#willLook) return;
    this.#willLook = true;
    // Until what was read with it is parsed, `node:http` reads on whatever it is told.
    queueMicrotask(() => this.#look());
  }

  answered(response: ServerResponse, bytes: number): void {
    this.#earlyBytes = response.socket === null ? this.#earlyBytes + bytes + ANSWER_BYTES : 0;
    const next = this.#waiting[0];
    if (next !== undefined && this.#earlyBytes + this.#socket.writableLength <= UNSENT_BYTES_MAX) this.#beginSoon(next);
  }

  excuse(timeoutMs: number, late: () => void): boolean {
    const number = this.#arriving();
    // `node:http` stops by itself while what it has written is not taken.
    if (this.#heldUp !== number && !this.#socket.isPaused()) return false;
    clearTimeout(this.#grace);
    this.#grace = setTimeout(() => {
      if (this.#socket.isPaused()) this.#grace?.refresh();
      else if (this.#arriving() === number) late();
    }, timeoutMs);
    this.#grace.unref();
    return true;
  }

  /** The number of the request that arrives, or will next. */
  #arriving(): number {
    return this.#lastArrived?.complete === false ? this.#arrivals : this.#arrivals + 1;
  }

  #close(): void {
    clearTimeout(this.#grace);
    for (const response of this.#early) closeUnsent(response);
    this.#early.clear();
  }

  /** Once who calls is done: it can be answered then, and many take no more stack than one. */
  #beginSoon(waiting: Waiting): void {
    queueMicrotask(() => {
      if (this.#waiting[0] !== waiting || this.#socket.destroyed) return;
      if (this.#socket.writableEnded) return this.#drop();
      this.#waiting.shift();
      if (this.#waiting.length === 0) this.#resume();
      if (waiting.response.socket === null) this.#early.add(waiting.response);
      waiting.begin();
    });
  }

  /** What comes after the last answer is not carried out. */
  #drop(): void {
    for (const { request } of this.#waiting.splice(0)) request.resume();
    this.#resume();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
    this.#grace?.refresh();
  }

  /** What is under way where those that came with it are parsed may be whole a moment later; what is long is not waited for. */
  #look(): void {
    this.#willLook = false;
    const last = this.#waiting.at(-1)?.request;
    if (last === undefined || this.#isPaused) return;
    if (this.#waiting.length > WAITING_MAX || (!last.complete && isBodyOver(last, SHORT_BODY_BYTES_MAX))) this.#pause();
    else if (!last.complete) this.#lookAgain ??= setImmediate(() => this.#pauseUnlessWhole());
  }

  #pauseUnlessWhole(): void {
    this.#lookAgain = undefined;
    const last = this.#waiting.at(-1)?.request;
    if (last !== undefined && !last.complete) this.#pause();
  }

  #pause(): void {
    this.#isPaused = true;
    this.#heldUp = this.#arriving();
    this.#socket.pause();
  }
}

/** As `node:http` does with the one that has the socket. `destroy` alone waits for a socket that never comes. */
function closeUnsent(response: ServerResponse): void {
  if (response.closed) return;
  response.destroy();
  Reflect.set(response, "_closed", true);
  response.emit("close");
}
