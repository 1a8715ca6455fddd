/** Makes a list of operations from a seed and a profile. Few keys, skewed, so that writes collide. */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { AckLevel } from "../../src/store.ts";
import { exponential, pickWeighted, skewedBelow, smallUnit } from "../simulator/draws.ts";
import type { Operation, OperationType } from "./operation.ts";

export interface WorkloadProfile {
  readonly nodes: number;
  readonly keys: number;
  /** Zipf exponent; 0 = every key as likely. */
  readonly skew: number;
  readonly operationsPerSecond: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly types: Readonly<Record<Exclude<OperationType, "keys" | "invalidate">, number>>;
  readonly acks: Readonly<Record<AckLevel, number>>;
  /** Of the puts, the share that expires, and after how long at most. */
  readonly ttlShare: number;
  readonly ttlMsMax: number;
  readonly valueBytesMax: number;
}

/** Names that break what treats keys as text or as properties. */
const AWKWARD_KEYS = ["__proto__", "constructor", "\0", "../x", "\xff\xfe", "toString", " ", "{a}b"];

/** Ids in turn: those of one plan are unique. */
export function countFrom(first: number): () => number {
  let next = first;
  return () => next++;
}

export function keyOf(index: number): Key {
  return (AWKWARD_KEYS[index - 4] ?? `k${index}`) as Key;
}

export function generateOperations(
  random: SeededRandom,
  profile: WorkloadProfile,
  nextId: () => number = countFrom(0),
): Operation[] {
  const operations: Operation[] = [];
  const meanGapMs = 1000 / profile.operationsPerSecond;
  let at = profile.fromMs + exponential(random, meanGapMs);
  for (; at < profile.untilMs; at += exponential(random, meanGapMs)) {
    operations.push(drawOperation(random, profile, nextId(), at));
  }
  return operations;
}

/** One operation of the profile, at a node of its own. */
export function drawOperation(random: SeededRandom, profile: WorkloadProfile, id: number, at: number): Operation {
  const type = pickWeighted(random, profile.types);
  const draw = (): Key => keyOf(skewedBelow(random, profile.keys, profile.skew));
  const key = draw();
  const expires = random.chance(profile.ttlShare) && (type === "put" || type === "put-absent" || type === "update");
  // Mostly short: what expires should do so while faults are about.
  const ttlMs = expires ? Math.ceil(profile.ttlMsMax * smallUnit(random)) + 1 : undefined;
  const alsoKeys =
    type === "batch" ? [...new Set(Array.from({ length: 3 }, draw))].filter((other) => other !== key) : [];
  return {
    id,
    at,
    node: random.below(profile.nodes),
    type,
    key,
    ack: pickWeighted(random, profile.acks),
    valueBytes: random.between(12, Math.max(12, profile.valueBytesMax)),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(alsoKeys.length === 0 ? {} : { alsoKeys }),
  };
}
