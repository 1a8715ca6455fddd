/**
 * Version vector of a shard: for each origin the greatest sequence up to which every register that has not been
 * superseded is held. Ended lives that all owners hold are folded into one entry a replica, "lives below L are sealed",
 * which covers every dot of theirs, so vectors do not grow with restarts.
 *
 * A replica keeps one of every shard for every peer. So it is two columns of numbers, and that of origins, which hardly ever
 * changes, is shared by all vectors that have the same: an entry takes 8 bytes, where one of a map takes 50.
 */

import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { BadBytes } from "../base/bytes.ts";
import { mix32 } from "../base/hash.ts";
import type { OriginId } from "../base/ids.ts";
import { type Digest, isSameDigest } from "./digest.ts";
import { LIFE_MAX, lifeOf, originOf, replicaOf } from "./origin.ts";

/** More origins than this in one vector is no vector of ours. */
const ENTRIES_MAX = 65536;
const TWO_32 = 4294967296;
const NO_ORIGINS: readonly OriginId[] = [];
const NOTHING_SEALED: ReadonlyMap<number, number> = new Map();

export class VersionVector {
  /** Those that are not sealed, ascending. Never changed, only replaced. */
  #origins = NO_ORIGINS;
  /** Of each of them; never 0. */
  #sequences: number[] = [];
  /** By replica number: every life below this one is sealed. Never changed, only replaced. */
  #sealedBelow = NOTHING_SEALED;
  /** How often it was emptied: within one era it only ever grows. */
  era = 0;
  /** Changes with the origins that have an entry. */
  origins = 0;
  #digest: Digest | undefined;
  #snapshot: VersionVector | undefined;

