/** A connection that sends bytes and takes the answers as they came. */

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type RawReply, readReply } from "./raw-reply.ts";

/** Longer than any command is given to wait. */
const ANSWER_MS_MAX = 10_000;
const NONE: RawReply = { sign: "", raw: "(no answer)", text: "", items: [], end: 0 };

export class RawClient {
  readonly #socket: Socket;
  #bytes = Buffer.alloc(0);
  #at = 0;
  #isClosed = false;
  #wake: () => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => {
      this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), chunk]);
      this.#at = 0;
      this.#wake();
    });
    socket.on("close", () => {
      this.#isClosed = true;
      this.#wake();
    });
    socket.on("error", () => {});
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new RawClient(socket);
  }

  /** Bytes that get so many answers. What does not come, or not in time, shows as `(no answer)`. */
  async ask(bytes: Buffer, count: number): Promise<readonly RawReply[]> {
    if (!this.#isClosed) this.#socket.write(bytes);
    const replies: RawReply[] = [];
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#wake();
    }, ANSWER_MS_MAX);
    while (replies.length < count) {
      const reply = this.#at < this.#bytes.length ? readReply(this.#bytes, this.#at) : undefined;
      if (reply !== undefined) {
        this.#at = reply.end;
        replies.push(reply);
      } else if (this.#isClosed || isLate) replies.push(NONE);
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    clearTimeout(timer);
    return replies;
  }

  close(): void {
    this.#socket.destroy();
  }
}
