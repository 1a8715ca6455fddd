/** What the value of a key is made of: of a key that nobody adds to one register, and of nothing else. */

import type { Key } from "../../base/ids.ts";
import { KIND_PLAIN } from "../../core/record/kind.ts";
import { bodyLengthAt, bodyStartAt, contentTypeAt, tagsAt, wholeLength } from "../../core/record/record.ts";
import type { LocalWrite } from "../../core/shard/author.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { versionAt } from "../../replica/register-view.ts";
import { endOf, isAddedTo, type Sum, sumOf, textOf } from "../../types/counter.ts";

/** Of a register, with its place in the table. */
const REGISTER_BYTES = 64;
const NO_SLOTS: readonly number[] = [];
const NO_VALUE: Sum = { base: 0, added: undefined, from: NO_SLOTS };

/** `lost`: keys whose values nobody has, which are not there. */
export function valueIn(shard: Shard, key: Key, now: number, lost?: ReadonlySet<Key>): Sum {
  if (isAddedTo(shard, key) && !isLost(shard, key, now, lost)) return sumOf(shard, key, now) ?? NO_VALUE;
  const base = liveIn(shard, key, now, lost);
  return base === 0 ? NO_VALUE : { base, added: undefined, from: NO_SLOTS };
}

/** The slot of the live value of a key, or 0. */
export function liveIn(shard: Shard, key: Key, now: number, lost?: ReadonlySet<Key>): number {
  const slot = shard.find(KIND_PLAIN, key);
  if (slot === 0 || !shard.isLive(slot, now)) return 0;
  return lost?.has(key) === true && shard.isAway(slot) ? 0 : slot;
}

/** True of a value that nobody has. */
export function isLost(shard: Shard, key: Key, now: number, lost: ReadonlySet<Key> | undefined): boolean {
  if (lost?.has(key) !== true) return false;
  const slot = shard.find(KIND_PLAIN, key);
  return slot !== 0 && shard.isLive(slot, now) && shard.isAway(slot);
}

/** All that is held of it: what it comes to, or that there is none, is what these say together. */
export function registersOf(shard: Shard, key: Key): readonly number[] {
  const base = shard.find(KIND_PLAIN, key);
  return base === 0 ? shard.increments.of(key) : [base, ...shard.increments.of(key)];
}

export function isThere({ base, from }: Sum): boolean {
  return base !== 0 || from.length > 0;
}

/** Of a value that is there; undefined: it does not expire. */
export function dueOf(shard: Shard, value: Sum): number | undefined {
  const end = endOf(shard, value);
  return end === Infinity ? undefined : end;
}

/** What it comes to, where its base is in memory; a view, valid until something is written. */
export function bytesOfValue(shard: Shard, value: Sum): Uint8Array {
  return textOf(shard, value) ?? bodyOf(shard, value.base);
}

/** What is told of it beside. */
export function detailsOfValue(shard: Shard, { base }: Sum): Pick<LocalWrite, "contentType" | "tags"> {
  if (base === 0) return {};
  const view = shard.table.viewOf(base);
  const at = shard.table.offsetOf(base);
  const bytes = shard.table.bytesOf(base);
  return { contentType: contentTypeAt(view, bytes, at), tags: tagsAt(view, bytes, at) };
}

/** True of the first increments of a value that consists of these alone: the register that stands for its key. */
export function isFirstOf({ base, from }: Sum, slot: number): boolean {
  return base === 0 && from[0] === slot;
}

/** True of a key whose value consists of what was added alone. */
export function isLonelySum(shard: Shard, key: Key, now: number): boolean {
  return sumOf(shard, key, now)?.base === 0;
}

/** Another one once any of it has changed. */
export function versionOfValue(shard: Shard, value: Sum): string {
  return partsOf(value)
    .map((slot) => versionAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)))
    .join();
}

/** The same of a key under which there is nothing: of what tells that something was deleted. */
export function versionOfNothing(shard: Shard, key: Key): string {
  const slot = shard.find(KIND_PLAIN, key);
  const value = slot === 0 ? "" : versionAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  return [value, ...Array.from(shard.containers.under(key), ({ kind, changes }) => `${kind}:${changes}`)].join();
}

/** Bytes that it takes of memory, about. */
export function sizeOfValue(shard: Shard, value: Sum): number {
  const sizeOf = (slot: number) => REGISTER_BYTES + wholeLength(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  return partsOf(value).reduce((bytes, slot) => bytes + sizeOf(slot), 0);
}

function partsOf({ base, from }: Sum): readonly number[] {
  return base === 0 ? from : [base, ...from];
}

function bodyOf(shard: Shard, slot: number): Uint8Array {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  return new Uint8Array(view.buffer, view.byteOffset + bodyStartAt(view, at), bodyLengthAt(view, at));
}
