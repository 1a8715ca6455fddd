/** What a shard keeps on disk beside its registers: the vector that claims them, and its purge marks (R8). */

import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { decodePurgeMarks, encodePurgeMarks } from "./purge-marks.ts";
import type { Shard } from "./shard.ts";
import { VersionVector } from "./version-vector.ts";

/** What of its registers a shard may claim. */
const TRUSTED = 0;
const QUARANTINED = 1;
const UNCONFIRMED = 2;

/** A view, valid until the writer is used again. */
export function encodeHead(shard: Shard, writer: ByteWriter = new ByteWriter()): Uint8Array {
  writer.clear();
  writer.u8(shard.quarantined ? QUARANTINED : shard.unconfirmed > 0 ? UNCONFIRMED : TRUSTED);
  shard.vector.encode(writer);
  encodePurgeMarks(writer, shard.purgeMarks);
  return writer.view();
}

/** Takes a head back into an empty shard. Throws `BadBytes`. */
export function restoreHead(shard: Shard, head: Uint8Array): void {
  const reader = new ByteReader(head);
  const trust = reader.u8();
  shard.quarantined = trust === QUARANTINED;
  shard.wasUnconfirmed = trust === UNCONFIRMED;
  shard.vector.merge(VersionVector.decode(reader));
  shard.purgeMarks = decodePurgeMarks(reader);
  reader.finish();
}
