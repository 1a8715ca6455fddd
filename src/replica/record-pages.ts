/**
 * What is live in a shard, page by page in the order of the listing (`key-pages.ts`), for copies of whole keyspaces: all
 * registers of a key stand together, so that a document is copied as it is at one instant. Nothing is kept between two pages,
 * and any owner can go on where another one ended.
 */

import { ByteWriter } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import type { Container } from "../core/containers/container.ts";
import { orderOf, PARTS, partOf, partStart } from "../core/key-order.ts";
import { isContainerKind, KIND_PLAIN } from "../core/record/kind.ts";
import { keyAt, keyLengthAt, keyStartAt, kindAt, recordLength } from "../core/record/record.ts";
import { collectParts } from "../core/shard/listed-slots.ts";
import type { Shard } from "../core/shard/shard.ts";
import { isOver, liveMembers } from "../types/container.ts";
import { isAddedTo, sumOf } from "../types/counter.ts";
import type { Place } from "./key-pages.ts";
import { recordOfMember, recordOfSum, sightOfSum } from "./shown-record.ts";

/** Registers after whose visit a page is handed out as it is. */
const LOOKED_MAX = 8192;
/** Registers worth a pass over the marks of a shard. */
const PASS_MIN = 1024;

export interface RecordPage {
  readonly records: Uint8Array;
  readonly count: number;
  /** Where the shard goes on; undefined: that was all of it. */
  readonly next: Place | undefined;
  /** Of the registers: longer than was asked for by what the last key has. */
  readonly looked: number;
  /** Slots where the page ends because their values are away, the first of which comes next. */
  readonly away: readonly number[];
  /** Values that were left out, as nobody gives them. */
  readonly absent: number;
}

/** No key is empty. */
const NO_KEY = "" as Key;
const NOTHING_ABSENT: ReadonlySet<number> = new Set();
/** Values that are had back at once. */
const AWAY_MAX = 256;

/** The registers of one key, or of one order that several keys share. */
interface Candidate {
  readonly order: number;
  readonly slot: number;
}

/**
 * Some of a shard, from a place on: about `bytesMax` of it, and the last key whole. `absent`: slots that are left out where
 * their values are still away.
 */
export function pageOfRecords(
  shard: Shard,
  from: Place,
  bytesMax: number,
  now: number,
  absent = NOTHING_ABSENT,
): RecordPage {
  const page = new PageWriter(shard, now, absent);
  let place = from;
  for (let looked = 0; ; ) {
    const first = partOf(place.order);
    const to = Math.min(PARTS, first + Math.ceil((PARTS * PASS_MIN) / Math.max(1, shard.table.count)));
    const slots: number[] = [];
    collectParts(shard, first, to, slots);
    looked += slots.length;
    const cut = page.take(slots, place, bytesMax);
    if (cut !== undefined) return page.end(cut, looked);
    if (to === PARTS) return page.end(undefined, looked);
    place = { order: partStart(to) };
    if (looked >= LOOKED_MAX) return page.end(place, looked);
  }
}

class PageWriter {
  readonly #shard: Shard;
  readonly #now: number;
  readonly #writer = new ByteWriter(1024);
  /** Whose registers stand on the page. */
  readonly #containers = new Set<Container>();
  readonly #away: number[] = [];
  readonly #absent: ReadonlySet<number>;
  #count = 0;
  #leftOut = 0;

  constructor(shard: Shard, now: number, absent: ReadonlySet<number>) {
    this.#shard = shard;
    this.#now = now;
    this.#absent = absent;
  }

