/**
 * Version vector of a shard: for each origin the greatest sequence up to which every register that has not been
 * superseded is held. Ended lives that all owners hold are folded into one entry a replica, "lives below L are sealed",
 * which covers every dot of theirs, so vectors do not grow with restarts.
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

export class VersionVector {
  /** Sequences of origins that are not sealed; never 0. */
  readonly #sequences = new Map<OriginId, number>();
  /** By replica number: every life below this one is sealed. */
  readonly #sealedBelow = new Map<number, number>();
  /** How often it was emptied: within one era it only ever grows. */
  era = 0;
  /** Changes with the origins that have an entry. */
  origins = 0;
  #digest: Digest | undefined;
  #snapshot: VersionVector | undefined;

  /** The greatest covered sequence of an origin: 0 where nothing is, Infinity where it is sealed. */
  get(origin: OriginId): number {
    const sequence = this.#sequences.get(origin);
    if (sequence !== undefined) return sequence;
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
    const held = this.get(origin);
    if (sequence <= held) return;
    if (held === 0) this.origins++;
    this.#sequences.set(origin, sequence);
    this.#changed();
  }

  /** Declares all lives of a replica below `life` sealed and drops their entries. */
  seal(replica: number, life: number): void {
    if (life <= this.sealedBelow(replica)) return;
    this.#sealedBelow.set(replica, life);
    this.origins++;
    for (const origin of this.#sequences.keys()) {
      if (replicaOf(origin) === replica && lifeOf(origin) < life) this.#sequences.delete(origin);
    }
    this.#changed();
  }

  /** Least upper bound, in place. */
  merge(other: VersionVector): void {
    for (const [replica, life] of other.#sealedBelow) this.seal(replica, life);
    for (const [origin, sequence] of other.#sequences) this.advance(origin, sequence);
  }

  /** True when every dot that `other` covers is covered here. */
  dominates(other: VersionVector): boolean {
    for (const [replica, life] of other.#sealedBelow) if (this.sealedBelow(replica) < life) return false;
    for (const [origin, sequence] of other.#sequences) if (this.get(origin) < sequence) return false;
    return true;
  }

  /** How many dots `other` covers that are not covered here; sealed lives that are not sealed here count one each. */
  lackOf(other: VersionVector): number {
    let lack = 0;
    for (const [replica, life] of other.#sealedBelow) if (this.sealedBelow(replica) < life) lack++;
    for (const [origin, sequence] of other.#sequences) {
      const held = this.get(origin);
      if (held < sequence) lack += sequence - held;
    }
    return lack;
  }

  entries(): IterableIterator<[OriginId, number]> {
    return this.#sequences.entries();
  }

  sealedEntries(): IterableIterator<[number, number]> {
    return this.#sealedBelow.entries();
  }

  get size(): number {
    return this.#sequences.size + this.#sealedBelow.size;
  }

  equals(other: VersionVector): boolean {
    return isSameDigest(this.digest(), other.digest()) && this.size === other.size && this.dominates(other);
  }

  /** A copy that nobody may change; the same one until this vector changes. */
  snapshot(): VersionVector {
    if (this.#snapshot === undefined) {
      const copy = new VersionVector();
      for (const [replica, life] of this.#sealedBelow) copy.#sealedBelow.set(replica, life);
      for (const [origin, sequence] of this.#sequences) copy.#sequences.set(origin, sequence);
      this.#snapshot = copy;
    }
    return this.#snapshot;
  }

  /** True where `other` is the snapshot that would be had now; makes none. */
  isSnapshot(other: VersionVector): boolean {
    return this.#snapshot === other;
  }

  clear(): void {
    this.#sequences.clear();
    this.#sealedBelow.clear();
    this.era++;
    this.origins++;
    this.#changed();
  }

  /** 64 bits that do not depend on the order in which entries came. Equal vectors have equal digests. */
  digest(): Digest {
    if (this.#digest === undefined) {
      let low = 0;
      let high = 0;
      for (const [origin, sequence] of this.#sequences) {
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
    writer.varint(this.#sequences.size);
    for (const [origin, sequence] of this.#sequences) {
      writer.u32(replicaOf(origin));
      writer.varint(lifeOf(origin));
      writer.varint(sequence);
    }
  }

  static decode(reader: ByteReader): VersionVector {
    const vector = new VersionVector();
    for (let left = reader.varint(ENTRIES_MAX); left > 0; left--) {
      const replica = reader.u32();
      const life = reader.varint(LIFE_MAX + 1);
      if (life === 0 || vector.#sealedBelow.has(replica)) throw new BadBytes("sealed lives out of form");
      vector.#sealedBelow.set(replica, life);
    }
    for (let left = reader.varint(ENTRIES_MAX); left > 0; left--) {
      const replica = reader.u32();
      const origin = originOf(replica, reader.varint(LIFE_MAX));
      const sequence = reader.varint();
      if (sequence === 0 || vector.get(origin) !== 0) throw new BadBytes("vector entry out of form");
      vector.#sequences.set(origin, sequence);
    }
    return vector;
  }

  #changed(): void {
    this.#digest = undefined;
    this.#snapshot = undefined;
  }
}
