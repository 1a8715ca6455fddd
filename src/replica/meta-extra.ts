/** What a replica writes of itself behind the fixed part of its meta: whom it knows, its own lives, what its disk took. */

import { ByteReader, ByteWriter } from "../base/bytes.ts";
import type { Member } from "../cluster/members.ts";
import { readBirth, readMember, writeBirth, writeMember } from "../wire/member-codec.ts";
import { type Birth, LINEAGE_MAX } from "../wire/message.ts";

const MEMBERS_MAX = 4096;

export interface MetaExtra {
  /** Batches that the disk has taken. */
  readonly epoch: number;
  /** Sum of the checksums of all shards' heads as of this batch: a head that the disk lost on the way shows. */
  readonly headSum: number;
  /** The replica itself among them. */
  readonly members: readonly StoredMember[];
  /** The replica's own latest lives. */
  readonly lineage: readonly Birth[];
  /** How many members have been forgotten. */
  readonly departures: number;
}

/** A view, valid until the writer is used again. */
export function encodeExtra(
  { epoch, headSum, members, lineage, departures }: MetaExtra,
  writer: ByteWriter = new ByteWriter(),
): Uint8Array {
  writer.clear();
  writer.varint(epoch);
  writer.u32(headSum);
  writer.raw(memberList(members));
  writeLineage(writer, lineage);
  writer.varint(departures);
  return writer.view();
}

type StoredMember = Omit<Member, "number">;

const rowsWriter = new ByteWriter();
const memberLists = new WeakMap<readonly StoredMember[], Uint8Array>();
const memberRows = new WeakMap<StoredMember, Uint8Array>();

/** Members as they are written. They and lists of them are values, and each batch writes all: few have changed since the last. */
function memberList(members: readonly StoredMember[]): Uint8Array {
  const known = memberLists.get(members);
  if (known !== undefined) return known;
  const rows = members.map(memberRow);
  rowsWriter.clear();
  rowsWriter.varint(members.length);
  for (const row of rows) rowsWriter.raw(row);
  const list = rowsWriter.copy();
  memberLists.set(members, list);
  return list;
}

function memberRow(member: StoredMember): Uint8Array {
  const known = memberRows.get(member);
  if (known !== undefined) return known;
  rowsWriter.clear();
  writeMember(rowsWriter, member);
  rowsWriter.varint(member.epochNow);
  writeLineage(rowsWriter, member.lineage);
  const row = rowsWriter.copy();
  memberRows.set(member, row);
  return row;
}

export function decodeExtra(extra: Uint8Array): MetaExtra {
  const reader = new ByteReader(extra);
  const epoch = reader.varint();
  const headSum = reader.u32();
  const members: StoredMember[] = [];
  for (let left = reader.varint(MEMBERS_MAX); left > 0; left--) {
    members.push({
      ...readMember(reader),
      epochNow: reader.varint(),
      lineage: readLineage(reader),
    });
  }
  const lineage = readLineage(reader);
  const departures = reader.varint();
  reader.finish();
  return { epoch, headSum, members, lineage, departures };
}

function writeLineage(writer: ByteWriter, lineage: readonly Birth[]): void {
  writer.varint(lineage.length);
  for (const birth of lineage) writeBirth(writer, birth);
}

function readLineage(reader: ByteReader): Birth[] {
  return Array.from({ length: reader.varint(LINEAGE_MAX) }, () => readBirth(reader));
}
