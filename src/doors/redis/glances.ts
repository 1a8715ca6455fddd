/**
 * `GET` of what a glance answers (`CommandKeyspace.glance`), from the bytes of the request to those of the answer: of several one
 * behind the other, which is how a busy client sends them, nothing else is done for each. Any other command is left where it is.
 */

import type { CommandKeyspace, ShownValue } from "../../command-store.ts";
import type { Principal } from "../auth.ts";
import type { ReplyWriter } from "./reply-writer.ts";
import type { RequestParser } from "./request-parser.ts";
import type { Transaction } from "./transaction.ts";

/** One behind the other: their answers have 64 KiB, before it is looked at what waits to be read and how long it took (N2, N3). */
const GLANCES_MAX = 64;

/** Of a connection. */
export interface GlancingClient {
  readonly around: { carriedOut: number };
  readonly writer: ReplyWriter;
  readonly transaction: Transaction;
  readonly gate: unknown;
  readonly principal: Principal | undefined;
  readonly keyspace: CommandKeyspace;
  commands: number;
  lastCommand: string;
}

export class Glances {
  readonly #client: GlancingClient;
  readonly #parser: RequestParser;
  readonly #shown: ShownValue = { view: new DataView(new ArrayBuffer(0)), at: 0, length: 0 };

  constructor(client: GlancingClient, parser: RequestParser) {
    this.#client = client;
    this.#parser = parser;
  }

  /** Answers what it can of what comes next. */
  answer(): void {
    const client = this.#client;
    const parser = this.#parser;
    const shown = this.#shown;
    if (!this.#mayGlance()) return;
    let count = 0;
    for (; count < GLANCES_MAX && parser.nextGet(); count++) {
      if (!client.keyspace.glance(parser.bytes, parser.keyStart, parser.keyEnd, shown)) break;
      parser.takeGet();
      if (shown.length < 0) client.writer.nothing();
      else client.writer.bulkAt(shown.view, shown.at, shown.length);
    }
    if (count === 0) return;
    client.commands += count;
    client.around.carriedOut += count;
    client.lastCommand = "get";
  }

  /** Every key may be read, at once, and no room is kept for what came before. */
  #mayGlance(): boolean {
    const { gate, principal, transaction } = this.#client;
    if (gate !== undefined || transaction.isOpen || transaction.bytes > 0) return false;
    return principal !== undefined && principal.prefix === "" && principal.scopes.has("read");
  }
}
