/** What a counter comes to as the registers of a replica have it, and what was ever added to it as far as they tell. */

import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { sightAt } from "../../src/core/increments.ts";
import { KIND_PLAIN } from "../../src/core/kind.ts";
import { bodyLengthAt, bodyStartAt } from "../../src/core/record.ts";
import type { Shard } from "../../src/core/shard.ts";
import { sumOf, textOf } from "../../src/types/counter.ts";
import type { Bits } from "./command-history.ts";

/** Undefined: there is nothing under the key. */
export function valueIn(shard: Shard, key: Key, nowMs: number): Bits | undefined {
  const sum = sumOf(shard, key, nowMs);
  if (sum === undefined) return undefined;
  const text = textOf(shard, sum) ?? bytesFromLatin1(baseText(shard, sum.base));
  return BigInt(latin1FromBytes(text));
}

/** What is held of additions, what the value that is held saw of them, and what that is. */
export function addedIn(shard: Shard, key: Key): Bits {
  let bits = 0n;
  for (const slot of shard.increments.of(key)) bits |= shard.increments.tallyIn(slot)?.sum.digits ?? 0n;
  const base = shard.find(KIND_PLAIN, key);
  if (base === 0) return bits;
  const [view, at] = [shard.table.viewOf(base), shard.table.offsetOf(base)];
  for (const { sum } of sightAt(view, at).values()) bits |= sum.digits;
  return shard.isStanding(base) ? bits | BigInt(baseText(shard, base)) : bits;
}

function baseText(shard: Shard, slot: number): string {
  const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  const start = bodyStartAt(view, at);
  return latin1FromBytes(shard.table.bytesOf(slot), start, start + bodyLengthAt(view, at));
}
