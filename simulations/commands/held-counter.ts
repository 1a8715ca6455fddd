/** What a counter comes to as the registers of a replica have it, and what was ever added to it as far as they tell. */

import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { slotsAddedTo } from "../../src/core/containers/counted-members.ts";
import { sightAt } from "../../src/core/containers/increments.ts";
import { decodeScore } from "../../src/core/containers/score-order.ts";
import { KIND_HASH, KIND_PLAIN, KIND_SORTED_SET } from "../../src/core/record/kind.ts";
import { fieldOfName, memberLengthAt, memberStartAt } from "../../src/core/record/member.ts";
import { bodyLengthAt, bodyStartAt } from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { memberSlot, memberValue } from "../../src/types/collection.ts";
import { sumOf, textOf } from "../../src/types/counter.ts";
import type { Bits } from "./command-history.ts";
import { COUNTED_MEMBER, type CounterType } from "./command-operation.ts";

const KINDS: Readonly<Record<CounterType, number>> = { counter: KIND_PLAIN, field: KIND_HASH, score: KIND_SORTED_SET };

/** Undefined: there is nothing under the key, or no such member. */
export function valueIn(shard: Shard, of: CounterType, key: Key, nowMs: number): Bits | undefined {
  if (of === "counter") return valueOfKey(shard, key, nowMs);
  const slot = memberSlot(shard, { kind: KINDS[of], key }, COUNTED_MEMBER, nowMs);
  return slot === 0 ? undefined : bitsOf(of, memberValue(shard, slot));
}

function valueOfKey(shard: Shard, key: Key, nowMs: number): Bits | undefined {
  const sum = sumOf(shard, key, nowMs);
  if (sum === undefined) return undefined;
  const text = textOf(shard, sum);
  return text === undefined ? baseIn(shard, "counter", sum.base) : bitsOf("counter", text);
}

/** What is held of additions, what the register that they were added to saw of them, and what that says. */
export function addedIn(shard: Shard, of: CounterType, key: Key): Bits {
  const [kind, field] = [KINDS[of], of === "counter" ? undefined : fieldOfName(COUNTED_MEMBER)];
  let bits = 0n;
  for (const slot of slotsAddedTo(shard, kind, key, field)) bits |= shard.increments.tallyIn(slot)?.sum.digits ?? 0n;
  const base = shard.find(kind, key, field);
  if (base === 0) return bits;
  for (const { sum } of sightAt(shard.table.viewOf(base), shard.table.offsetOf(base)).values()) bits |= sum.digits;
  return shard.isStanding(base) ? bits | baseIn(shard, of, base) : bits;
}

/** What a record says that stands by itself, of a backup. */
export function bitsInRecord(of: CounterType, view: DataView, bytes: Uint8Array, at: number): Bits {
  const start = of === "counter" ? bodyStartAt(view, at) : memberStartAt(view, at);
  const length = of === "counter" ? bodyLengthAt(view, at) : memberLengthAt(view, at);
  return bitsOf(of, bytes.subarray(start, start + length));
}

function baseIn({ table }: Shard, of: CounterType, slot: number): Bits {
  return bitsInRecord(of, table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
}

function bitsOf(of: CounterType, value: Uint8Array): Bits {
  return BigInt(of === "score" ? decodeScore(value) : latin1FromBytes(value));
}
