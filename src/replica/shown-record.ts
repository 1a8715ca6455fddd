/**
 * Values that many registers make up (`types/counter.ts`), each as one record: for whoever is told of a key in records, and knows
 * nothing of the others. It bears stamp and dot of the newest of those that it is made of.
 */

import type { Key } from "../base/ids.ts";
import { slotsAddedTo } from "../core/containers/counted-members.ts";
import { sightAt } from "../core/containers/increments.ts";
import { baseKindOf, isValueIncrementsKind, KIND_PLAIN } from "../core/record/kind.ts";
import { fieldOfName, nameAt, valueWithName } from "../core/record/member.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  contentTypeAt,
  expiresAt,
  FLAG_DEAD,
  FLAG_GONE,
  flagsAt,
  isDead,
  isGone,
  keyAt,
  kindAt,
  originAt,
  type RecordFields,
  RecordWriter,
  sequenceAt,
  tagsAt,
  timestampAt,
} from "../core/record/record.ts";
import { compareRecords } from "../core/record/record-order.ts";
import { encodeSeen, NONE_SEEN } from "../core/record/seen.ts";
import type { Shard } from "../core/shard/shard.ts";
import { partsOfMember, summedValue } from "../types/counted-member.ts";
import { endOf, isAddedTo, type Sum, sumOf, textOf } from "../types/counter.ts";
import type { Records } from "../wire/records.ts";
import { markOfSum } from "./sum-version.ts";

const writer = new RecordWriter();

/** The slot of the newest register that a sum is made of. */
export function newestOf(shard: Shard, { base, from }: Sum): number {
  const { table } = shard;
  let newest = base;
  for (const slot of from) {
    const isNewer =
      newest === 0 ||
      compareRecords(table.viewOf(slot), table.offsetOf(slot), table.viewOf(newest), table.offsetOf(newest)) > 0;
    if (isNewer) newest = slot;
  }
  return newest;
}

/** As `recordOfSum`, for whoever is only shown it: its version is that of all it is made of (`sum-version.ts`). */
export function shownSum(shard: Shard, key: Key, sum: Sum): Records {
  return recordOfSum(shard, key, sum, markOfSum(shard, sum));
}

/** Valid until the next one is made. The value of its base is in memory. */
export function recordOfSum(shard: Shard, key: Key, sum: Sum, seen?: Uint8Array): Records {
  const text = textOf(shard, sum);
  const fields = sum.base === 0 ? {} : baseFields(shard, sum.base);
  const due = endOf(shard, sum);
  return made(shard, newestOf(shard, sum), {
    ...fields,
    flags: 0,
    key,
    ...(text !== undefined && { value: text }),
    expiresAt: due,
    seen,
  });
}

/** What of additions is in what a number comes to here, encoded: whoever writes that down elsewhere has seen them. */
export function sightOfSum(shard: Shard, kind: number, key: Key, field?: string): Uint8Array | undefined {
  const { increments, table, vector } = shard;
  const base = shard.find(kind, key, field);
  const last = base === 0 ? NONE_SEEN : sightAt(table.viewOf(base), table.offsetOf(base));
  return encodeSeen(increments.sight(slotsAddedTo(shard, kind, key, field), last, vector, undefined));
}

/** Of a member of a collection, by the slot that stands for it; undefined: its own register says what it comes to. */
export function recordOfMember(shard: Shard, slot: number): Records | undefined {
  const value = summedValue(shard, slot);
  if (value === undefined) return undefined;
  const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  const name = nameAt(view, at);
  const [kind, key] = [baseKindOf(kindAt(view, at)), keyAt(view, shard.table.bytesOf(slot), at)];
  const seen = sightOfSum(shard, kind, key, fieldOfName(name));
  return made(shard, newestOf(shard, { base: 0, added: undefined, from: partsOfMember(shard, slot) }), {
    flags: 0,
    kind,
    key,
    field: fieldOfName(name),
    value: valueWithName(name, value),
    expiresAt: expiresAt(view, at),
    seen,
  });
}

function baseFields(shard: Shard, slot: number): Pick<RecordFields, "contentType" | "tags" | "value"> {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const bytes = shard.table.bytesOf(slot);
  const start = bodyStartAt(view, at);
  const value = bytes.subarray(start, start + bodyLengthAt(view, at));
  return { contentType: contentTypeAt(view, bytes, at), tags: tagsAt(view, bytes, at), value };
}

function made(shard: Shard, stampedAs: number, fields: Partial<RecordFields> & { key: Key; flags: number }): Records {
  const view = shard.table.viewOf(stampedAs);
  const at = shard.table.offsetOf(stampedAs);
  const end = writer.write({
    kind: KIND_PLAIN,
    value: undefined,
    timestamp: timestampAt(view, at),
    origin: originAt(view, at),
    sequence: sequenceAt(view, at),
    ...fields,
  });
  return { bytes: writer.bytes, view: writer.view, start: 0, end };
}

/**
 * What a key shows now that a register of it, a value or increments, has come or changed. "itself": what that says; "nothing": no
 * more, or less, than before; "away": that can be told only once the value that was added to is back in memory.
 */
export function shownAfter(
  shard: Shard,
  slotView: DataView,
  at: number,
  now: number,
): Records | "itself" | "nothing" | "away" {
  const kind = kindAt(slotView, at);
  if (shard.increments.count === 0 || (kind !== KIND_PLAIN && !isValueIncrementsKind(kind))) return "itself";
  const key = keyAt(slotView, new Uint8Array(slotView.buffer, slotView.byteOffset, slotView.byteLength), at);
  if (!isAddedTo(shard, key)) return "itself";
  const sum = sumOf(shard, key, now);
  // Increments beside a value are removed only once that has seen them (U1 of `types/counter-upkeep.ts`).
  if (sum !== undefined && sum.base !== 0 && kind !== KIND_PLAIN && isDead(flagsAt(slotView, at))) return "nothing";
  if (sum !== undefined) return sum.base !== 0 && shard.isAway(sum.base) ? "away" : shownSum(shard, key, sum);
  if (kind === KIND_PLAIN) return "itself";
  if (shard.find(KIND_PLAIN, key) !== 0) return "nothing";
  const isOver = isGone(flagsAt(slotView, at)) || expiresAt(slotView, at) <= now;
  const [own] = shard.increments.of(key);
  return own === undefined ? "nothing" : made(shard, own, { key, flags: isOver ? FLAG_GONE : FLAG_DEAD });
}
