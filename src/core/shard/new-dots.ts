/**
 * Gives registers that are held new dots, in the present life: what was written under a life that others closed, or may have, as they
 * know another line of lives, or that was *lived twice*, as an old copy of its disk was put back and written to, so that others know
 * other writes by its dots.
 * Stamps are kept, so that all else is decided as it was.
 *
 *  D1. What a deletion of a collection saw falls, whether it has fallen yet or not: nobody saw the new dot. It becomes a tombstone
 *      one tick above what it was, as if it had been removed, so that it also beats a copy under a new dot of somebody else.
 *  D2. What names a life that was lived twice would be taken for what the other run wrote: it gets the name of the present life, and
 *      is added to what that has written under its name. A deletion of a collection names who deleted, and what it saw of
 *      that life: all of that falls first (D1), and is no more said to have been seen.
 *  D3. Increments change with the base that says what it saw of them, or what it saw would count twice. A base of the present
 *      life, which others may have by now, stays as it is: what it saw is in its value, and only the rest is added to it.
 *  D4. What had the old name goes, and the register of the other run may come in its place. Where that came already, and was
 *      refused, all has to be fetched once more (`Unconfirmed.isTorn`).
 */

import { ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { Key, OriginId } from "../../base/ids.ts";
import { TIMESTAMP_MAX } from "../clock.ts";
import { DELETION_MARK, isDeletion, isLease, sawAt } from "../containers/container-part.ts";
import { memberFieldAt } from "../containers/counted-members.ts";
import { adderAt, encodeRun, runAt, sightAt, unseenOf } from "../containers/increments.ts";
import { type Amount, addAmounts, NOTHING } from "../record/amount.ts";
import { fallen, isFallen } from "../record/fallen.ts";
import { baseKindOf, incrementsOf, isContainerKind, isCountedKind, isIncrementsKind } from "../record/kind.ts";
import { nameAt, valueWithName } from "../record/member.ts";
import { ORIGIN_BYTES, readOrigin, textOfOrigin } from "../record/origin-bytes.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  contentTypeAt,
  expiresAt,
  FALLEN,
  FLAG_DEAD,
  fieldAt,
  flagsAt,
  identityEndAt,
  keyAt,
  kindAt,
  originAt,
  type RecordFields,
  tagsAt,
  timestampAt,
} from "../record/record.ts";
import { encodeSeen, NONE_SEEN, type Seen } from "../record/seen.ts";
import { type VersionVector, without } from "../version-vector.ts";
import type { Author } from "./author.ts";
import type { Holdings } from "./holdings.ts";

/** Lives that were lived twice. */
export type Twice = ReadonlySet<OriginId>;
export const NONE_TWICE: Twice = new Set();

/** What was added to a key: of a run, or of several together. */
interface Addition {
  readonly count: number;
  readonly sum: Amount;
}

interface Run extends Addition {
  readonly after: number;
  readonly began: number;
  readonly stamp: number;
  readonly end: number;
}

/** What is added to: a value, or a member of a name. */
interface Counted {
  readonly kind: number;
  readonly key: Key;
  readonly field: string | undefined;
  readonly name: string | undefined;
}

const NO_ADDITION: Addition = { count: 0, sum: NOTHING };
const NO_RUN: Run = { ...NO_ADDITION, after: 0, began: 0, stamp: 0, end: 0 };

export class NewDots {
  readonly #holdings: Holdings;
  readonly #author: Author;

  constructor(holdings: Holdings, author: Author) {
    this.#holdings = holdings;
    this.#author = author;
  }

  /** As `Shard.redot`. */
  give(slot: number, twice: Twice): void {
    if (twice.size === 0) return this.#give(slot);
    const { view, at } = this.#recordIn(slot);
    const kind = kindAt(view, at);
    if (isDeletion(view, at) && twice.has(deleterAt(view, at))) this.#renameDeletion(slot, twice);
    else if (isIncrementsKind(kind) && twice.has(adderAt(view, at))) this.#renameIncrements(slot, twice);
    else if (isCountedKind(kind) && names(sightAt(view, at), twice)) this.#renameIncrements(slot, twice);
    else this.#give(slot);
  }

