/**
 * Numbers that are added to: what a key comes to, of a base and of increments by many replicas (`core/containers/increments.ts`). Writes are
 * told, not made: whoever calls hands them to the shard, in order.
 */

import { bytesFromLatin1, latin1FromBytes } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import {
  encodeRun,
  isTakenAlong,
  type Over,
  overAt,
  type Run,
  sightAt,
  unseenOf,
} from "../core/containers/increments.ts";
import { type Amount, addAmounts, amountOfText, textOfAmount } from "../core/record/amount.ts";
import { incrementsOf, KIND_PLAIN } from "../core/record/kind.ts";
import { textOfOrigin } from "../core/record/origin-bytes.ts";
import { bodyLengthAt, bodyStartAt, expiresAt, flagsAt, isGone, timestampAt } from "../core/record/record.ts";
import { NONE_SEEN } from "../core/record/seen.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";

/** A longer text is no number that is worth it. */
const NUMBER_BYTES_MAX = 5 * 1024;

/** A sum may be written anew one tick after its base (U2 of `counter-upkeep.ts`): what is to end it is to be above that. */
const REMOVAL_TICKS = 2;

/** What a key that was added to comes to. */
export interface Sum {
  /** The slot of the value that was added to; 0: it was deleted, or never there. */
  readonly base: number;
  /** What was added to it, that it does not have; undefined: nothing. */
  readonly added: Amount | undefined;
  /** Slots of the registers that say so. */
  readonly from: readonly number[];
}

/** False where a key is what its value says: the least work for keys that nobody adds to. */
export function isAddedTo(shard: Shard, key: Key): boolean {
  return shard.increments.count > 0 && shard.increments.of(key).length > 0;
}

/** Undefined: there is nothing under the key. */
export function sumOf(shard: Shard, key: Key, nowMs: number): Sum | undefined {
  const slot = shard.find(KIND_PLAIN, key);
  const base = slot !== 0 && shard.isLive(slot, nowMs) ? slot : 0;
  const over = overIn(shard, slot, nowMs);
  const seen = slot === 0 ? NONE_SEEN : sightAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  const from: number[] = [];
  let added: Amount | undefined;
  for (const each of shard.increments.of(key)) {
    const run = shard.isLive(each, nowMs) ? shard.increments.runIn(each) : undefined;
    if (run === undefined || (over !== undefined && isTakenAlong(run, over))) continue;
    const unseen = unseenOf(run.tally, seen.get(shard.increments.originIn(each)));
    if (unseen === undefined) continue;
    added = added === undefined ? unseen : addAmounts(added, unseen);
    from.push(each);
  }
  return base === 0 && added === undefined ? undefined : { base, added, from };
}

/** Of a base that is over, and took with it what was added to it (N5); undefined of any other one. */
function overIn(shard: Shard, slot: number, nowMs: number): Over | undefined {
  if (slot === 0 || !shard.isOver(slot, nowMs)) return undefined;
  return overAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
}

/** True where there is a value under a key, be it one that consists of increments alone. */
export function isValueThere(shard: Shard, key: Key, nowMs: number): boolean {
  const slot = shard.find(KIND_PLAIN, key);
  if (slot !== 0 && shard.isLive(slot, nowMs)) return true;
  return isAddedTo(shard, key) && sumOf(shard, key, nowMs) !== undefined;
}

/** What it comes to, where its base is in memory; undefined: the value of the base as it is, which lacks nothing, or is no number. */
export function amountOf(shard: Shard, { base, added }: Sum): Amount | undefined {
  if (added === undefined || base === 0) return added;
  const amount = numberIn(shard, base);
  return amount === undefined ? undefined : addAmounts(amount, added);
}

/** The same, as the value is written. */
export function textOf(shard: Shard, sum: Sum): Uint8Array | undefined {
  const amount = amountOf(shard, sum);
  return amount === undefined ? undefined : bytesFromLatin1(textOfAmount(amount));
}

function numberIn(shard: Shard, slot: number): Amount | undefined {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const start = bodyStartAt(view, at);
  return numberOf(shard.table.bytesOf(slot).subarray(start, start + bodyLengthAt(view, at)));
}

/** What a value says; undefined: it is no number. */
export function numberOf(value: Uint8Array): Amount | undefined {
  return value.length > NUMBER_BYTES_MAX ? undefined : amountOfText(latin1FromBytes(value));
}

