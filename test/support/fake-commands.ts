/** Commands of maps, sets and one counter in memory, and no others: what the doors need of a command layer. */

import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import {
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  NOTHING,
  type Reply,
  statusReply,
  textReply,
} from "../../src/command-reply.ts";
import type {
  CommandFacts,
  CommandKeyspace,
  CommandStore,
  CommandWords,
  QueuedCommand,
} from "../../src/command-store.ts";

const NAMES = "hset hget hdel hlen hscan sadd srem sismember scard sscan type del get incrby incrbyfloat".split(" ");

export class FakeCommands implements CommandStore {
  readonly commands = new Map(NAMES.map((name) => [name, factsOf(name)]));
  /** Names and values by key; of a set, no values. */
  readonly held = new Map<string, Map<string, string>>();
  /** In place of every answer. */
  answer: Reply | undefined;

  tellOf(): void {}

  keyspace(name: string): CommandKeyspace | undefined {
    if (name !== "default") return undefined;
    const never = (): never => {
      throw new Error("BUG: nobody asks the fake for this");
    };
    const run = (words: CommandWords): Reply => this.answer ?? this.#run(words.map((word) => latin1FromBytes(word)));
    const runAll = (commands: readonly QueuedCommand[]): Reply => arrayReply(commands.map(({ words }) => run(words)));
    return { run, runAll, watch: () => [], wait: never };
  }

  async grantKeyspace(): Promise<void> {}

  #run([command = "", key = "", name = "", value = ""]: readonly string[]): Reply {
    const members = this.held.get(key) ?? new Map<string, string>();
    const had = members.get(name);
    switch (command) {
      case "hset":
      case "sadd":
        this.held.set(key, members.set(name, value));
        return integerReply(had === undefined ? 1 : 0);
      case "hget":
        return had === undefined ? NOTHING : bulkReply(bytesFromLatin1(had));
      case "sismember":
        return integerReply(had === undefined ? 0 : 1);
      case "hdel":
      case "srem":
        return integerReply(members.delete(name) ? 1 : 0);
      case "type":
        return statusReply("none");
      case "hlen":
      case "scard":
        return integerReply(members.size);
      case "get":
        return key === "no" ? NOTHING : textReply(key === "number" ? "7" : "text");
      case "incrby":
        return integerReply(7 + Number(name));
      case "del":
        return integerReply(this.held.delete(key) ? 1 : 0);
      case "hscan":
        return arrayReply([textReply("0"), arrayReply([...members].flat().map(textReply))]);
      case "sscan":
        return arrayReply([textReply("0"), arrayReply([...members.keys()].map(textReply))]);
      default:
        return errorReply("ERR unknown command");
    }
  }

  facts(): never {
    throw new Error("BUG: nobody asks the fake for this");
  }
}

function factsOf(name: string): CommandFacts {
  const keys = { first: 1, last: 1, step: 1, counted: 0 };
  const words = { arity: -2, flags: new Set<never>(), group: "hash", since: "", summary: "" };
  return { name, keys, ...words, isOfConnection: false };
}
