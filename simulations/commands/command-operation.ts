/** What clients do with collections and counters by commands, as data, like the operations on values (`workload/operation.ts`). */

import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import type { CommandWords } from "../../src/command-store.ts";

export type CollectionType = "hash" | "set" | "zset" | "list";
/** What is added to: the value of a key, or one member of a hash or a sorted set. */
export type CounterType = "counter" | "field" | "score";
export type CommandedType = CollectionType | CounterType;

export type CommandType =
  /** Adds a member, or gives it another value. */
  | "add"
  | "remove"
  /** Takes a member, whichever the replica has first. */
  | "pop"
  /** Adds to a counter. */
  | "increase"
  /** Writes zero over a counter. */
  | "reset"
  /** Removes a member that is added to. */
  | "clear"
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
  readonly of: CommandedType;
  readonly key: Key;
  /** Of what is added or removed. No two elements of a list have the same name. */
  readonly member?: string;
  /** Of what is added to a counter: the power of two. No other of the same counter adds as much, so that what it comes to tells what was added. */
  readonly bit?: number;
}

/** Powers of two that a counter holds; a score is a double. */
export const BITS_MAX: Readonly<Record<CounterType, number>> = { counter: 62, field: 62, score: 52 };

/** The member that is added to. */
export const COUNTED_MEMBER = "n";

export function isCounter(of: CommandedType): of is CounterType {
  return of === "counter" || of === "field" || of === "score";
}

/** The name and the arguments. */
export function wordsOf(operation: CommandOperation): CommandWords {
  return textOf(operation).map(bytesFromLatin1);
}

function textOf(operation: CommandOperation): readonly string[] {
  return isCounter(operation.of) ? textOfCounter(operation, operation.of) : textOfCollection(operation, operation.of);
}

function textOfCounter({ key, type, bit = 0 }: CommandOperation, of: CounterType): readonly string[] {
  const [by, member] = [String(1n << BigInt(bit)), COUNTED_MEMBER];
  switch (type) {
    case "increase":
      return { counter: ["incrby", key, by], field: ["hincrby", key, member, by], score: ["zincrby", key, by, member] }[
        of
      ];
    case "reset":
      return { counter: ["set", key, "0"], field: ["hset", key, member, "0"], score: ["zadd", key, "0", member] }[of];
    case "clear":
      return { counter: ["del", key], field: ["hdel", key, member], score: ["zrem", key, member] }[of];
    case "drop":
      return ["del", key];
    default:
      return { counter: ["get", key], field: ["hget", key, member], score: ["zscore", key, member] }[of];
  }
}

function textOfCollection({ id, type, key, member = "" }: CommandOperation, of: CollectionType): readonly string[] {
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
    default:
      return {
        hash: ["hgetall", key],
        set: ["smembers", key],
        zset: ["zrange", key, "0", "-1", "withscores"],
        list: ["lrange", key, "0", "-1"],
      }[of];
  }
}