  /** Takes what lies behind a place until there is enough; returns where the rest begins, if there is any. */
  take(slots: readonly number[], from: Place, bytesMax: number): Place | undefined {
    const found = this.#candidates(slots, from);
    for (let i = 0; i < found.length; ) {
      const { order } = found[i] as Candidate;
      let end = i + 1;
      while (found[end]?.order === order) end++;
      const after = order === from.order ? (from.after as Key | undefined) : undefined;
      const cut = this.#takeOrder(found.slice(i, end), after, bytesMax);
      if (this.#away.length > 0) this.#noteAway(found.slice(end));
      if (cut !== undefined) return { order, after: cut === NO_KEY ? undefined : cut };
      i = end;
    }
    return undefined;
  }

  end(next: Place | undefined, looked: number): RecordPage {
    const [records, count, away, absent] = [this.#writer.copy(), this.#count, this.#away, this.#leftOut];
    return { records, count, next, looked, away, absent };
  }

  #candidates(slots: readonly number[], from: Place): Candidate[] {
    const { table } = this.#shard;
    const found: Candidate[] = [];
    for (const slot of slots) {
      const view = table.viewOf(slot);
      // What stands for a container may have expired, and others of it not.
      const isPart = isContainerKind(kindAt(view, table.offsetOf(slot)));
      if (!isPart && !this.#shard.isLive(slot, this.#now)) continue;
      const start = keyStartAt(view, table.offsetOf(slot));
      const order = orderOf(view, start, start + keyLengthAt(view, table.offsetOf(slot)));
      if (order >= from.order) found.push({ order, slot });
    }
    return found.sort((a, b) => a.order - b.order);
  }

  /** What comes after is to be had back as well. */
  #noteAway(found: readonly Candidate[]): void {
    for (const { slot } of found) {
      if (this.#away.length === AWAY_MAX) return;
      if (this.#isWanted(slot)) this.#away.push(slot);
    }
  }

  /** Its value is to be had back. */
  #isWanted(slot: number): boolean {
    return this.#shard.isAway(slot) && !this.#absent.has(slot);
  }

  /**
   * The keys of one order, by their bytes; returns the last one that was taken, `NO_KEY` where none was, where there is
   * enough, or where the value of the next is away.
   */
  #takeOrder(found: readonly Candidate[], after: Key | undefined, bytesMax: number): Key | undefined {
    const slotsByKey = new Map<Key, number[]>();
    for (const { slot } of found) {
      const key = this.#keyOf(slot);
      if (after !== undefined && key <= after) continue;
      const slots = slotsByKey.get(key);
      if (slots === undefined) slotsByKey.set(key, [slot]);
      else slots.push(slot);
    }
    let last = after;
    for (const key of [...slotsByKey.keys()].sort()) {
      const slots = slotsByKey.get(key) ?? [];
      this.#away.push(...slots.filter((slot) => this.#isWanted(slot)));
      if (this.#away.length > 0) return last ?? NO_KEY;
      for (const slot of slots) {
        if (this.#shard.isAway(slot)) this.#leftOut++;
        else this.#write(slot);
      }
      last = key;
      if (this.#writer.length >= bytesMax) return key;
    }
    return undefined;
  }

  /** A value; or, once, all of a container, its lease before the rest. */
  #write(slot: number): void {
    const shard = this.#shard;
    const key = this.#keyOf(slot);
    if (isAddedTo(shard, key) && isOfValue(shard, slot)) return this.#writeSum(slot, key);
    const container = shard.containers.of(shard.table.viewOf(slot), shard.table.offsetOf(slot));
    if (container === undefined) return this.#append(slot);
    const { kind, lease } = container;
    if (this.#containers.has(container) || isOver(shard, kind, key, this.#now)) return;
    this.#containers.add(container);
    const members = [...liveMembers(shard, kind, key, this.#now)];
    if (members.length === 0) return;
    if (lease !== 0) this.#append(lease);
    for (const member of members) this.#writeMember(member);
  }

  /** As what it comes to. */
  #writeMember(slot: number): void {
    const record = recordOfMember(this.#shard, slot);
    if (record === undefined) return this.#append(slot);
    this.#writer.raw(record.bytes.subarray(record.start, record.end));
    this.#count++;
  }

  /** Once, as the value that it comes to. */
  #writeSum(slot: number, key: Key): void {
    const sum = sumOf(this.#shard, key, this.#now);
    if (sum === undefined || (sum.base === 0 ? sum.from[0] : sum.base) !== slot) return;
    const { bytes, start, end } = recordOfSum(this.#shard, key, sum, sightOfSum(this.#shard, KIND_PLAIN, key));
    this.#writer.raw(bytes.subarray(start, end));
    this.#count++;
  }

  #append(slot: number): void {
    const { table } = this.#shard;
    const at = table.offsetOf(slot);
    this.#writer.raw(table.bytesOf(slot).subarray(at, at + recordLength(table.viewOf(slot), at)));
    this.#count++;
  }

  #keyOf(slot: number): Key {
    const { table } = this.#shard;
    return keyAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
  }
}

/** True of a value, and of what was added to one. */
function isOfValue(shard: Shard, slot: number): boolean {
  return !isContainerKind(kindAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)));
}