  #give(slot: number): void {
    const { containers, writer } = this.#holdings;
    const { view, at } = this.#recordIn(slot);
    const dot = this.#author.nextDot;
    const falls = isFallen(view, at) || containers.isSeen(view, at);
    const length = falls ? writer.write({ ...removed(view, at), ...dot }) : writer.withDot(view, at, dot);
    this.#author.storeEarlier(slot, length);
  }

  #renameDeletion(slot: number, twice: Twice): void {
    const { containers, writer } = this.#holdings;
    const container = containers.of(this.#recordIn(slot).view, this.#recordIn(slot).at);
    if (container === undefined) return;
    this.#holdings.falling.finish(container);
    const { view, at } = this.#recordIn(slot);
    const dot = this.#author.nextDot;
    const { kind, key } = container;
    const field = DELETION_MARK + textOfOrigin(dot.origin);
    const own = this.#find(kind, key, field);
    const sight = without(sawAt(view, at), twice);
    if (own !== 0) sight.merge(sawAt(this.#recordIn(own).view, this.#recordIn(own).at));
    const timestamp = this.#stampAbove(timestampAt(view, at), own);
    const length = writer.write({ flags: FLAG_DEAD, kind, key, field, value: encoded(sight), timestamp, ...dot });
    this.#author.storeEarlier(own, length);
    this.#leave(slot);
  }

  /** Of the key of what is held in a slot: increments, and the base that they are added to. */
  #renameIncrements(slot: number, twice: Twice): void {
    const { increments } = this.#holdings;
    const { view, at, bytes } = this.#recordIn(slot);
    const [kind, key] = [baseKindOf(kindAt(view, at)), keyAt(view, bytes, at)];
    const field = isContainerKind(kind) ? memberFieldAt(view, at) : undefined;
    const base = this.#find(kind, key, field);
    const sight = base === 0 ? NONE_SEEN : sightAt(this.#recordIn(base).view, this.#recordIn(base).at);
    const author = base === 0 ? undefined : originAt(this.#recordIn(base).view, this.#recordIn(base).at);
    const isOurs = author !== undefined && author === this.#author.origin;
    const held = field === undefined ? increments.of(key) : this.#holdings.containers.incrementsOf(kind, key, field);
    const renamed = held.filter((each) => twice.has(increments.originIn(each)));
    const runs = renamed.flatMap((each) => this.#runIn(each, sight, isOurs));
    const name = runs.length === 0 || field === undefined ? undefined : this.#nameOf(renamed);
    const run =
      runs.length === 0
        ? undefined
        : this.#add({ kind, key, field, name }, runs.map(({ added }) => added).reduce(plusRun));
    if (author !== undefined && twice.has(author) && names(sight, twice)) {
      const seen = runs.map((each) => each.seen).reduce(plus, NO_ADDITION);
      this.#renameIn(base, sight, twice, run === undefined || seen.count === 0 ? undefined : { ...seen, run });
    }
    for (const each of renamed) this.#leave(each);
  }

  /** Of the member that increments are of, one of which stands. */
  #nameOf(slots: readonly number[]): string {
    const { view, at } = this.#recordIn(slots.find((slot) => this.#isStanding(slot)) ?? 0);
    return nameAt(view, at);
  }

  #isStanding(slot: number): boolean {
    const { view, at } = this.#recordIn(slot);
    return (flagsAt(view, at) & FALLEN) === 0;
  }

  /** What is added by a register of increments, and what of it a base saw; nothing where it does not stand. */
  #runIn(slot: number, sight: Seen, isOurs: boolean): { readonly added: Run; readonly seen: Addition }[] {
    const { view, at } = this.#recordIn(slot);
    const run = (flagsAt(view, at) & FALLEN) === 0 ? runAt(view, at) : undefined;
    if (run === undefined) return [];
    const last = sight.get(adderAt(view, at));
    const seen = last?.run === run.tally.run ? last : undefined;
    const sum = isOurs ? unseenOf(run.tally, seen) : run.tally.sum;
    if (sum === undefined) return [];
    const { after, began, tally } = run;
    const added = { after, began, count: tally.count, sum, stamp: timestampAt(view, at), end: expiresAt(view, at) };
    return [{ added, seen: seen ?? NO_ADDITION }];
  }

  /** Adds to a key, or a member, under the name of the present life; returns the run. */
  #add({ kind, key, field: member = "", name }: Counted, by: Run): number {
    const { writer } = this.#holdings;
    const dot = this.#author.nextDot;
    const field = member + textOfOrigin(dot.origin);
    const own = this.#find(incrementsOf(kind), key, field);
    const timestamp = this.#stampAbove(by.stamp, own);
    const record = own === 0 ? undefined : this.#recordIn(own);
    const last = record !== undefined && (flagsAt(record.view, record.at) & FALLEN) === 0 ? record : undefined;
    const ownRun = last === undefined ? undefined : runAt(last.view, last.at);
    const end = last === undefined ? 0 : expiresAt(last.view, last.at);
    const whole = ownRun === undefined ? by : plusRun(by, { ...NO_RUN, ...ownRun, ...ownRun.tally, end });
    const run = ownRun?.tally.run ?? dot.sequence;
    const ofRun = encodeRun({ ...whole, tally: { run, count: whole.count, sum: whole.sum } });
    const value = name === undefined ? ofRun : valueWithName(name, ofRun);
    const expiry = whole.end;
    const fields = { flags: 0, kind: incrementsOf(kind), key, field, value, timestamp, expiresAt: expiry, ...dot };
    this.#author.storeEarlier(own, writer.write(fields));
    return run;
  }

  /** Gives a base a new dot, and says what it saw by the new name. */
  #renameIn(base: number, sight: Seen, twice: Twice, added: (Addition & { readonly run: number }) | undefined): void {
    const { view, at, bytes } = this.#recordIn(base);
    const dot = this.#author.nextDot;
    const seen = new Map([...sight].filter(([origin]) => !twice.has(origin)));
    if (added !== undefined) {
      const last = seen.get(dot.origin);
      seen.set(dot.origin, { ...(last?.run === added.run ? plus(added, last) : added), run: added.run });
    }
    const start = bodyStartAt(view, at);
    const fields = {
      flags: flagsAt(view, at),
      kind: kindAt(view, at),
      key: keyAt(view, bytes, at),
      field: fieldAt(view, bytes, at),
      value: (flagsAt(view, at) & FALLEN) !== 0 ? undefined : bytes.slice(start, start + bodyLengthAt(view, at)),
      contentType: contentTypeAt(view, bytes, at),
      tags: tagsAt(view, bytes, at),
      seen: encodeSeen(seen),
      timestamp: timestampAt(view, at),
      expiresAt: expiresAt(view, at),
    };
    this.#author.storeEarlier(base, this.#holdings.writer.write({ ...fields, ...dot }));
  }

  /** D4. */
  #leave(slot: number): void {
    if (this.#holdings.unconfirmed.isInTheWay(slot)) this.#holdings.unconfirmed.isTorn = true;
    this.#holdings.discard(slot);
  }

  /** Of what replaces what the present life wrote under its name into a slot; 0: nothing. */
  #stampAbove(stamp: number, own: number): number {
    if (own === 0) return stamp;
    const { view, at } = this.#recordIn(own);
    return Math.min(TIMESTAMP_MAX, Math.max(stamp, timestampAt(view, at) + 1));
  }

  #find(kind: number, key: Key, field?: string): number {
    const { table, writer } = this.#holdings;
    writer.writeIdentity(kind, key, field);
    return table.find(writer.view, 0);
  }

  #recordIn(slot: number): { readonly view: DataView; readonly bytes: Uint8Array; readonly at: number } {
    const { table } = this.#holdings;
    return { view: table.viewOf(slot), bytes: table.bytesOf(slot), at: table.offsetOf(slot) };
  }
}

