/** What clients may do with the keys of one replica: checked, then carried out at once against what it holds. */

import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId, Timestamp } from "../base/ids.ts";
import { NewestDots } from "../base/newest-dots.ts";
import { spaceOf } from "../base/shard-id.ts";
import { isTtlMs } from "../base/ttl.ts";
import { ttlUnder } from "../cluster/placement/policy.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { tagsAt, timestampAt, valueLengthAt } from "../core/record/record.ts";
import { tagsOf } from "../core/record/tags.ts";
import type { Shard } from "../core/shard/shard.ts";
import type {
  AckLevel,
  Condition,
  Dot,
  PutOptions,
  ReadOutcome,
  Version,
  WriteOptions,
  WriteOutcome,
} from "../store.ts";
import { isAddedTo, sumOf } from "../types/counter.ts";
import { dotAt, entryAt, versionAt, versionOf } from "./register-view.ts";
import type { Replica } from "./replica.ts";
import { newestOf, shownSum } from "./shown-record.ts";
import { mixtureOf } from "./sum-version.ts";
import { staleDot } from "./tag-invalidation.ts";

const CONTENT_TYPE_LENGTH_MAX = 255;
/** How long a write waits for what it asked for, ms; unless told. */
export const ACK_TIMEOUT_MS = 5000;

/** Throws `KEY_EMPTY` or `KEY_TOO_LONG`. */
export function checkKey(replica: Replica, key: Key): void {
  checkKeyLength(key.length, replica.config.keyBytesMax);
}

/** Throws `KEY_EMPTY` or `KEY_TOO_LONG`. */
export function checkKeyLength(length: number, max: number): void {
  if (length === 0) throw new AtollError("KEY_EMPTY", "a key has at least one byte");
  if (length > max) throw new AtollError("KEY_TOO_LONG", `a key has at most ${max} bytes, this one ${length}`);
}

/** It has to be taken back before it can be read. */
export class ValueAway {
  readonly shard: Shard;
  readonly slot: number;
  /** Of the version that is away. */
  readonly dot: Dot;

  constructor(shard: Shard, slot: number) {
    this.shard = shard;
    this.slot = slot;
    this.dot = dotAt(shard.id, shard.table.viewOf(slot), shard.table.offsetOf(slot));
  }
}

/** It takes so many bytes, and room for them has to be made before it can be read. */
export class ValueLong {
  readonly bytes: number;

  constructor(bytes: number) {
    this.bytes = bytes;
  }
}

/** `bytesMax`: a longer value is not read, be it here or away. */
export function readKey(
  replica: Replica,
  space: SpaceId,
  key: Key,
  now: number,
  bytesMax = Infinity,
): ReadOutcome | ValueAway | ValueLong {
  checkKey(replica, key);
  const shard = replica.shardOfKey(key, space);
  if (!isAddedTo(shard, key)) return readValue(replica, shard, key, now, bytesMax);
  const read = readSum(replica, shard, key, now, bytesMax);
  if (read instanceof ValueAway || read instanceof ValueLong) return read;
  return { ...read, beside: partsOf(shard, key, read.dot) };
}

/** The newest dot of each origin of what is held of a key that is added to, but for one. */
export function partsOf(shard: Shard, key: Key, but: Dot | undefined): readonly Dot[] {
  const base = shard.find(KIND_PLAIN, key);
  const slots = shard.increments.of(key);
  const noted = new NewestDots();
  for (const slot of base === 0 ? slots : [base, ...slots])
    noted.note(dotAt(shard.id, shard.table.viewOf(slot), shard.table.offsetOf(slot)));
  return noted.all.filter(({ origin, sequence }) => origin !== but?.origin || sequence !== but.sequence);
}

/** Of a key that is added to. */
function readSum(
  replica: Replica,
  shard: Shard,
  key: Key,
  now: number,
  bytesMax: number,
): ReadOutcome | ValueAway | ValueLong {
  const sum = sumOf(shard, key, now);
  if (sum === undefined || sum.from.length === 0) return readValue(replica, shard, key, now, bytesMax);
  const { base } = sum;
  if (base !== 0) {
    const valueLength = valueLengthAt(shard.table.viewOf(base), shard.table.offsetOf(base));
    if (valueLength > bytesMax) return new ValueLong(valueLength);
    if (shard.isAway(base)) return new ValueAway(shard, base);
    shard.values.used(base);
  } else shard.values.used(sum.from[0] as number);
  const { view, start } = shownSum(shard, key, sum);
  return { dot: dotAt(shard.id, view, start), entry: entryAt(view, start) };
}

function readValue(
  replica: Replica,
  shard: Shard,
  key: Key,
  now: number,
  bytesMax: number,
): ReadOutcome | ValueAway | ValueLong {
  const space = spaceOf(shard.id);
  const slot = shard.find(KIND_PLAIN, key);
  if (slot === 0) return {};
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const dot = dotAt(shard.id, view, at);
  if (!shard.isLive(slot, now)) {
    const staleBy = staleDot(replica, space, tagsAt(view, shard.table.bytesOf(slot), at), timestampAt(view, at));
    return staleBy === undefined ? { dot } : { dot, staleBy };
  }
  if (valueLengthAt(view, at) > bytesMax) return new ValueLong(valueLengthAt(view, at));
  if (shard.isAway(slot)) return new ValueAway(shard, slot);
  shard.values.used(slot);
  return { dot, entry: entryAt(view, at) };
}

export type Write = { readonly value: Uint8Array; readonly options: PutOptions } | { readonly options: WriteOptions };

