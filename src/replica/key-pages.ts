/**
 * Live keys, page by page: shard by shard, in the order of `core/key-order.ts`. A cursor is the place where the next page
 * begins, `shard.order`, or `shard.order.key` behind a key of an order that more keys share than fit on a page. It means
 * the same at every replica of the cluster, now and after a restart: nothing is kept for it.
 *
 * A page visits about as many registers as it has room for keys, and at most `SCAN_MAX` and those of one part of a shard:
 * 60,000, or some 40 ms, where a shard alone holds a million.
 */

import { bytesFromLatin1 } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import { ORDER_MAX, orderOf, PARTS, partOf, partStart } from "../core/key-order.ts";
import { isValueIncrementsKind } from "../core/record/kind.ts";
import { keyAt, keyLengthAt, keyStartAt, kindAt } from "../core/record/record.ts";
import { collectParts } from "../core/shard/listed-slots.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { KeyPage, KeysOptions } from "../store.ts";
import { firstMember } from "../types/container.ts";
import { isValueThere, sumOf } from "../types/counter.ts";
import type { Replica } from "./replica.ts";

const PAGE_KEYS_MAX = 10_000;
/** Registers after whose visit a page is handed out as it is, with a cursor. */
export const SCAN_MAX = 50_000;
/** Registers worth a pass over the marks of a shard. */
const PASS_MIN = 256;
const CURSOR = /^(\d{1,5})\.(\d{1,10})(?:\.((?:[0-9a-f]{2})+))?$/;

/** The first order of a shard that is not listed yet; of its keys, those up to `after` are. */
export interface Place {
  readonly order: number;
  readonly after?: string | undefined;
}

/** A place in a whole space. */
export interface SpacePlace extends Place {
  readonly shard: number;
}

/** Keys of one shard; where it goes on, unless that was all of it. */
export interface ShardPage {
  readonly keys: readonly Key[];
  readonly next: Place | undefined;
  /** Registers that were visited. */
  readonly looked: number;
}

/** Keys that a page may take: slots with the order of each, in no order. */
interface Candidates {
  readonly slots: number[];
  readonly orders: number[];
}

/** Where a listing begins, and how many keys it may take. Throws `BAD_CURSOR`. */
export function listingOf(
  options: KeysOptions,
  shards: number,
): { readonly place: SpacePlace; readonly limit: number } {
  const place = options.cursor === undefined ? { shard: 0, order: 0 } : parseCursor(options.cursor, shards);
  return { place, limit: Math.max(1, Math.min(options.limit, PAGE_KEYS_MAX)) };
}

/** Live keys of a space under a prefix, from a cursor on. Throws `BAD_CURSOR`. */
export function pageOfKeys(replica: Replica, space: SpaceId, options: KeysOptions, now: number): KeyPage {
  const shards = replica.shards.in(space);
  const { place, limit } = listingOf(options, shards.length);
  const keys: Key[] = [];
  let looked = 0;
  for (let from = place; ; from = { shard: from.shard + 1, order: 0 }) {
    const shard = shards[from.shard];
    if (shard === undefined) return { keys };
    if (keys.length === limit || looked >= SCAN_MAX) return { keys, cursor: formatCursor(from) };
    const page = pageOfShard(
      shard,
      options.prefix,
      from,
      { keys: limit - keys.length, looked: SCAN_MAX - looked },
      now,
    );
    keys.push(...page.keys);
    looked += page.looked;
    if (page.next !== undefined) return { keys, cursor: formatCursor({ shard: from.shard, ...page.next }) };
  }
}

/** Live keys of one shard under a prefix, from a place on, until so many are found or about so many registers visited. */
export function pageOfShard(
  shard: Shard,
  prefix: string,
  from: Place,
  max: { readonly keys: number; readonly looked: number },
  now: number,
): ShardPage {
  const keys: Key[] = [];
  let place = from;
  for (let looked = 0; ; ) {
    if (keys.length === max.keys || looked >= max.looked) return { keys, next: place, looked };
    const first = partOf(place.order);
    const to = Math.min(PARTS, first + partsFor(shard, max.keys - keys.length));
    const slots: number[] = [];
    collectParts(shard, first, to, slots);
    looked += slots.length;
    const cut = take(shard, candidates(shard, slots, prefix, place, now), max.keys, keys);
    if (cut !== undefined) return { keys, next: cut, looked };
    if (to === PARTS) return { keys, next: undefined, looked };
    place = { order: partStart(to) };
  }
}

/** All live keys of one order under a prefix, in no order. */
export function keysOfOrder(shard: Shard, prefix: string, order: number, now: number): Key[] {
  const slots: number[] = [];
  collectParts(shard, partOf(order), partOf(order) + 1, slots);
  const found = candidates(shard, slots, prefix, { order }, now);
  return found.slots.filter((_, i) => found.orders[i] === order).map((slot) => keyOf(shard, slot));
}

