/** What a shard keeps on disk beside its registers: the vector that claims them, and its purge marks (R8). */

import { BadBytes, ByteReader, ByteWriter } from "../base/bytes.ts";
import { decodePurgeMarks, encodePurgeMarks } from "./purge-marks.ts";
import type { Shard } from "./shard.ts";
import { VersionVector } from "./version-vector.ts";

/** What of its registers a shard may claim: the lowest two bits. */
const TRUSTED = 0;
const QUARANTINED = 1;
const UNCONFIRMED = 2;
const TRUST_MASK = 3;
const READY = 4;
const LEAVING = 8;

/** A view, valid until the writer is used again. */
export function encodeHead(shard: Shard, writer: ByteWriter = new ByteWriter()): Uint8Array {
  writer.clear();
  const trust = shard.quarantined ? QUARANTINED : shard.unconfirmed > 0 ? UNCONFIRMED : TRUSTED;
  writer.u8(trust | (shard.isReady ? READY : 0) | (shard.isLeaving ? LEAVING : 0));
  shard.vector.encode(writer);
  encodePurgeMarks(writer, shard.purgeMarks);
  return writer.view();
}

/** Takes a head back into an empty shard. Throws `BadBytes`. */
export function restoreHead(shard: Shard, head: Uint8Array): void {
  const reader = new ByteReader(head);
  const flags = reader.u8();
  if (flags > 15) throw new BadBytes("the head of a shard with unknown flags");
  const trust = flags & TRUST_MASK;
  shard.restoreHolding({ isReady: (flags & READY) !== 0, isLeaving: (flags & LEAVING) !== 0 });
  shard.quarantined = trust === QUARANTINED;
  shard.wasUnconfirmed = trust === UNCONFIRMED;
  shard.vector.merge(VersionVector.decode(reader));
  shard.purgeMarks = decodePurgeMarks(reader);
  reader.finish();
}
