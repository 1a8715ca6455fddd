/** Makes what clients do with collections from a seed and a profile. */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import { exponential, pickWeighted } from "../simulator/draws.ts";
import {
  BITS_MAX,
  type CommandedType,
  type CommandOperation,
  type CommandType,
  isCounter,
} from "./command-operation.ts";

export interface CommandsProfile {
  /** Of each type of collection. */
  readonly keys: number;
  /** Of each hash, set and sorted set. */
  readonly members: number;
  readonly operationsPerSecond: number;
  readonly of: Readonly<Record<CommandedType, number>>;
  readonly types: Readonly<Record<Exclude<CommandType, "increase" | "reset" | "clear">, number>>;
}

/** What is done to a counter in place of what is done to a collection. */
const COUNTED = { add: "increase", remove: "reset", pop: "clear", drop: "drop", read: "read" } as const;

interface Span {
  readonly nodes: number;
  readonly fromMs: number;
  readonly untilMs: number;
}

export function generateCommands(
  random: SeededRandom,
  profile: CommandsProfile & Span,
  nextId: () => number,
): CommandOperation[] {
  const operations: CommandOperation[] = [];
  const pushed = new Map<Key, string[]>();
  const bits = new Map<Key, number>();
  let at = profile.fromMs;
  for (;;) {
    at += exponential(random, 1000 / profile.operationsPerSecond);
    if (at >= profile.untilMs) return operations;
    const of = pickWeighted(random, profile.of);
    const drawn = pickWeighted(random, profile.types);
    // Nothing takes a field of a hash, whichever it is.
    const type = isCounter(of) ? COUNTED[drawn] : drawn === "pop" && of === "hash" ? "remove" : drawn;
    const key = `${of}${random.below(profile.keys)}` as Key;
    const id = nextId();
    const operation = { id, at, node: random.below(profile.nodes), type, of, key };
    if (type === "increase" && isCounter(of)) {
      const bit = bits.get(key) ?? 0;
      bits.set(key, bit + 1);
      if (bit < BITS_MAX[of]) operations.push({ ...operation, bit });
    } else if (type !== "add" && type !== "remove") operations.push(operation);
    else if (of === "list") {
      const elements = pushed.get(key) ?? [];
      pushed.set(key, elements);
      if (type === "add") elements.push(`e${id}`);
      operations.push({
        ...operation,
        member: type === "add" || elements.length === 0 ? `e${id}` : random.pick(elements),
      });
    } else operations.push({ ...operation, member: `m${random.below(profile.members)}` });
  }
}