/** As many parts as hold about `room` registers: each pass goes over the marks of the whole shard. */
function partsFor(shard: Shard, room: number): number {
  return Math.ceil((PARTS * Math.max(room, PASS_MIN)) / Math.max(1, shard.table.count));
}

/** True for the one register that stands for its key: a value, or where there is none that of the first of what is there. */
function isListed(shard: Shard, slot: number, now: number): boolean {
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  if (isValueIncrementsKind(kindAt(view, at))) return shard.isLive(slot, now) && isListedSum(shard, slot, now);
  const container = shard.containers.of(view, at);
  if (container === undefined) return shard.isLive(slot, now);
  if (container.representative !== slot || isValueThere(shard, container.key, now)) return false;
  for (const each of shard.containers.under(container.key)) {
    if (firstMember(shard, each, now) !== 0) return each === container;
  }
  return false;
}

/** True of the first increments of a key that there is nothing else of, while that is something. */
function isListedSum(shard: Shard, slot: number, now: number): boolean {
  const sum = sumOf(shard, keyOf(shard, slot), now);
  return sum !== undefined && sum.base === 0 && sum.from[0] === slot;
}

function candidates(shard: Shard, slots: readonly number[], prefix: string, place: Place, now: number): Candidates {
  const found: Candidates = { slots: [], orders: [] };
  for (const slot of slots) {
    if (!isListed(shard, slot, now)) continue;
    const view = shard.table.viewOf(slot);
    const at = shard.table.offsetOf(slot);
    const start = keyStartAt(view, at);
    const length = keyLengthAt(view, at);
    if (!hasPrefix(view, start, length, prefix)) continue;
    const order = orderOf(view, start, start + length);
    if (order < place.order) continue;
    if (order === place.order && place.after !== undefined && keyOf(shard, slot) <= place.after) continue;
    found.slots.push(slot);
    found.orders.push(order);
  }
  return found;
}

function hasPrefix(view: DataView, start: number, length: number, prefix: string): boolean {
  if (prefix.length > length) return false;
  for (let i = 0; i < prefix.length; i++) if (view.getUint8(start + i) !== prefix.charCodeAt(i)) return false;
  return true;
}

/** Takes the first candidates that fit; returns where the others begin, if there are any. */
function take(shard: Shard, found: Candidates, limit: number, keys: Key[]): Place | undefined {
  const room = limit - keys.length;
  const cut = found.slots.length <= room ? ORDER_MAX + 1 : (Float64Array.from(found.orders).sort()[room] as number);
  for (let i = 0; i < found.slots.length; i++) {
    if ((found.orders[i] as number) < cut) keys.push(keyOf(shard, found.slots[i] as number));
  }
  if (cut > ORDER_MAX) return undefined;
  // The keys of one order stay together as long as they fit on a page of their own.
  if (keys.length > 0) return { order: cut };
  const tied = found.slots.filter((_, i) => found.orders[i] === cut).map((slot) => keyOf(shard, slot));
  keys.push(...tied.sort().slice(0, room));
  return { order: cut, after: keys[room - 1] as Key };
}

/** Of the keys of one shard, as a page has them, the first that there is room for; where the others begin, if there are any. */
export function firstKeys(
  keys: readonly Key[],
  room: number,
): { readonly taken: readonly Key[]; readonly next?: Place } {
  if (keys.length <= room) return { taken: keys };
  const ordered = keys.map((key) => ({ key, order: orderOfKey(key) }));
  ordered.sort((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1));
  const taken = ordered.slice(0, room).map(({ key }) => key);
  const { order, key: after } = ordered[room - 1] as { readonly key: Key; readonly order: number };
  return { taken, next: { order, after } };
}

function orderOfKey(key: Key): number {
  const bytes = bytesFromLatin1(key);
  return orderOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
}

function keyOf(shard: Shard, slot: number): Key {
  return keyAt(shard.table.viewOf(slot), shard.table.bytesOf(slot), shard.table.offsetOf(slot));
}

function parseCursor(cursor: string, shards: number): SpacePlace {
  const match = CURSOR.exec(cursor);
  const [shard, order] = [Number(match?.[1]), Number(match?.[2])];
  if (!(shard < shards && order <= ORDER_MAX)) throw new AtollError("BAD_CURSOR", "not a cursor of this cluster");
  const after = match?.[3];
  return { shard, order, ...(after !== undefined && { after: textOfHex(after) }) };
}

export function formatCursor(place: SpacePlace): string {
  const start = `${place.shard}.${place.order}`;
  return place.after === undefined ? start : `${start}.${hexOfText(place.after)}`;
}

function hexOfText(bytes: string): string {
  let hex = "";
  for (let i = 0; i < bytes.length; i++) hex += bytes.charCodeAt(i).toString(16).padStart(2, "0");
  return hex;
}

function textOfHex(hex: string): string {
  return hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16)));
}
