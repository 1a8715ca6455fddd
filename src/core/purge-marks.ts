/**
 * Purge marks: the newest stamp purged from each bucket of a shard (rule R8). They go wherever the vector goes that covers
 * what was purged, to the disk and to peers: who claims a tombstone's dot without ever having held it must beat it too.
 */

import type { ByteReader, ByteWriter } from "../base/bytes.ts";
import { TIMESTAMP_MAX } from "./clock.ts";
import { BUCKETS } from "./shard.ts";

export function encodePurgeMarks(writer: ByteWriter, marks: Float64Array | undefined): void {
  const buckets = marks?.length ?? 0;
  let count = 0;
  for (let bucket = 0; bucket < buckets; bucket++) if ((marks?.[bucket] as number) > 0) count++;
  writer.varint(count);
  for (let bucket = 0; bucket < buckets; bucket++) {
    const mark = marks?.[bucket] as number;
    if (mark === 0) continue;
    writer.varint(bucket);
    writer.varint(mark);
  }
}

/** Undefined: nothing was ever purged. Throws `BadBytes`. */
export function decodePurgeMarks(reader: ByteReader): Float64Array | undefined {
  const count = reader.varint(BUCKETS);
  if (count === 0) return undefined;
  const marks = new Float64Array(BUCKETS);
  for (let left = count; left > 0; left--) {
    const bucket = reader.varint(BUCKETS - 1);
    marks[bucket] = reader.varint(TIMESTAMP_MAX);
  }
  return marks;
}
