/** A WebSocket client for tests: sends messages in either language, and matches answers to them. */

import { decode, encode } from "@msgpack/msgpack";
import { type ClientOptions, type RawData, WebSocket } from "ws";

export type Fields = Readonly<Record<string, unknown>>;

export class TestClient {
  readonly socket: WebSocket;
  readonly events: Fields[] = [];
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
  readonly #answers = new Map<unknown, (answer: Fields) => void>();
  readonly #unmatched: Fields[] = [];
  #waiting: (() => void) | undefined;
  #last = 0;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => {
      socket.on("close", (code) => resolve(code));
    });
    socket.on("error", () => {});
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
  }

  static async open(
    port: number,
    protocols: string | string[] = "atoll.v1.json",
    { path = "/v1/ws", ...options }: ClientOptions & { readonly path?: string } = {},
  ) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, options);
    const client = new TestClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("unexpected-response", (_request, response) => {
        response.resume();
        reject(new Error(`refused with ${response.statusCode}`));
      });
      socket.once("error", reject);
    });
    return client;
  }

  /** The answer to a message, which gets the next id. */
  ask(message: Fields): Promise<Fields> {
    this.#last++;
    const id = this.#last;
    return new Promise((resolve) => {
      this.#answers.set(id, resolve);
      this.#send({ id, ...message });
    });
  }

  /** Sends a frame as it is, and returns the next message that answers no `ask`. */
  raw(frame: string | Uint8Array, { fin = true }: { readonly fin?: boolean } = {}): Promise<Fields> {
    this.socket.send(frame, { fin });
    return this.#nextUnmatched();
  }

  async #nextUnmatched(): Promise<Fields> {
    for (;;) {
      const message = this.#unmatched.shift();
      if (message !== undefined) return message;
      await this.#something();
    }
  }

  /** The events so far, once there are at least `count`. */
  async untilEvents(count: number): Promise<readonly Fields[]> {
    while (this.events.length < count) await this.#something();
    return this.events;
  }

  close(): void {
    this.socket.terminate();
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #send(message: Fields): void {
    const isBinary = this.socket.protocol === "atoll.v1.msgpack";
    this.socket.send(isBinary ? encode(message) : JSON.stringify(message));
  }

  #receive(data: RawData, isBinary: boolean): void {
    const bytes = data as Buffer;
    const message = (isBinary ? decode(Uint8Array.from(bytes)) : JSON.parse(bytes.toString("utf8"))) as Fields;
    const answer = this.#answers.get(message.id);
    if (message.watch !== undefined && message.type !== undefined) this.events.push(message);
    else if (answer === undefined) this.#unmatched.push(message);
    else {
      this.#answers.delete(message.id);
      answer(message);
    }
    this.#waiting?.();
  }
}
