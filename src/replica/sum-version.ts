/**
 * Versions of what several registers make up (`types/counter.ts`): the stamp of the newest of them, and in place of an origin a
 * mixture of the stamps and origins of all. So it changes with any of them, also with one that is older than the newest and comes
 * after it, and is the same wherever the same ones are held, in whatever order they came. That two mixtures are alike by chance is
 * one case in 2^53.
 *
 * A record that shows such a value (`shown-record.ts`) bears the mixture where a base says what it saw (`core/record/seen.ts`): as the
 * origin of a run whose first sequence no life comes to. Nobody keeps such a record.
 */

import { mix32 } from "../base/hash.ts";
import type { OriginId } from "../base/ids.ts";
import { NOTHING } from "../core/record/amount.ts";
import { ORIGIN_BYTES } from "../core/record/origin-bytes.ts";
import { originAt, seenAt, timestampAt } from "../core/record/record.ts";
import { decodeSeen, encodeSeen } from "../core/record/seen.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Sum } from "../types/counter.ts";

const TWO_21 = 2 ** 21;
const TWO_32 = 2 ** 32;
const SEEDS = [0x9e3779b9, 0x7f4a7c15] as const;

/** What `recordOfSum` says it saw, of this mixture. */
function markOf(mixture: OriginId): Uint8Array {
  const tally = { run: Number.MAX_SAFE_INTEGER, count: 1, sum: NOTHING };
  return encodeSeen(new Map([[mixture, tally]])) as Uint8Array;
}

const MARK = markOf(0 as OriginId);
/** The origin is behind the count. */
const ORIGIN_END = 1 + ORIGIN_BYTES;

/** Undefined: one register is all there is, and its version does. */
export function mixtureOf(shard: Shard, { base, from }: Sum): OriginId | undefined {
  const parts = base === 0 ? from : [base, ...from];
  if (parts.length < 2) return undefined;
  let [low, high] = [0, 0];
  for (const slot of parts) {
    const view = shard.table.viewOf(slot);
    const at = shard.table.offsetOf(slot);
    low ^= hashAt(view, at, SEEDS[0]);
    high ^= hashAt(view, at, SEEDS[1]);
  }
  return ((high >>> 11) * TWO_32 + (low >>> 0)) as OriginId;
}

/** Of a sum of several registers; undefined as `mixtureOf`. */
export function markOfSum(shard: Shard, sum: Sum): Uint8Array | undefined {
  const mixture = mixtureOf(shard, sum);
  return mixture === undefined ? undefined : markOf(mixture);
}

/** What a record bears by `markOfSum`; undefined of any other one. */
export function mixtureAt(view: DataView, at: number): OriginId | undefined {
  const seen = seenAt(view, at);
  if (seen === undefined || seen.length !== MARK.length || seen[0] !== MARK[0]) return undefined;
  for (let i = ORIGIN_END; i < MARK.length; i++) if (seen[i] !== MARK[i]) return undefined;
  const [mixture] = decodeSeen(seen).keys();
  return mixture;
}

function hashAt(view: DataView, at: number, seed: number): number {
  let hash = seed;
  for (const number of [timestampAt(view, at), originAt(view, at)]) {
    hash = mix32(hash ^ (number % TWO_32));
    hash = mix32(hash ^ (Math.floor(number / TWO_32) % TWO_21));
  }
  return hash;
}
