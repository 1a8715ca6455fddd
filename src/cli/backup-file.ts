/** A file to restore from, which is gone through twice: to find out whether it is whole, and to send what is in it. */

import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { readArchive } from "../archive/archive-reader.ts";
import type { ArchiveHeader } from "../archive/description.ts";
import { FRAME_CHUNK, type Frame, FrameReader, isMagic, MAGIC } from "../archive/frame.ts";
import { Tally } from "../archive/tally.ts";
import { checkRecords, salvagedChunks, salvagedHeader } from "./salvaged-records.ts";

export interface BackupFile {
  readonly header: ArchiveHeader;
  /** Names its contents: equal for equal ones only, but for chance. */
  readonly identity: string;
  /** Of what will be sent: registers, by the keyspaces that they are of. */
  readonly records: number;
  readonly recordsByKeyspace: ReadonlyMap<string, number>;
  /** Chunks as they stand there, from the one of this number on. */
  chunks(from: number): AsyncGenerator<Frame>;
}

/** Called with the bytes that have been looked at. */
type Progress = (bytes: number) => void;

const PIECE_BYTES = 256 * 1024;

/**
 * Reads all of it. `salvagedInto`: the keyspace that a file without a header is of. Throws `BACKUP_DAMAGED`,
 * `BACKUP_UNKNOWN_FORMAT`.
 */
export async function openBackupFile(path: string, salvagedInto: string, progress: Progress): Promise<BackupFile> {
  return (await isArchive(path)) ? await openArchive(path, progress) : await openSalvaged(path, salvagedInto);
}

/** Everything else is taken for registers, and checked as such. */
async function isArchive(path: string): Promise<boolean> {
  const handle = await open(path, "r");
  try {
    const first = new Uint8Array(MAGIC.length);
    const { bytesRead } = await handle.read(first, 0, first.length);
    return !path.endsWith(".records") || isMagic(first.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

async function openArchive(path: string, progress: Progress): Promise<BackupFile> {
  let header: ArchiveHeader | undefined;
  let identity = "";
  let records = 0;
  const recordsByKeyspace = new Map<string, number>();
  for await (const item of readArchive(piecesOf(path, progress))) {
    if (item.type === "header") header = item.header;
    else if (item.type === "end") {
      const { checksum, bytes } = item.end;
      identity = `${header?.at}-${item.end.records}-${bytes}-${checksum}`;
      records = item.end.records;
    } else {
      const view = new DataView(item.records.buffer, item.records.byteOffset, item.records.byteLength);
      checkRecords(view, 0, item.records.length);
      recordsByKeyspace.set(item.keyspace, (recordsByKeyspace.get(item.keyspace) ?? 0) + item.frame.records);
    }
  }
  if (header === undefined) throw new Error("BUG: a backup without a header passed for whole");
  const chunks = (from: number) => archiveChunks(path, from);
  return { header, identity, records, recordsByKeyspace, chunks };
}

async function* archiveChunks(path: string, from: number): AsyncGenerator<Frame> {
  const reader = new FrameReader();
  for await (const piece of piecesOf(path, () => {})) {
    for (const frame of reader.push(piece)) if (frame.type === FRAME_CHUNK && frame.number >= from) yield frame;
  }
}

async function openSalvaged(path: string, keyspace: string): Promise<BackupFile> {
  const tally = new Tally();
  for await (const chunk of salvagedChunks(path)) tally.chunk(chunk);
  const { records, bytes, checksum } = tally.end();
  return {
    header: salvagedHeader(keyspace),
    identity: `salvaged-${records}-${bytes}-${checksum}`,
    records,
    recordsByKeyspace: new Map([[keyspace, records]]),
    async *chunks(from) {
      for await (const chunk of salvagedChunks(path)) if (chunk.number >= from) yield chunk;
    },
  };
}

async function* piecesOf(path: string, progress: Progress): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: PIECE_BYTES })) {
    bytes += piece.length;
    progress(bytes);
    yield piece;
  }
}
