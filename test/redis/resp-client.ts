/** A client of the Redis protocol that shows answers as they came, the kinds of version 3 included. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What came, as JSON shows it: `{ error }`, `{ status }`, `{ map }`, `{ set }`, `{ double }`, `{ boolean }`, text, numbers, null. */
export type Answer = unknown;

export class RespClient {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  readonly #waiting: ((answer: Answer) => void)[] = [];
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => this.#take(chunk));
    socket.on("close", () => {
      this.isClosed = true;
      for (const answer of this.#waiting.splice(0)) answer({ closed: true });
    });
    socket.on("error", () => {});
  }

  static async connect(port: number): Promise<RespClient> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new RespClient(socket);
  }

  send(...words: readonly (string | Buffer)[]): Promise<Answer> {
    const parts = words.map((word) => (typeof word === "string" ? Buffer.from(word, "latin1") : word));
    return this.raw(
      Buffer.concat([
        Buffer.from(`*${parts.length}\r\n`),
        ...parts.flatMap((part) => [Buffer.from(`$${part.length}\r\n`), part, Buffer.from("\r\n")]),
      ]),
    );
  }

  /** Bytes that get one answer. */
  raw(bytes: Buffer | string): Promise<Answer> {
    return new Promise((resolve) => {
      if (this.isClosed) return resolve({ closed: true });
      this.#waiting.push(resolve);
      this.#socket.write(bytes);
    });
  }

  async close(): Promise<void> {
    if (this.isClosed) return;
    const closed = once(this.#socket, "close");
    this.#socket.end();
    await closed;
  }

  #take(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (let parsed = parse(this.#bytes, 0); parsed !== undefined; parsed = parse(this.#bytes, 0)) {
      this.#bytes = this.#bytes.subarray(parsed.end);
      this.#waiting.shift()?.(parsed.value);
    }
  }
}

interface Parsed {
  readonly value: Answer;
  readonly end: number;
}

function parse(bytes: Buffer, at: number): Parsed | undefined {
  const lineEnd = bytes.indexOf("\r\n", at);
  if (lineEnd < 0) return undefined;
  const line = bytes.toString("latin1", at + 1, lineEnd);
  const next = lineEnd + 2;
  const sign = String.fromCharCode(bytes[at] as number);
  switch (sign) {
    case "+":
      return { value: { status: line }, end: next };
    case "-":
      return { value: { error: line }, end: next };
    case ":":
      return { value: Number(line), end: next };
    case "_":
      return { value: null, end: next };
    case "#":
      return { value: { boolean: line }, end: next };
    case "(":
      return { value: { bigNumber: line }, end: next };
    case ",":
      return { value: { double: line }, end: next };
    case "$":
    case "=": {
      const length = Number(line);
      if (length < 0) return { value: null, end: next };
      if (bytes.length < next + length + 2) return undefined;
      const text = bytes.toString("latin1", next, next + length);
      return { value: sign === "=" ? { verbatim: text } : text, end: next + length + 2 };
    }
    case "*":
    case "~":
    case ">":
    case "%":
      return parseMany(bytes, next, sign, Number(line));
    default:
      throw new Error(`no such kind of answer: ${sign}`);
  }
}

function parseMany(bytes: Buffer, start: number, sign: string, count: number): Parsed | undefined {
  if (count < 0) return { value: { noArray: true }, end: start };
  const items: Answer[] = [];
  let at = start;
  for (let i = 0; i < (sign === "%" ? 2 * count : count); i++) {
    const parsed = parse(bytes, at);
    if (parsed === undefined) return undefined;
    items.push(parsed.value);
    at = parsed.end;
  }
  const value = sign === "*" ? items : { [sign === "%" ? "map" : sign === "~" ? "set" : "push"]: items };
  return { value, end: at };
}