/** When it expires, unix ms; `Infinity`: it does not. Without a base as late as any of what it consists of. */
export function endOf(shard: Shard, { base, from }: Sum): number {
  const end = (slot: number) => expiresAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  return base !== 0 ? end(base) : Math.max(...from.map(end));
}

/** Adds to what is under a key. `due`: when that expires; undefined: it does not. */
export function addition(shard: Shard, key: Key, by: Amount, due: number | undefined, nowMs: number): LocalWrite {
  const slot = shard.find(KIND_PLAIN, key);
  const over = overIn(shard, slot, nowMs);
  const last = ownRun(shard, key, nowMs);
  if (last === undefined || (over !== undefined && isTakenAlong(last, over))) {
    const after = slot === 0 ? lastOf(shard, key) : (over?.stamp ?? 0);
    const tally = { run: shard.nextSequence, count: 1, sum: by };
    return incrementsWrite(shard, key, { after, began: Math.floor(nowMs), tally }, due);
  }
  const { run, count, sum } = last.tally;
  const tally = { run, count: count + 1, sum: addAmounts(sum, by) };
  return incrementsWrite(shard, key, { ...last, tally }, due);
}

/**
 * Once a key has been given another end: what was added here ends then, too, seen as it is, and has not to be removed. Undefined:
 * nothing was.
 */
export function prolonged(shard: Shard, key: Key, nowMs: number): LocalWrite | undefined {
  const run = isAddedTo(shard, key) ? ownRun(shard, key, nowMs) : undefined;
  const sum = run === undefined ? undefined : sumOf(shard, key, nowMs);
  if (run === undefined || sum === undefined) return undefined;
  const end = endOf(shard, sum);
  return incrementsWrite(shard, key, run, end === Infinity ? undefined : end);
}

/** Of this life, if it stands. */
function ownRun(shard: Shard, key: Key, nowMs: number): Run | undefined {
  const slot = shard.find(incrementsOf(KIND_PLAIN), key, textOfOrigin(shard.ownOrigin));
  return slot !== 0 && shard.isLive(slot, nowMs) ? shard.increments.runIn(slot) : undefined;
}

/** Two ticks above the base at the least (U3 of `counter-upkeep.ts`). */
function incrementsWrite(shard: Shard, key: Key, run: Run, expiresAt: number | undefined): LocalWrite {
  return {
    kind: incrementsOf(KIND_PLAIN),
    key,
    field: textOfOrigin(shard.ownOrigin),
    value: encodeRun(run),
    expiresAt,
    above: lastOf(shard, key) + 1,
  };
}

/** Stamp of the base of a key; where none is held, the newest that was purged from its bucket. */
function lastOf(shard: Shard, key: Key): number {
  const slot = shard.find(KIND_PLAIN, key);
  return slot === 0 ? shard.graves.markOf(KIND_PLAIN, key) : stampIn(shard, slot);
}

function stampIn({ table }: Shard, slot: number): number {
  return timestampAt(table.viewOf(slot), table.offsetOf(slot));
}

/**
 * What has to be written for all to go that is held of a number: its base dies with all that was seen, so that of a run that somebody
 * goes on with only what was not seen here counts; and the increments go at once. It is stamped just above all that is removed,
 * increments included: so it wins over a sum that is written anew at the same time, and loses to what is put later. Undefined: nothing
 * was added to it.
 */
export function removalOfSum(
  shard: Shard,
  key: Key,
): { readonly death: LocalWrite; readonly removals: readonly LocalWrite[] } | undefined {
  const { increments, table } = shard;
  const slots = increments.count === 0 ? [] : increments.of(key).filter((slot) => shard.isStanding(slot));
  if (slots.length === 0) return undefined;
  const base = shard.find(KIND_PLAIN, key);
  const additions = increments.of(key).map((slot) => stampIn(shard, slot) + 1);
  const isOver = base !== 0 && isGone(flagsAt(table.viewOf(base), table.offsetOf(base)));
  const death = {
    kind: KIND_PLAIN,
    key,
    stamp: Math.max(lastOf(shard, key) + REMOVAL_TICKS, ...additions),
    ...(base !== 0 && !isOver && { isRemoval: true }),
  };
  const removals = slots.map((slot) => ({
    kind: incrementsOf(KIND_PLAIN),
    key,
    field: textOfOrigin(increments.originIn(slot)),
    isRemoval: true,
  }));
  return { death, removals };
}
