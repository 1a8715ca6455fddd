/**
 * What a shard keeps on disk beside its registers: the vector that claims them, its purge marks (R8), and which own writes
 * still need new dots.
 */

import { BadBytes, ByteReader, ByteWriter } from "../../base/bytes.ts";
import type { OriginId } from "../../base/ids.ts";
import { VersionVector } from "../version-vector.ts";
import { decodePurgeMarks, encodePurgeMarks } from "./purge-marks.ts";
import type { OwnWrites } from "./quarantine.ts";
import type { Shard } from "./shard.ts";

/** What of its registers a shard may claim: the lowest two bits. */
const TRUSTED = 0;
const QUARANTINED = 1;
const UNCONFIRMED = 2;
const TRUST_MASK = 3;
const READY = 4;
const LEAVING = 8;
const TO_REDOT = 16;
const FLAGS_KNOWN = 31;

/** Of own writes. */
const ARE_YOUNG = 1;
const IS_TWICE = 2;
const ARE_MEMBERS_LATE = 4;

/** Each quarantine adds as many as the replica remembers lives, and they end with it. */
const OWN_WRITES_MAX = 4096;

/** A view, valid until the writer is used again. */
export function encodeHead(shard: Shard, writer: ByteWriter = new ByteWriter()): Uint8Array {
  writer.clear();
  const trust = shard.quarantined ? QUARANTINED : shard.unconfirmed > 0 ? UNCONFIRMED : TRUSTED;
  const toRedot = shard.quarantine.toRedot.length > 0 ? TO_REDOT : 0;
  writer.u8(trust | (shard.isReady ? READY : 0) | (shard.isLeaving ? LEAVING : 0) | toRedot);
  shard.vector.encode(writer);
  encodePurgeMarks(writer, shard.graves.marks);
  if (toRedot !== 0) writeOwnWrites(writer, shard.quarantine.toRedot);
  return writer.view();
}

/** Takes a head back into an empty shard. Throws `BadBytes`. */
export function restoreHead(shard: Shard, head: Uint8Array): void {
  const reader = new ByteReader(head);
  const flags = reader.u8();
  if (flags > FLAGS_KNOWN) throw new BadBytes("the head of a shard with unknown flags");
  const trust = flags & TRUST_MASK;
  shard.vector.merge(VersionVector.decode(reader));
  shard.graves.marks = decodePurgeMarks(reader);
  const toRedot = (flags & TO_REDOT) === 0 ? [] : readOwnWrites(reader);
  reader.finish();
  shard.tenure.restore({ isReady: (flags & READY) !== 0, isLeaving: (flags & LEAVING) !== 0 });
  shard.quarantine.restore(toRedot);
  shard.quarantine.isOn = trust === QUARANTINED;
  shard.quarantine.wasOn = trust === UNCONFIRMED;
}

function writeOwnWrites(writer: ByteWriter, writes: readonly OwnWrites[]): void {
  writer.varint(writes.length);
  for (const { origin, above, areYoung, isTwice, areMembersLate } of writes) {
    writer.varint(origin);
    writer.varint(above);
    writer.u8((areYoung ? ARE_YOUNG : 0) | (isTwice ? IS_TWICE : 0) | (areMembersLate ? ARE_MEMBERS_LATE : 0));
  }
}

function readOwnWrites(reader: ByteReader): OwnWrites[] {
  return Array.from({ length: reader.varint(OWN_WRITES_MAX) }, () => {
    const [origin, above, flags] = [reader.varint() as OriginId, reader.varint(), reader.u8()];
    const is = (flag: number): boolean => (flags & flag) !== 0;
    return { origin, above, areYoung: is(ARE_YOUNG), isTwice: is(IS_TWICE), areMembersLate: is(ARE_MEMBERS_LATE) };
  });
}
