/**
 * Increments: what is added to a number on several replicas at once adds up. Whoever adds to it writes a register of its own,
 * (key, kind of what is added to | 0x40, its origin), with how much it has added in all, its *sum*; what it is added to, the
 * *base*, stays as it is. The value is that of the base and all that the base has not *seen* (`seen.ts`): whoever writes a base,
 * also to delete it or to change when it ends, writes with it which sums it saw.
 *
 *  N1. A register of increments is written by its origin alone, and stands for all of its *run*: `sum` is what was added since the
 *      run began, which is named by the sequence of its first write. A run that has ended, as the register was removed or has
 *      expired, is never continued: the next one is greater.
 *  N2. Of a sum a base that saw fewer additions of the same run lacks the difference; one that saw a lesser run, or none, all of
 *      it; and any other one nothing.
 *  N3. Increments are never dropped because a base saw them: that one may lose to one that did not.
 *  N4. What was seen of a run is forgotten only once nothing of it can come: its first write is covered, and no register of its
 *      origin is held (R5, R6). Something can, though that is so, where its member was given up with that life, or has
 *      begun anew since: what it wrote comes under other dots. Until it has left for good nothing of it is forgotten.
 *  N5. A base that has expired, or is stale, takes what was added to it with it, seen or not. Whoever adds then begins a run, which
 *      says what it comes after: the stamp of that base, or where nothing is held of it what was purged from its bucket. It
 *      also says when it began: whoever adds may not have heard of that base. Only runs that come after a base, or began once
 *      it had expired, outlive its end.
 *
 * What is added to members of collections goes by the same rules, but for N5 (`counted-members.ts`).
 *
 * The value of such a register: varint, what the run comes after; varint, when it began; and a tally (`seen.ts`).
 *
 * So the value depends on which registers are held, and on nothing else; a base that says what another one and all increments
 * come to says the same as they do.
 */

import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key, OriginId } from "../../base/ids.ts";
import { TIMESTAMP_MAX } from "../clock.ts";
import { type Amount, addAmounts, negated } from "../record/amount.ts";
import { isMemberIncrementsKind, isValueIncrementsKind } from "../record/kind.ts";
import { memberStartAt } from "../record/member.ts";
import { ORIGIN_BYTES, readOrigin } from "../record/origin-bytes.ts";
import {
  expiresAt,
  flagsAt,
  identityEndAt,
  isDead,
  keyAt,
  kindAt,
  recordLength,
  seenAt,
  timestampAt,
  valueStartAt,
} from "../record/record.ts";
import { decodeSeen, decodeTally, encodeTally, isLater, NONE_SEEN, type Seen, type Tally } from "../record/seen.ts";
import type { RegisterTable } from "../table/register-table.ts";
import type { VersionVector } from "../version-vector.ts";

const NO_SLOTS: readonly number[] = [];

/** Which slots of a table hold increments of the value of a key, whether they stand or not. */
export class Increments {
  readonly #table: RegisterTable;
  readonly #mayReturn: (origin: OriginId) => boolean;
  readonly #slotsByKey = new Map<Key, readonly number[]>();
  /** Registers that stand. */
  standing = 0;

  /** `mayReturn`: of a life that was given up, as others may have been told less of it than it did. */
  constructor(table: RegisterTable, mayReturn: (origin: OriginId) => boolean) {
    this.#table = table;
    this.#mayReturn = mayReturn;
  }

  /** Keys that something is held of. */
  get count(): number {
    return this.#slotsByKey.size;
  }

  keys(): IterableIterator<Key> {
    return this.#slotsByKey.keys();
  }

  of(key: Key): readonly number[] {
    return this.#slotsByKey.get(key) ?? NO_SLOTS;
  }

  /** A register has come into a slot. */
  note(slot: number): void {
    const key = this.#keyOf(slot);
    if (key !== undefined) this.#slotsByKey.set(key, [...this.of(key), slot]);
  }

  /** A register is about to leave its slot. */
  forget(slot: number): void {
    const key = this.#keyOf(slot);
    if (key === undefined) return;
    const left = this.of(key).filter((each) => each !== slot);
    if (left.length === 0) this.#slotsByKey.delete(key);
    else this.#slotsByKey.set(key, left);
  }

