/** What clients may do with the keys of one replica: checked, then carried out at once against what it holds. */

import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import { isTtlMs } from "../base/ttl.ts";
import { ttlUnder } from "../cluster/placement/policy.ts";
import { KIND_PLAIN } from "../core/record.ts";
import type { Shard } from "../core/shard.ts";
import type { Condition, PutOptions, ReadOutcome, WriteOptions, WriteOutcome } from "../store.ts";
import { dotAt, entryAt, versionAt } from "./register-view.ts";
import type { Replica } from "./replica.ts";

const CONTENT_TYPE_LENGTH_MAX = 255;

/** Throws `KEY_EMPTY` or `KEY_TOO_LONG`. */
export function checkKey(replica: Replica, key: Key): void {
  const max = replica.config.keyBytesMax;
  if (key.length === 0) throw new AtollError("KEY_EMPTY", "a key has at least one byte");
  if (key.length > max) throw new AtollError("KEY_TOO_LONG", `a key has at most ${max} bytes, this one ${key.length}`);
}

export function readKey(replica: Replica, space: SpaceId, key: Key, now: number): ReadOutcome {
  checkKey(replica, key);
  const shard = replica.shardOfKey(key, space);
  const slot = shard.find(KIND_PLAIN, key);
  if (slot === 0) return {};
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const dot = dotAt(shard.id, view, at);
  return shard.isLive(slot, now) ? { dot, entry: entryAt(view, at) } : { dot };
}

export type Write = { readonly value: Uint8Array; readonly options: PutOptions } | { readonly options: WriteOptions };

/** Carries a put or a deletion out. Throws before anything has changed. */
export function writeKey(replica: Replica, space: SpaceId, key: Key, write: Write, now: number): WriteOutcome {
  checkKey(replica, key);
  const ttlMs = "value" in write ? checkPut(replica, space, write) : undefined;
  const shard = replica.shardOfKey(key, space);
  const before = shard.find(KIND_PLAIN, key);
  const existed = before !== 0 && shard.isLive(before, now);
  if (write.options.condition !== undefined) {
    const version = existed ? versionAt(shard.table.viewOf(before), shard.table.offsetOf(before)) : undefined;
    checkCondition(write.options.condition, version);
  }
  const wantsConfirm =
    write.options.ack !== undefined && write.options.ack !== "memory" && write.options.ack !== "disk";
  const value = "value" in write ? write.value : undefined;
  const contentType = "value" in write ? write.options.contentType : undefined;
  const expiresAt = ttlMs === undefined ? undefined : Math.ceil(now + ttlMs);
  const slot = replica.write(shard, { kind: KIND_PLAIN, key, value, contentType, expiresAt }, wantsConfirm, now);
  return writtenAt(shard, slot, existed);
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

/** The time to live in ms that the keyspace gives it, if there is one. */
function checkPut(
  replica: Replica,
  space: SpaceId,
  { value, options }: { readonly value: Uint8Array; readonly options: PutOptions },
): number | undefined {
  const max = replica.config.valueBytesMax;
  if (value.length > max) throw new AtollError("VALUE_TOO_LARGE", `a value has at most ${max} bytes`);
  if (options.contentType !== undefined && options.contentType.length > CONTENT_TYPE_LENGTH_MAX) {
    throw new AtollError("CONTENT_TYPE_TOO_LONG", `a content type has at most ${CONTENT_TYPE_LENGTH_MAX} characters`);
  }
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
