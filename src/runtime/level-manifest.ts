/**
 * Which tables a LevelDB is made of: its manifest says so. Others in the folder were being written when the process or
 * the power went, or were about to be deleted; LevelDB deletes them at its next open, in whatever state they are.
 *
 * The format (leveldb, doc/log_format.md and db/version_edit.cc): CURRENT has the name of the manifest, which is a log
 * of edits. A log is made of blocks of 32 KB, and these of records with a checksum, a length and a type; an edit is a
 * run of fields with a tag each.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { BadBytes, ByteReader } from "../base/bytes.ts";
import { maskedCrc32c } from "../base/crc32c.ts";

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const KEY_BYTES_MAX = 1 << 20;

const PIECE = { full: 1, first: 2, middle: 3, last: 4 } as const;
const TAG = {
  comparator: 1,
  logNumber: 2,
  nextFileNumber: 3,
  lastSequence: 4,
  compactPointer: 5,
  deletedFile: 6,
  newFile: 7,
  previousLogNumber: 9,
} as const;

/** The numbers of the tables in use; `undefined` where the manifest cannot be found, or not be read to its end. */
export async function readTablesInUse(location: string): Promise<ReadonlySet<number> | undefined> {
  try {
    const current = await readFile(join(location, "CURRENT"), "latin1");
    if (!/^MANIFEST-\d+\n$/.test(current)) return undefined;
    return decodeTablesInUse(await readFile(join(location, current.trimEnd())));
  } catch {
    return undefined;
  }
}

/** `undefined` for bytes that are no manifest. One that ends within a record is read up to there, as LevelDB does. */
export function decodeTablesInUse(manifest: Uint8Array): ReadonlySet<number> | undefined {
  const tables = new Set<number>();
  try {
    for (const edit of recordsOf(manifest)) applyEdit(tables, new ByteReader(edit));
  } catch (error) {
    if (error instanceof BadBytes) return undefined;
    throw error;
  }
  return tables;
}

function* recordsOf(log: Uint8Array): Iterable<Uint8Array> {
  let pieces: Uint8Array[] = [];
  for (let at = 0; at + HEADER_BYTES <= log.length; ) {
    const leftInBlock = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (leftInBlock < HEADER_BYTES) {
      at += leftInBlock;
      continue;
    }
    const header = new ByteReader(log, at);
    const checksum = header.u32();
    const length = header.u16();
    const type = header.u8();
    const end = at + HEADER_BYTES + length;
    if (end > log.length) return;
    if (HEADER_BYTES + length > leftInBlock) throw new BadBytes("a record over the end of its block");
    if (maskedCrc32c(log, at + HEADER_BYTES - 1, end) !== checksum) throw new BadBytes("wrong checksum");
    const begins = type === PIECE.full || type === PIECE.first;
    const isKnown = begins || type === PIECE.middle || type === PIECE.last;
    if (!isKnown || begins !== (pieces.length === 0)) throw new BadBytes(`a record of type ${type} out of place`);
    pieces.push(log.subarray(at + HEADER_BYTES, end));
    if (type === PIECE.full || type === PIECE.last) {
      yield Buffer.concat(pieces);
      pieces = [];
    }
    at = end;
  }
}

function applyEdit(tables: Set<number>, edit: ByteReader): void {
  while (edit.remaining > 0) {
    const tag = edit.varint();
    switch (tag) {
      case TAG.comparator:
        edit.blob(KEY_BYTES_MAX);
        break;
      case TAG.logNumber:
      case TAG.nextFileNumber:
      case TAG.lastSequence:
      case TAG.previousLogNumber:
        edit.varint();
        break;
      case TAG.compactPointer:
        edit.varint();
        edit.blob(KEY_BYTES_MAX);
        break;
      case TAG.deletedFile:
        edit.varint();
        tables.delete(edit.varint());
        break;
      case TAG.newFile: {
        edit.varint();
        tables.add(edit.varint());
        edit.varint();
        edit.blob(KEY_BYTES_MAX);
        edit.blob(KEY_BYTES_MAX);
        break;
      }
      default:
        throw new BadBytes(`an edit with the tag ${tag}`);
    }
  }
}