  /** The greatest covered sequence of an origin: 0 where nothing is, Infinity where it is sealed. */
  get(origin: OriginId): number {
    const at = placeOf(this.#origins, origin);
    if (at < this.#origins.length && this.#origins[at] === origin) return this.#sequences[at] as number;
    return this.isSealed(origin) ? Infinity : 0;
  }

  covers(origin: OriginId, sequence: number): boolean {
    return sequence <= this.get(origin);
  }

  isSealed(origin: OriginId): boolean {
    if (this.#sealedBelow.size === 0) return false;
    const below = this.#sealedBelow.get(replicaOf(origin));
    return below !== undefined && lifeOf(origin) < below;
  }

  /** Lives below the returned one are sealed for this replica number; 0 when none is. */
  sealedBelow(replica: number): number {
    return this.#sealedBelow.get(replica) ?? 0;
  }

  /** Raises the entry of an origin; a lower sequence changes nothing. */
  advance(origin: OriginId, sequence: number): void {
    const at = placeOf(this.#origins, origin);
    if (at < this.#origins.length && this.#origins[at] === origin) {
      if (sequence <= (this.#sequences[at] as number)) return;
      this.#sequences[at] = sequence;
    } else {
      if (sequence <= 0 || this.isSealed(origin)) return;
      this.#insert(at, origin, sequence);
    }
    this.#changed();
  }

  #insert(at: number, origin: OriginId, sequence: number): void {
    const origins = this.#origins.slice();
    origins.splice(at, 0, origin);
    this.#origins = origins;
    this.#sequences.splice(at, 0, sequence);
    this.origins++;
  }

  /** Declares all lives of a replica below `life` sealed and drops their entries. */
  seal(replica: number, life: number): void {
    this.#sealAll([[replica, life]]);
  }

  #sealAll(lives: Iterable<[number, number]>): void {
    const news = [...lives].filter(([replica, life]) => life > this.sealedBelow(replica));
    if (news.length === 0) return;
    this.#sealedBelow = new Map([...this.#sealedBelow, ...news]);
    this.#sequences = this.#sequences.filter((_, i) => !this.isSealed(this.#origins[i] as OriginId));
    if (this.#sequences.length < this.#origins.length)
      this.#origins = this.#origins.filter((origin) => !this.isSealed(origin));
    this.origins++;
    this.#changed();
  }

  /** Least upper bound, in place. */
  merge(other: VersionVector): void {
    this.#sealAll(other.#sealedBelow);
    const news = other.#origins.filter((origin) => this.get(origin) === 0);
    if (news.length > 0) this.#makeRoom(news);
    for (const [origin, sequence] of other.entries()) this.advance(origin, sequence);
  }

  /** For origins that are to be advanced at once: one by one each would move all others. */
  #makeRoom(news: readonly OriginId[]): void {
    const origins = [...this.#origins, ...news].sort((a, b) => a - b);
    this.#sequences = origins.map((origin) => this.get(origin));
    this.#origins = origins;
    this.origins++;
  }

  /** True when every dot that `other` covers is covered here. */
  dominates(other: VersionVector): boolean {
    for (const [replica, life] of other.#sealedBelow) if (this.sealedBelow(replica) < life) return false;
    const isAligned = this.#origins === other.#origins;
    for (let i = 0; i < other.#origins.length; i++) {
      const held = isAligned ? (this.#sequences[i] as number) : this.get(other.#origins[i] as OriginId);
      if (held < (other.#sequences[i] as number)) return false;
    }
    return true;
  }

  /** How many dots `other` covers that are not covered here; sealed lives that are not sealed here count one each. */
  lackOf(other: VersionVector): number {
    let lack = 0;
    for (const [replica, life] of other.#sealedBelow) if (this.sealedBelow(replica) < life) lack++;
    const isAligned = this.#origins === other.#origins;
    for (let i = 0; i < other.#origins.length; i++) {
      const held = isAligned ? (this.#sequences[i] as number) : this.get(other.#origins[i] as OriginId);
      const sequence = other.#sequences[i] as number;
      if (held < sequence) lack += sequence - held;
    }
    return lack;
  }

  *entries(): IterableIterator<[OriginId, number]> {
    for (let i = 0; i < this.#origins.length; i++) yield [this.#origins[i] as OriginId, this.#sequences[i] as number];
  }

  sealedEntries(): IterableIterator<[number, number]> {
    return this.#sealedBelow.entries();
  }

  get size(): number {
    return this.#origins.length + this.#sealedBelow.size;
  }

  equals(other: VersionVector): boolean {
    return isSameDigest(this.digest(), other.digest()) && this.size === other.size && this.dominates(other);
  }

  /** A copy that nobody may change; the same one until this vector changes. */
  snapshot(): VersionVector {
    if (this.#snapshot === undefined) {
      const copy = new VersionVector();
      copy.#origins = this.#origins;
      copy.#sequences = this.#sequences.slice();
      copy.#sealedBelow = this.#sealedBelow;
      this.#snapshot = copy;
    }
    return this.#snapshot;
  }

  /** True where `other` is the snapshot that would be had now; makes none. */
  isSnapshot(other: VersionVector): boolean {
    return this.#snapshot === other;
  }

  /** Takes what it has in common with a vector of the same origins from there: to be done with what is kept for long. */
  shareWith(other: VersionVector): void {
    if (isSameList(this.#origins, other.#origins)) this.#origins = other.#origins;
    if (isSameMap(this.#sealedBelow, other.#sealedBelow)) this.#sealedBelow = other.#sealedBelow;
  }

  clear(): void {
    this.#origins = NO_ORIGINS;
    this.#sequences = [];
    this.#sealedBelow = NOTHING_SEALED;
    this.era++;
    this.origins++;
    this.#changed();
  }

  /** 64 bits that do not depend on the order in which entries came. Equal vectors have equal digests. */
  digest(): Digest {
    if (this.#digest === undefined) {
      let low = 0;
      let high = 0;
      for (let i = 0; i < this.#origins.length; i++) {
        const origin = this.#origins[i] as OriginId;
        const sequence = this.#sequences[i] as number;
        const a = mix32((origin >>> 0) ^ mix32(Math.floor(origin / TWO_32)));
        const b = mix32(a ^ (sequence >>> 0)) + mix32(Math.floor(sequence / TWO_32));
        low = (low + mix32(b)) >>> 0;
        high = (high + mix32(b ^ a ^ 0x5bd1e995)) >>> 0;
      }
      for (const [replica, life] of this.#sealedBelow) {
        const a = mix32(replica ^ 0x7ea1ed00);
        low = (low + mix32(a + life)) >>> 0;
        high = (high + mix32(mix32(life) ^ a)) >>> 0;
      }
      this.#digest = { high, low };
    }
    return this.#digest;
  }

  encode(writer: ByteWriter): void {
    writer.varint(this.#sealedBelow.size);
    for (const [replica, life] of this.#sealedBelow) {
      writer.u32(replica);
      writer.varint(life);
    }
    writer.varint(this.#origins.length);
    for (let i = 0; i < this.#origins.length; i++) {
      const origin = this.#origins[i] as OriginId;
      writer.u32(replicaOf(origin));
      writer.varint(lifeOf(origin));
      writer.varint(this.#sequences[i] as number);
    }
  }

  /** Of entries in any order. Throws `BadBytes`. */
  static decode(reader: ByteReader): VersionVector {
    const vector = new VersionVector();
    vector.#sealedBelow = decodeSealed(reader);
    const entries: [OriginId, number][] = [];
    for (let left = reader.varint(ENTRIES_MAX); left > 0; left--) {
      const replica = reader.u32();
      const origin = originOf(replica, reader.varint(LIFE_MAX));
      const sequence = reader.varint();
      if (sequence === 0 || vector.isSealed(origin)) throw new BadBytes("vector entry out of form");
      entries.push([origin, sequence]);
    }
    entries.sort(([a], [b]) => a - b);
    if (entries.some(([origin], i) => origin === entries[i - 1]?.[0])) throw new BadBytes("an origin with two entries");
    vector.#origins = entries.map(([origin]) => origin);
    vector.#sequences = entries.map(([, sequence]) => sequence);
    return vector;
  }

  #changed(): void {
    this.#digest = undefined;
    this.#snapshot = undefined;
  }
}

function decodeSealed(reader: ByteReader): ReadonlyMap<number, number> {
  const count = reader.varint(ENTRIES_MAX);
  if (count === 0) return NOTHING_SEALED;
  const sealedBelow = new Map<number, number>();
  for (let left = count; left > 0; left--) {
    const replica = reader.u32();
    const life = reader.varint(LIFE_MAX + 1);
    if (life === 0 || sealedBelow.has(replica)) throw new BadBytes("sealed lives out of form");
    sealedBelow.set(replica, life);
  }
  return sealedBelow;
}

/** Where an origin stands in a list of ascending ones, or would stand. What is beyond the last is found at once. */
function placeOf(origins: readonly OriginId[], origin: OriginId): number {
  let high = origins.length;
  if (high === 0 || (origins[high - 1] as OriginId) < origin) return high;
  let low = 0;
  high--;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((origins[middle] as OriginId) < origin) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isSameList(a: readonly OriginId[], b: readonly OriginId[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function isSameMap(a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [replica, life] of a) if (b.get(replica) !== life) return false;
  return true;
}

/** What a vector says of all lives but some, which are not sealed. */
export function without(vector: VersionVector, origins: ReadonlySet<OriginId>): VersionVector {
  const part = new VersionVector();
  for (const [replica, life] of vector.sealedEntries()) part.seal(replica, life);
  for (const [origin, sequence] of vector.entries()) if (!origins.has(origin)) part.advance(origin, sequence);
  return part;
}

/** What a vector says of some replicas. */
export function restricted(vector: VersionVector, replicas: ReadonlySet<number>): VersionVector {
  const part = new VersionVector();
  for (const [replica, life] of vector.sealedEntries()) if (replicas.has(replica)) part.seal(replica, life);
  for (const [origin, sequence] of vector.entries()) {
    if (replicas.has(replicaOf(origin))) part.advance(origin, sequence);
  }
  return part;
}
