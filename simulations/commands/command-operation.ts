/** What clients do with collections by commands, as data, like the operations on values (`workload/operation.ts`). */

import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import type { CommandWords } from "../../src/command-store.ts";

export type CollectionType = "hash" | "set" | "zset" | "list";

export type CommandType =
  /** Adds a member, or gives it another value. */
  | "add"
  | "remove"
  /** Takes a member, whichever the replica has first. */
  | "pop"
  /** Deletes the whole. */
  | "drop"
  /** Looks at every member. */
  | "read";

export interface CommandOperation {
  /** Unique in a plan, also among its other operations; what is added names it. */
  readonly id: number;
  readonly at: number;
  readonly node: number;
  readonly type: CommandType;
  readonly of: CollectionType;
  readonly key: Key;
  /** Of what is added or removed. No two elements of a list have the same name. */
  readonly member?: string;
}

/** The name and the arguments. */
export function wordsOf(operation: CommandOperation): CommandWords {
  return textOf(operation).map(bytesFromLatin1);
}

function textOf({ id, type, of, key, member = "" }: CommandOperation): readonly string[] {
  switch (type) {
    case "add":
      return {
        hash: ["hset", key, member, `${id}`],
        set: ["sadd", key, member],
        zset: ["zadd", key, `${id}`, member],
        list: [id % 2 === 0 ? "rpush" : "lpush", key, member],
      }[of];
    case "remove":
      return {
        hash: ["hdel", key, member],
        set: ["srem", key, member],
        zset: ["zrem", key, member],
        list: ["lrem", key, "0", member],
      }[of];
    case "pop":
      return { hash: ["hrandfield", key], set: ["spop", key], zset: ["zpopmin", key], list: ["lpop", key] }[of];
    case "drop":
      return ["del", key];
    case "read":
      return {
        hash: ["hgetall", key],
        set: ["smembers", key],
        zset: ["zrange", key, "0", "-1", "withscores"],
        list: ["lrange", key, "0", "-1"],
      }[of];
  }
}
