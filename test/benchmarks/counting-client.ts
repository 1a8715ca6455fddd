/**
 * A client of the Redis protocol, version 2, that counts answers and keeps nothing of them: what it measures is the server. Each
 * answer may be of millions of parts.
 */

import { once } from "node:events";
import { connect, type Socket } from "node:net";

const CR = 13;
const DOLLAR = 36;
const ASTERISK = 42;
const MINUS = 45;

interface Waiting {
  /** Parts that are still to come. */
  parts: number;
  /** The first value. */
  first: string | undefined;
  resolve(first: string | undefined): void;
  reject(error: Error): void;
}

export class CountingClient {
  readonly #socket: Socket;
  #rest = Buffer.alloc(0);
  /** Of a value, the end of its line included. */
  #toSkip = 0;
  #waiting: Waiting | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#take(chunk));
  }

  static async connect(port: number): Promise<CountingClient> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new CountingClient(socket);
  }

  /** Resolves once all of them are answered. Rejects with an error that is an answer. */
  async sendAll(commands: readonly (readonly string[])[]): Promise<void> {
    await this.#send(commands);
  }

  /** The first value of an answer. */
  async cursorOf(command: readonly string[]): Promise<string> {
    return (await this.#send([command])) ?? "";
  }

  close(): void {
    this.#socket.destroy();
  }

  #send(commands: readonly (readonly string[])[]): Promise<string | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting = { parts: commands.length, first: undefined, resolve, reject };
      this.#socket.write(commands.map(encoded).join(""));
    });
  }

  #take(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    const waiting = this.#waiting;
    while (waiting !== undefined && at < bytes.length) {
      if (this.#toSkip > 0) {
        const skipped = Math.min(this.#toSkip, bytes.length - at);
        at += skipped;
        this.#toSkip -= skipped;
      } else {
        const end = bytes.indexOf(CR, at);
        if (end < 0 || end + 1 >= bytes.length) break;
        const next = this.#line(waiting, bytes, at, end);
        if (next === undefined) break;
        at = next;
      }
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    if (waiting?.parts === 0 && this.#toSkip === 0) waiting.resolve(waiting.first);
  }

  /** Returns where to go on; undefined: not all of it is here. */
  #line(waiting: Waiting, bytes: Buffer, at: number, end: number): number | undefined {
    const number = Number(bytes.toString("latin1", at + 1, end));
    const start = end + 2;
    const sign = bytes[at];
    if (sign === MINUS) waiting.reject(new Error(bytes.toString("latin1", at, end)));
    if (sign === DOLLAR && waiting.first === undefined) {
      if (bytes.length < start + number + 2) return undefined;
      waiting.first = bytes.toString("latin1", start, start + number);
    }
    waiting.parts--;
    if (sign === DOLLAR && number >= 0) this.#toSkip = number + 2;
    if (sign === ASTERISK) waiting.parts += Math.max(0, number);
    return start;
  }
}

function encoded(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join("")}`;
}
