/**
 * Answers that are written in parts.
 *
 *  W1. Others have a turn after each part.
 *  W2. The next part is not written before the client's machine has taken the last.
 *  W3. What the client did not ask for waits until the answer is complete: it must not stand within it.
 */

import { writeInParts } from "./reply-encoder.ts";
import { ReplyWriter } from "./reply-writer.ts";

export interface AnsweredClient {
  readonly writer: ReplyWriter;
  readonly isClosed: boolean;
  /** Sends what was written. */
  flush(): void;
  /** Bytes that were sent and not taken yet; where there are any, the client is waited for. */
  awaitReader(): number;
}

export class LongAnswers {
  readonly #client: AnsweredClient;
  readonly #pushed = new ReplyWriter();
  #isWriting = false;
  #goOn: (() => void) | undefined;

  constructor(client: AnsweredClient) {
    this.#client = client;
  }

  /** W3. Bytes of what waits. */
  get pushedBytes(): number {
    return this.#pushed.bytes;
  }

  /** For what the client did not ask for. */
  get pushes(): ReplyWriter {
    this.#pushed.version = this.#client.writer.version;
    return this.#isWriting ? this.#pushed : this.#client.writer;
  }

  async write(reply: Parameters<typeof writeInParts>[1]): Promise<undefined> {
    const client = this.#client;
    this.#isWriting = true;
    for (const _ of writeInParts(client.writer, reply)) {
      client.flush();
      await (client.awaitReader() > 0 ? this.#untilSent() : nextTurn());
      if (client.isClosed) return;
    }
    this.#isWriting = false;
    for (const piece of this.#pushed.take()) client.writer.raw(piece);
  }

  /** Resolves once all that was written is sent, or the client has gone. */
  async sent(): Promise<void> {
    const client = this.#client;
    client.flush();
    while (!client.isClosed && client.awaitReader() > 0) await this.#untilSent();
  }

  /** What was written was sent, or the client has gone. */
  goOn(): void {
    this.#goOn?.();
    this.#goOn = undefined;
  }

  #untilSent(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
    });
  }
}

export function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => setImmediate(resolve, undefined));
}
