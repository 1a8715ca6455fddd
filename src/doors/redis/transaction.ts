/** What a client has queued since `MULTI`, and the keys that it watches. */

import { errorReply, type Reply, statusReply } from "../../command-reply.ts";
import type { CommandFacts, CommandKeyspace, CommandWords, QueuedCommand, WatchedKey } from "../../command-store.ts";
import { errorOf } from "./error-of.ts";

const QUEUED: Reply = statusReply("QUEUED");
const NOT_IN_IT = errorReply("ERR Command not allowed inside a transaction");
const TOO_MUCH = errorReply("ERR too much is queued in one transaction");
/** What is queued, with what it takes to remember each argument. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024;
const ARGUMENT_OVERHEAD = 96;
/** What it takes to remember a key with its version. */
const WATCHED_OVERHEAD = 256;
const WATCHED_MAX = 10_000;
/** What decides how the commands behind it are understood, and what tells about all commands at length. */
const NEVER_IN_IT = new Set(["select", "hello", "auth", "command", "subscribe", "psubscribe", "ssubscribe"]);
const ABOUT_IT = new Set(["multi", "exec", "discard", "watch", "quit", "reset"]);

export class Transaction {
  isOpen = false;
  /** Something that was to be queued was wrong: `EXEC` does nothing. */
  isAborted = false;
  #commands: QueuedCommand[] = [];
  #queuedBytes = 0;
  #watched: { readonly keyspace: CommandKeyspace; readonly keys: readonly WatchedKey[] }[] = [];
  #watchedCount = 0;
  #watchedBytes = 0;

  /** Carried out also while others are queued. */
  static isAboutIt(name: string): boolean {
    return ABOUT_IT.has(name);
  }

  /** What all that is kept takes, about. */
  get bytes(): number {
    return this.#queuedBytes + this.#watchedBytes;
  }

  get size(): number {
    return this.#commands.length;
  }

  begin(): void {
    this.isOpen = true;
  }

  /** `EXEC` will do nothing: what was queued goes. */
  abort(): void {
    if (!this.isOpen) return;
    this.isAborted = true;
    this.#commands = [];
    this.#queuedBytes = 0;
  }

  /** Why a command cannot be queued; the transaction is aborted then. */
  refusalOf(words: CommandWords, facts: CommandFacts): Reply | undefined {
    const isNeverInIt = NEVER_IN_IT.has(facts.name);
    if (!isNeverInIt && this.#queuedBytes + bytesOfWords(words) <= QUEUE_BYTES_MAX) return undefined;
    this.abort();
    return isNeverInIt ? NOT_IN_IT : TOO_MUCH;
  }

  /** The words are copied where what they were read from is longer. */
  queue(words: CommandWords, facts: CommandFacts): Reply {
    if (this.isAborted) return QUEUED;
    this.#queuedBytes += bytesOfWords(words);
    this.#commands.push({ words: words.map(ownBytes), facts });
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

  watchedIn(keyspace: CommandKeyspace): readonly WatchedKey[] {
    return this.#watched.flatMap((each) => (each.keyspace === keyspace ? each.keys : []));
  }

  /** False: it watches too many already. */
  watch(keyspace: CommandKeyspace, keys: readonly WatchedKey[]): boolean {
    if (this.#watchedCount + keys.length > WATCHED_MAX) return false;
    this.#watchedCount += keys.length;
    this.#watchedBytes += bytesOfKeys(keys);
    this.#watched.push({ keyspace, keys });
    return true;
  }

  unwatch(): void {
    this.#watched = [];
    this.#watchedCount = 0;
    this.#watchedBytes = 0;
  }

  reset(): void {
    this.isOpen = false;
    this.isAborted = false;
    this.#commands = [];
    this.#queuedBytes = 0;
    this.unwatch();
  }
}

/** With what it takes to remember each. */
export function bytesOfWords(words: CommandWords): number {
  let bytes = 0;
  for (const word of words) bytes += word.length + ARGUMENT_OVERHEAD;
  return bytes;
}

export function bytesOfKeys(keys: readonly { readonly key: string }[]): number {
  let bytes = 0;
  for (const { key } of keys) bytes += key.length + WATCHED_OVERHEAD;
  return bytes;
}

/** A long argument has a buffer of its own, which keeps nothing else. */
function ownBytes(word: Uint8Array): Uint8Array {
  return word.buffer.byteLength - word.length <= ARGUMENT_OVERHEAD ? word : word.slice();
}

/** Where the transaction of a client is kept, and room for it. */
interface TransactionHost {
  readonly transaction: Transaction;
  /** As of `Connection`. */
  hold(bytes: number): Promise<void> | undefined;
}

/** Queues one more command, once there is room for it. */
export function queued(host: TransactionHost, words: CommandWords, facts: CommandFacts): Reply | Promise<Reply> {
  const { transaction } = host;
  const refusal = transaction.refusalOf(words, facts);
  if (refusal !== undefined) return refusal;
  const refused = (error: unknown): Reply => {
    transaction.abort();
    return errorOf(error);
  };
  try {
    const granted = host.hold(bytesOfWords(words));
    if (granted === undefined) return transaction.queue(words, facts);
    return granted.then(() => transaction.queue(words, facts)).catch(refused);
  } catch (error) {
    return refused(error);
  }
}
