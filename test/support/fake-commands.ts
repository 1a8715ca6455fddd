/** Commands of maps, sets and one counter in memory, and no others: what the doors need of a command layer. */

import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import {
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  NOTHING,
  type Reply,
  textReply,
} from "../../src/command-reply.ts";
import type {
  CommandClient,
  CommandFacts,
  CommandKeyspace,
  CommandStore,
  CommandWords,
} from "../../src/command-store.ts";
import type { Acks } from "../../src/store.ts";

const NAMES = "hdel hscan srem sscan get".split(" ");
const DOOR_NAMES = "hash.put hash.show hash.delete set.put set.show set.delete counter.add".split(" ");

const MET: Acks = { reached: 1, wanted: 1, met: true };
/** `all` has another one in it, that is never heard of. */
const LONELY: Acks = { reached: 1, wanted: 2, met: false };

export class FakeCommands implements CommandStore {
  readonly commands = new Map(NAMES.map((name) => [name, factsOf(name)]));
  readonly ofDoors = new Map(DOOR_NAMES.map((name) => [name, factsOf(name)]));
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
    const run = (words: CommandWords, _: CommandFacts, client: CommandClient): Reply => {
      if (client.ack !== undefined) client.acks = client.ack.level === "all" ? LONELY : MET;
      return this.answer ?? this.#run(words.map((word) => latin1FromBytes(word)));
    };
    const plain = { together: never, lookAhead: never, glance: never, put: never };
    return { plain, run, runAll: never, watch: never, wait: never };
  }

  async grantKeyspace(): Promise<void> {}

  #run([command = "", key = "", name = "", value = ""]: readonly string[]): Reply {
    const members = this.held.get(key) ?? new Map<string, string>();
    const had = members.get(name);
    switch (command) {
      case "hash.put":
      case "set.put":
        this.held.set(key, members.set(name, value));
        return integerReply(had === undefined ? 1 : 0);
      case "hash.show":
      case "set.show":
        return arrayReply([
          had === undefined ? NOTHING : bulkReply(bytesFromLatin1(had)),
          had?.startsWith("ends ") ? integerReply(Number(had.slice(5))) : NOTHING,
        ]);
      case "hdel":
      case "srem":
        return integerReply(members.delete(name) ? 1 : 0);
      case "get":
        return key === "no" ? NOTHING : textReply(key === "number" ? "7" : "text");
      case "counter.add":
        return integerReply(7 + Number(name));
      case "hash.delete":
      case "set.delete":
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