  originIn(slot: number): OriginId {
    return adderAt(this.#table.viewOf(slot), this.#table.offsetOf(slot));
  }

  /** Undefined of what was removed. */
  tallyIn(slot: number): Tally | undefined {
    return this.runIn(slot)?.tally;
  }

  /** Undefined of what was removed. */
  runIn(slot: number): Run | undefined {
    return runAt(this.#table.viewOf(slot), this.#table.offsetOf(slot));
  }

  #keyOf(slot: number): Key | undefined {
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    return isValueIncrementsKind(kindAt(view, at)) ? keyAt(view, this.#table.bytesOf(slot), at) : undefined;
  }

  /**
   * All that whoever writes a base now has seen: what the base before it saw, and what is held of increments (N4). `over`: it deletes
   * what is over, and what was added since that stays (N5). `isAll`: it is what the other one saw, and no more.
   */
  sight(heldSlots: readonly number[], last: Seen, vector: VersionVector, over: Over | undefined, isAll = false): Seen {
    const slots = heldSlots.filter((slot) => !isAll && (over === undefined || isTakenAlong(this.runIn(slot), over)));
    if (slots.length === 0 && last.size === 0) return NONE_SEEN;
    const seen = new Map<OriginId, Tally>();
    const held = new Set(heldSlots.map((slot) => this.originIn(slot)));
    for (const [origin, tally] of last) {
      if (held.has(origin) || !vector.covers(origin, tally.run) || this.#mayReturn(origin)) seen.set(origin, tally);
    }
    for (const slot of slots) {
      const tally = this.tallyIn(slot);
      const origin = this.originIn(slot);
      const earlier = seen.get(origin);
      // Whoever wrote the base before may have seen more than is held.
      if (tally !== undefined && (earlier === undefined || isLater(tally, earlier))) seen.set(origin, tally);
    }
    return seen;
  }
}

/** Of a record of increments: whose they are. */
export function adderAt(view: DataView, at: number): OriginId {
  const end = identityEndAt(view, at);
  return readOrigin(new ByteReader(bytesOf(view, end - ORIGIN_BYTES, end)));
}

/** What a register of increments says. */
export interface Run {
  /** Stamp of a base that was over when it began (N5); 0: of none. */
  readonly after: number;
  /** Unix ms. */
  readonly began: number;
  readonly tally: Tally;
}

/** A base that has expired, or is stale. */
export interface Over {
  readonly stamp: number;
  /** Unix ms; `Infinity`: it did not expire. */
  readonly end: number;
}

/** Of the record of a base that is over. */
export function overAt(view: DataView, at: number): Over {
  return { stamp: timestampAt(view, at), end: expiresAt(view, at) };
}

/** True of a run that a base took with it (N5), and of what is no run any more. */
export function isTakenAlong(run: Run | undefined, { stamp, end }: Over): boolean {
  return run === undefined || (run.after < stamp && run.began < end);
}

export function encodeRun({ after, began, tally }: Run): Uint8Array {
  const writer = new ByteWriter(32);
  writer.varint(after);
  writer.varint(began);
  encodeTally(writer, tally);
  return writer.copy();
}

/** Throws `BadBytes`. */
export function decodeRun(bytes: Uint8Array): Run {
  const reader = new ByteReader(bytes);
  const run = { after: reader.varint(TIMESTAMP_MAX), began: reader.varint(), tally: decodeTally(reader) };
  reader.finish();
  return run;
}

/** Of a record of increments; undefined of one that is dead. */
export function runAt(view: DataView, at: number): Run | undefined {
  if (isDead(flagsAt(view, at))) return undefined;
  const start = isMemberIncrementsKind(kindAt(view, at)) ? memberStartAt(view, at) : valueStartAt(view, at);
  return decodeRun(bytesOf(view, start, at + recordLength(view, at)));
}

/** What a record saw. */
export function sightAt(view: DataView, at: number): Seen {
  const bytes = seenAt(view, at);
  return bytes === undefined ? NONE_SEEN : decodeSeen(bytes);
}

/** What of a tally somebody lacks who saw so much; undefined: nothing (N2). */
export function unseenOf(tally: Tally, seen: Tally | undefined): Amount | undefined {
  if (seen === undefined || tally.run > seen.run) return tally.sum;
  return isLater(tally, seen) ? addAmounts(tally.sum, negated(seen.sum)) : undefined;
}

function bytesOf(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start);
}