/** A put or a deletion that has been found in order, and may be carried out at any replica. */
export interface KeyWrite {
  readonly key: Key;
  /** Absent: a deletion. */
  readonly value?: Uint8Array | undefined;
  readonly contentType?: string | undefined;
  /** In order. */
  readonly tags?: readonly string[] | undefined;
  /** What it is to be stamped above, as far as whoever was asked first knew (T2 of `core/shard/invalidations.ts`). */
  readonly above?: Timestamp | undefined;
  /** Unix ms. */
  readonly expiresAt?: number | undefined;
  readonly condition?: Condition | undefined;
  readonly ack?: AckLevel | undefined;
}

/** Carries a put or a deletion out. Throws before anything has changed. */
export function writeKey(replica: Replica, space: SpaceId, key: Key, write: Write, now: number): WriteOutcome {
  return carryOutWrite(replica, space, checkWrite(replica, space, key, write, now), undefined, now);
}

/** Throws where it is not in order. Its time to live begins now. */
export function checkWrite(replica: Replica, space: SpaceId, key: Key, write: Write, now: number): KeyWrite {
  checkKey(replica, key);
  const { ack, condition } = write.options;
  if (!("value" in write)) return { key, condition, ack };
  const ttlMs = checkPut(replica, space, write);
  const expiresAt = ttlMs === undefined ? undefined : Math.ceil(now + ttlMs);
  const tags = tagsOf(write.options.tags);
  const checked = { key, value: write.value, contentType: write.options.contentType, expiresAt, condition, ack };
  if (tags === undefined) return checked;
  const newest = replica.invalidations.of(space).newestOf(tags);
  return { ...checked, tags, ...(newest > 0 && { above: newest as Timestamp }) };
}

/**
 * Carries out what has been checked. `stamp`: what it is to bear, where it was given one elsewhere; greater where that is
 * not above what is held of the key. Throws `PRECONDITION_FAILED` before anything has changed.
 */
export function carryOutWrite(
  replica: Replica,
  space: SpaceId,
  write: KeyWrite,
  stamp: Timestamp | undefined,
  now: number,
): WriteOutcome {
  const { key, value, contentType, tags, above, expiresAt, condition, ack } = write;
  const shard = replica.shardOfKey(key, space);
  const version = versionIn(shard, key, now);
  const existed = version !== undefined;
  if (condition !== undefined) checkCondition(condition, version);
  const wantsConfirm = ack !== undefined && ack !== "memory" && ack !== "disk";
  const local = { kind: KIND_PLAIN, key, value, contentType, tags, above, expiresAt, stamp };
  const slot = replica.write(shard, local, wantsConfirm, now);
  return writtenAt(shard, slot, existed);
}

/** Of what is under a key; undefined: there is nothing. */
export function versionIn(shard: Shard, key: Key, now: number): Version | undefined {
  const sum = isAddedTo(shard, key) ? sumOf(shard, key, now) : undefined;
  const held = sum === undefined ? shard.find(KIND_PLAIN, key) : newestOf(shard, sum);
  if (held === 0 || !shard.isLive(held, now)) return undefined;
  const view = shard.table.viewOf(held);
  const at = shard.table.offsetOf(held);
  const mixture = sum === undefined ? undefined : mixtureOf(shard, sum);
  return mixture === undefined ? versionAt(view, at) : versionOf(timestampAt(view, at), mixture);
}

/** What a write came to that has just been carried out here. */
export function writtenAt(shard: Shard, slot: number, existed: boolean): WriteOutcome {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  return {
    version: versionAt(view, at),
    dot: dotAt(shard.id, view, at),
    existed,
    acks: { reached: 1, wanted: 1, met: true },
  };
}

/** Throws `VALUE_TOO_LARGE` or `CONTENT_TYPE_TOO_LONG`. */
export function checkSizes(replica: Replica, { value, contentType }: Pick<KeyWrite, "value" | "contentType">): void {
  const max = replica.config.valueBytesMax;
  if (value !== undefined && value.length > max) {
    throw new AtollError("VALUE_TOO_LARGE", `a value has at most ${max} bytes`);
  }
  if (contentType !== undefined && contentType.length > CONTENT_TYPE_LENGTH_MAX) {
    throw new AtollError("CONTENT_TYPE_TOO_LONG", `a content type has at most ${CONTENT_TYPE_LENGTH_MAX} characters`);
  }
}

/** The time to live in ms that the keyspace gives it, if there is one. */
function checkPut(
  replica: Replica,
  space: SpaceId,
  { value, options }: { readonly value: Uint8Array; readonly options: PutOptions },
): number | undefined {
  checkSizes(replica, { value, contentType: options.contentType });
  const { ttlMs } = options;
  if (ttlMs !== undefined && !isTtlMs(ttlMs)) {
    throw new AtollError("BAD_TTL", "a time to live is a whole number of ms, from 1 to ten years");
  }
  return ttlUnder(replica.keyspaces.policyOf(space), ttlMs);
}

/** Throws `PRECONDITION_FAILED`; `version` undefined: there is nothing. */
export function checkCondition(condition: Condition, version: string | undefined): void {
  const holds =
    condition.type === "absent"
      ? version === undefined
      : version !== undefined && (condition.type === "present" || condition.versions.includes(version));
  if (!holds) {
    throw new AtollError(
      "PRECONDITION_FAILED",
      `the key is ${version === undefined ? "absent" : `at version ${version}`}`,
    );
  }
}
