/**
 * One direction of one connection in the proxy. Bytes and the end of the connection wait their time in order, as in TCP: a
 * path that is cut delivers nothing, and afterwards everything, if both ends are still there. A queue that is full makes
 * the sender wait, and so does a receiver that does not read.
 */

import type { Socket } from "node:net";
import type { ProxyPath } from "./proxy-path.ts";

const QUEUE_BYTES_MAX = 256 * 1024;
const SEGMENT_BYTES = 1460;

interface Piece {
  readonly content: Uint8Array | "end" | "reset";
  /** Ms of `performance.now`. */
  arrivesAt: number;
}

export class ProxyStream {
  readonly #source: Socket;
  readonly #target: Socket;
  readonly #path: ProxyPath;
  #pieces: Piece[] = [];
  #queuedBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #isFull = false;
  #isOver = false;
  #hasEnded = false;

  constructor(source: Socket, target: Socket, path: ProxyPath) {
    this.#source = source;
    this.#target = target;
    this.#path = path;
    path.streams.add(this);
    source.on("data", (bytes: Buffer) => this.#take(bytes));
    source.once("end", () => this.#end("end"));
    source.once("close", () => this.#end("reset"));
    target.on("drain", () => {
      this.#isFull = false;
      this.pump();
    });
    target.once("close", () => this.stop());
    this.pump();
  }

  /** Nothing arrives any more, not even the end. */
  stop(): void {
    this.#isOver = true;
    this.#pieces = [];
    this.#path.streams.delete(this);
    clearTimeout(this.#timer);
    this.#source.resume();
  }

  /** The path has become another one: what waits goes by it. */
  requeue(): void {
    let last = 0;
    for (const piece of this.#pieces) {
      last = Math.max(last, this.#path.arrivalOf(lengthOf(piece)));
      piece.arrivesAt = last;
    }
    this.pump();
  }

  /** Delivers what has arrived, and comes back for the rest. */
  pump(): void {
    clearTimeout(this.#timer);
    const now = performance.now();
    while (this.#path.isOpen && !this.#isFull) {
      const [next] = this.#pieces;
      if (next === undefined) break;
      if (next.arrivesAt > now) {
        this.#timer = setTimeout(() => this.pump(), next.arrivesAt - now);
        break;
      }
      this.#pieces.shift();
      this.#deliver(next);
    }
    if (this.#queuedBytes < QUEUE_BYTES_MAX) this.#source.resume();
  }

  #take(bytes: Uint8Array): void {
    if (this.#isOver) return;
    const step = this.#path.isSegmented ? SEGMENT_BYTES : bytes.length;
    for (let start = 0; start < bytes.length; start += step) this.#push(bytes.subarray(start, start + step));
    if (this.#queuedBytes >= QUEUE_BYTES_MAX) this.#source.pause();
    this.pump();
  }

  #end(how: "end" | "reset"): void {
    if (this.#isOver || this.#hasEnded) return;
    this.#hasEnded = true;
    this.#push(how);
    this.pump();
  }

  #push(content: Piece["content"]): void {
    const piece = { content, arrivesAt: 0 };
    const length = lengthOf(piece);
    // Never before what is ahead.
    piece.arrivesAt = Math.max(this.#path.arrivalOf(length), this.#pieces.at(-1)?.arrivesAt ?? 0);
    this.#queuedBytes += length;
    this.#pieces.push(piece);
  }

  #deliver(piece: Piece): void {
    this.#queuedBytes -= lengthOf(piece);
    const { content } = piece;
    if (content === "end") this.#target.end();
    else if (content === "reset") this.#target.resetAndDestroy();
    else this.#isFull = !this.#target.write(content);
  }
}

function lengthOf({ content }: Piece): number {
  return typeof content === "string" ? 0 : content.length;
}
