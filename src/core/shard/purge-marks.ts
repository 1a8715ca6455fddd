/**
 * Purge marks: the newest stamp purged from each bucket of a shard (rule R8). They go wherever the vector goes that covers
 * what was purged, to the disk and to peers: who claims a tombstone's dot without ever having held it must beat it too.
 */

import { type ByteReader, ByteWriter } from "../../base/bytes.ts";
import { TIMESTAMP_MAX } from "../clock.ts";
import { BUCKETS } from "../record/bucket.ts";

export class PurgeMarks {
  /** 0 where nothing was purged. */
  readonly #stamps = new Float64Array(BUCKETS);
  /** As they are written, until one changes: every batch for the disk has them, and few tombstones go. */
  #encoded: Uint8Array | undefined;

  /** The newest stamp purged from a bucket; 0 when there is none. */
  of(bucket: number): number {
    return this.#stamps[bucket] as number;
  }

  /** Notes a purge; a stamp that is not newer changes nothing. */
  raise(bucket: number, timestamp: number): void {
    if (timestamp <= this.of(bucket)) return;
    this.#stamps[bucket] = timestamp;
    this.#encoded = undefined;
  }

  merge(other: PurgeMarks): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.raise(bucket, other.of(bucket));
  }

  encode(writer: ByteWriter): void {
    this.#encoded ??= this.#encode();
    writer.raw(this.#encoded);
  }

  #encode(): Uint8Array {
    const writer = new ByteWriter();
    writer.varint(this.#stamps.reduce((count, stamp) => count + Math.sign(stamp), 0));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const stamp = this.of(bucket);
      if (stamp === 0) continue;
      writer.varint(bucket);
      writer.varint(stamp);
    }
    return writer.copy();
  }
}

export function encodePurgeMarks(writer: ByteWriter, marks: PurgeMarks | undefined): void {
  if (marks === undefined) writer.varint(0);
  else marks.encode(writer);
}

/** Undefined: nothing was ever purged. Throws `BadBytes`. */
export function decodePurgeMarks(reader: ByteReader): PurgeMarks | undefined {
  const count = reader.varint(BUCKETS);
  if (count === 0) return undefined;
  const marks = new PurgeMarks();
  for (let left = count; left > 0; left--) {
    const bucket = reader.varint(BUCKETS - 1);
    marks.raise(bucket, reader.varint(TIMESTAMP_MAX));
  }
  return marks;
}
