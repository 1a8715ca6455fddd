/**
 * `GET key` and `SET key value` of what is short, from the bytes of the request to those of the answer, as far as the keyspace takes
 * them (`PlainKeys`): of several one behind the other, which is how a busy client sends them, all are one step of the machine,
 * and nothing else is done for each. Any other command is left where it is.
 */

import type { CommandClient, CommandKeyspace, PlainWriter, ShownValue } from "../../command-store.ts";
import type { Principal, Scope } from "../auth.ts";
import type { PlainCommand } from "./plain-command.ts";
import type { ReplyWriter } from "./reply-writer.ts";
import type { RequestParser } from "./request-parser.ts";
import type { Transaction } from "./transaction.ts";

/** One behind the other: some 0.1 ms, with answers of 64 KiB, before it is looked at what waits to be read and how long it took (N2, N3). */
const TOGETHER_MAX = 64;

/** Of a connection. */
export interface PlainClient extends CommandClient {
  readonly around: { carriedOut: number };
  readonly writer: ReplyWriter;
  readonly writes: PlainWriter;
  readonly transaction: Transaction;
  readonly gate: unknown;
  readonly principal: Principal | undefined;
  readonly keyspace: CommandKeyspace;
  commands: number;
  lastCommand: string;
}

export class PlainCommands {
  readonly #client: PlainClient;
  readonly #parser: RequestParser;
  readonly #shown: ShownValue = { view: new DataView(new ArrayBuffer(0)), at: 0, length: 0 };
  readonly #run = () => this.#carryOutAll();

  constructor(client: PlainClient, parser: RequestParser) {
    this.#client = client;
    this.#parser = parser;
  }

  /** Carries out what it can of what comes next. */
  carryOut(): void {
    if (this.#isFree() && this.#parser.nextPlain() !== undefined) this.#client.keyspace.plain.together(this.#run);
  }

  #carryOutAll(): void {
    const client = this.#client;
    const mayRead = this.#may("read");
    const mayWrite = this.#may("write");
    const run = this.#parser.plainRun;
    let count = 0;
    for (; count < TOGETHER_MAX; count++) {
      const command = this.#parser.nextPlain();
      if (command === undefined) break;
      if (run.takeNew()) client.keyspace.plain.lookAhead(run.commands, run.count);
      if (!(command.isSet ? mayWrite && this.#set(command) : mayRead && this.#get(command))) break;
      client.lastCommand = command.isSet ? "set" : "get";
      this.#parser.takePlain(command);
    }
    client.commands += count;
    client.around.carriedOut += count;
  }

  #get(command: PlainCommand): boolean {
    const { keyspace, writer } = this.#client;
    const shown = this.#shown;
    if (!keyspace.plain.glance(command, shown)) return false;
    if (shown.length < 0) writer.nothing();
    else writer.bulkAt(shown.view, shown.at, shown.length);
    return true;
  }

  #set(command: PlainCommand): boolean {
    const { keyspace, writer, writes } = this.#client;
    if (!keyspace.plain.put(command, writes)) return false;
    writer.simple("OK");
    return true;
  }

  /** Commands are carried out as they come, and no room is kept for what came before. */
  #isFree(): boolean {
    const { gate, transaction } = this.#client;
    return gate === undefined && !transaction.isOpen && transaction.bytes === 0;
  }

  /** With every key. */
  #may(scope: Scope): boolean {
    const { principal } = this.#client;
    return principal !== undefined && principal.prefix === "" && principal.scopes.has(scope);
  }
}
