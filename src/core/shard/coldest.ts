/**
 * Which values are wanted least, where some have to go for good. Those that are away stand in no queue, and to keep
 * one for them would cost memory for what nobody asks for: so a few are drawn at random, and the coldest of them is taken, as
 * Redis does (`maxmemory-samples`). With 16 looks it is, nine times in ten, among the coldest seventh.
 *
 * The coldest is that which was not asked for of late; of several, that which has taken most room for longest: bytes times
 * age, as in hyperbolic caching (Blankstein, Sen, Freedman, USENIX ATC 2017). So one large value that nobody wants does not
 * cost a thousand small ones.
 */

import type { Timestamp } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";
import { msOfTimestamp } from "../clock.ts";
import type { Container } from "../containers/container.ts";
import { timestampAt, valueLengthAt } from "../record/record.ts";
import { cooled, warmthOf } from "../table/s3-fifo.ts";
import { collectionIn, mayBeEvicted, restOfNumber } from "./evictable.ts";
import type { Shard } from "./shard.ts";

const LOOKS = 16;
/** Of slots, most of which may be empty. */
const DRAWS_MAX = 128;
/** What is younger counts as of this age: else the largest of all would go last because it came last. */
const AGE_MS_MIN = 1000;
const NOTHING: readonly number[] = [];
const TWO_32 = 2 ** 32;

export interface Place {
  readonly shard: Shard;
  readonly slot: number;
  /** What goes is all of a collection that has a member there. */
  readonly collection: Container | undefined;
  /** Of a number, slots of what else goes with it. */
  readonly rest: readonly number[];
}

export class Coldest {
  readonly #shards: readonly Shard[];
  readonly #random: Random;
  /** Of each shard and those before it, slots. */
  readonly #ends: number[] = [];
  readonly #slots: number;

  readonly #now: number;

  readonly #mayGo: (place: Place) => boolean;

  /** Of what these shards hold at `now`, unix ms, and may be evicted; valid until one of them takes something in. */
  constructor(shards: readonly Shard[], random: Random, now: number, mayGo: (place: Place) => boolean = () => true) {
    this.#shards = shards;
    this.#random = random;
    this.#now = now;
    this.#mayGo = mayGo;
    let end = 0;
    for (const { table } of shards) {
      end += table.slotEnd - 1;
      this.#ends.push(end);
    }
    this.#slots = end;
  }

  /** Undefined: there are none, or so few that it met none. */
  take(): Place | undefined {
    if (this.#slots === 0) return undefined;
    let [coldest, warmth, room]: [Place | undefined, number, number] = [undefined, Infinity, 0];
    for (let draws = 0, looks = 0; draws < DRAWS_MAX && looks < LOOKS; draws++) {
      const { shard, slot } = this.#draw();
      if (!mayBeEvicted(shard, slot)) continue;
      const collection = collectionIn(shard, slot);
      const rest = collection === undefined ? restOfNumber(shard, slot) : NOTHING;
      const place = { shard, slot, collection, rest };
      if (!this.#mayGo(place)) continue;
      looks++;
      const use = useOf(place);
      // One for each that goes, as a clock's hand passes over it once while as many go as there are.
      if (looks === 1 && this.#isItsTurn(place)) cool(place);
      const roomTaken = this.#roomOf(place);
      if (warmthOf(use) > warmth || (warmthOf(use) === warmth && roomTaken <= room)) continue;
      [coldest, warmth, room] = [place, warmthOf(use), roomTaken];
    }
    return coldest;
  }

  /** A collection is drawn as often as it has members, and is passed over as often as what has none; so it is with numbers. */
  #isItsTurn({ collection, rest }: Place): boolean {
    const parts = collection?.members.size ?? 1 + rest.length;
    return parts <= 1 || (this.#random.uint32() / TWO_32) * parts < 1;
  }

  /** Bytes times milliseconds. */
  #roomOf(place: Place): number {
    const stamp = place.collection?.newest ?? newestOf(place);
    return lengthOf(place) * Math.max(AGE_MS_MIN, this.#now - msOfTimestamp(stamp as Timestamp));
  }

  #draw(): Pick<Place, "shard" | "slot"> {
    const drawn = Math.floor((this.#random.uint32() / TWO_32) * this.#slots);
    let [from, to] = [0, this.#ends.length - 1];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#ends[middle] as number) > drawn) to = middle;
      else from = middle + 1;
    }
    const before = from === 0 ? 0 : (this.#ends[from - 1] as number);
    return { shard: this.#shards[from] as Shard, slot: 1 + drawn - before };
  }
}

function newestOf({ shard: { table }, slot, rest }: Place): number {
  let newest: number = timestampAt(table.viewOf(slot), table.offsetOf(slot));
  for (const each of rest) newest = Math.max(newest, timestampAt(table.viewOf(each), table.offsetOf(each)));
  return newest;
}

/** A number is as warm as the warmest of what it is made of. */
function useOf({ shard: { table }, slot, collection, rest }: Place): number {
  if (collection !== undefined) return collection.use;
  let use = table.getUse(slot);
  for (const each of rest) if (warmthOf(table.getUse(each)) > warmthOf(use)) use = table.getUse(each);
  return use;
}

function cool({ shard: { table }, slot, collection, rest }: Place): void {
  if (collection !== undefined) collection.use = cooled(collection.use);
  else table.setUse(slot, cooled(table.getUse(slot)));
  for (const each of rest) table.setUse(each, cooled(table.getUse(each)));
}

/** Of all records there, bytes, values that are away included; of a collection about. */
function lengthOf({ shard, slot, collection, rest }: Place): number {
  if (collection !== undefined) return lengthOfAll(shard, slot, collection);
  let length = shard.values.wholeLengthOf(slot);
  for (const each of rest) length += shard.values.wholeLengthOf(each);
  return length;
}

/** With the names of its members as that of one. */
function lengthOfAll({ table, values }: Shard, slot: number, { members, bytes }: Container): number {
  const ofOne = values.wholeLengthOf(slot) - valueLengthAt(table.viewOf(slot), table.offsetOf(slot));
  return bytes + members.size * ofOne;
}