function names(sight: Seen, twice: Twice): boolean {
  for (const origin of sight.keys()) if (twice.has(origin)) return true;
  return false;
}

function plus(a: Addition, b: Addition): Addition {
  return { count: a.count + b.count, sum: addAmounts(a.sum, b.sum) };
}

/** Of two runs as one: what is to outlive the end of a base outlives it with the rest. */
function plusRun(a: Run, b: Run): Run {
  return {
    ...plus(a, b),
    after: Math.max(a.after, b.after),
    began: Math.max(a.began, b.began),
    stamp: Math.max(a.stamp, b.stamp),
    end: Math.max(a.end, b.end),
  };
}

/** A register of a collection that is to fall, as removed (D1): a lease says that there is no end. */
function removed(view: DataView, at: number): RecordFields {
  const timestamp = Math.min(TIMESTAMP_MAX, timestampAt(view, at) + 1);
  if (isLease(view, at)) return { ...fallen(view, at), flags: 0, value: new Uint8Array(0), timestamp };
  return { ...fallen(view, at), flags: FLAG_DEAD, value: undefined, timestamp };
}

/** Of a record of the deletion of a collection: who deleted. */
function deleterAt(view: DataView, at: number): OriginId {
  const end = identityEndAt(view, at);
  return readOrigin(new ByteReader(new Uint8Array(view.buffer, view.byteOffset + end - ORIGIN_BYTES, ORIGIN_BYTES)));
}

function encoded(vector: VersionVector): Uint8Array {
  const writer = new ByteWriter(64);
  vector.encode(writer);
  return writer.copy();
}
