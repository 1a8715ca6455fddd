/** What a client has queued since `MULTI`, and the keys that it watches. */

import { errorReply, type Reply, statusReply } from "../../command-reply.ts";
import type { CommandFacts, CommandKeyspace, CommandWords, WatchedKey } from "../../command-store.ts";

export interface QueuedCommand {
  readonly words: CommandWords;
  readonly facts: CommandFacts;
}

const QUEUED: Reply = statusReply("QUEUED");
const NOT_IN_IT = errorReply("ERR Command not allowed inside a transaction");
/** What is queued, with what it takes to remember each argument. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
const ARGUMENT_OVERHEAD = 96;
const WATCHED_MAX = 10_000;
/** What decides how the commands behind it are understood, and what tells about all commands at length. */
const NEVER_IN_IT = new Set(["select", "hello", "auth", "command", "subscribe", "psubscribe", "ssubscribe"]);
const ABOUT_IT = new Set(["multi", "exec", "discard", "watch", "quit", "reset"]);

export class Transaction {
  isOpen = false;
  /** Something that was to be queued was wrong: `EXEC` does nothing. */
  isAborted = false;
  #commands: QueuedCommand[] = [];
  #bytes = 0;
  #watched: { readonly keyspace: CommandKeyspace; readonly keys: readonly WatchedKey[] }[] = [];
  #watchedCount = 0;

  /** Carried out also while others are queued. */
  static isAboutIt(name: string): boolean {
    return ABOUT_IT.has(name);
  }

  get size(): number {
    return this.#commands.length;
  }

  begin(): void {
    this.isOpen = true;
  }

  abort(): void {
    if (this.isOpen) this.isAborted = true;
  }

  /** The words are copied: what they were read from may be reused. */
  queue(words: CommandWords, facts: CommandFacts): Reply {
    if (NEVER_IN_IT.has(facts.name)) {
      this.abort();
      return NOT_IN_IT;
    }
    for (const word of words) this.#bytes += word.length + ARGUMENT_OVERHEAD;
    if (this.#bytes > QUEUE_BYTES_MAX) {
      this.abort();
      this.#commands = [];
      return errorReply("ERR too much is queued in one transaction");
    }
    if (!this.isAborted) this.#commands.push({ words: words.map((word) => word.slice()), facts });
    return QUEUED;
  }

  /** What was queued; nothing is any more, and nothing is watched. */
  take(): { readonly commands: readonly QueuedCommand[]; readonly watched: Transaction["watched"] } {
    const taken = { commands: this.#commands, watched: this.#watched };
    this.reset();
    return taken;
  }

  get watched(): readonly { readonly keyspace: CommandKeyspace; readonly keys: readonly WatchedKey[] }[] {
    return this.#watched;
  }

  /** False: it watches too many already. */
  watch(keyspace: CommandKeyspace, keys: readonly WatchedKey[]): boolean {
    if (this.#watchedCount + keys.length > WATCHED_MAX) return false;
    this.#watchedCount += keys.length;
    this.#watched.push({ keyspace, keys });
    return true;
  }

  unwatch(): void {
    this.#watched = [];
    this.#watchedCount = 0;
  }

  reset(): void {
    this.isOpen = false;
    this.isAborted = false;
    this.#commands = [];
    this.#bytes = 0;
    this.unwatch();
  }
}
