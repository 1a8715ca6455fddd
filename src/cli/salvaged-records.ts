/**
 * What a quarantine put aside (`salvaged-ID.records` in a data folder): registers back to back, as chunks of a backup. Where
 * they come from is not in the file: they are restored into a keyspace that is there, by their stamps.
 */

import { open } from "node:fs/promises";
import { compress } from "../archive/compression.ts";
import type { ArchiveHeader } from "../archive/description.ts";
import { damaged, encodeFrame, FRAME_CHUNK, type Frame } from "../archive/frame.ts";
import { BadBytes } from "../base/bytes.ts";
import type { ReplicaId } from "../base/ids.ts";
import { checkRecord, recordBytesMax } from "../core/containers/record-check.ts";
import { flagsAt, headLength, RECORD_HEADER_BYTES, recordLength } from "../core/record/record.ts";
import { replicaDefaults } from "../replica/config.ts";

const PIECE_BYTES = 256 * 1024;

/** What stands in for the header that there is not. */
export function salvagedHeader(keyspace: string): ArchiveHeader {
  const nowhere = { cluster: "", replica: "" as ReplicaId, shards: 0, births: [], at: 0 };
  return { ...nowhere, keyspaces: [{ name: keyspace }] };
}

/** Throws `BACKUP_DAMAGED`. */
export async function* salvagedChunks(path: string): AsyncGenerator<Frame> {
  const handle = await open(path, "r");
  try {
    let rest: Uint8Array = new Uint8Array();
    for (let number = 1; ; number++) {
      const piece = new Uint8Array(PIECE_BYTES);
      const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES);
      if (bytesRead === 0) break;
      const bytes = joined(rest, piece.subarray(0, bytesRead));
      const { end, count } = wholeRecords(bytes);
      rest = bytes.slice(end);
      if (count === 0) {
        number--;
        continue;
      }
      yield await chunkOf(bytes.slice(0, end), count, number);
    }
    if (rest.length > 0) throw damaged("it ends in the middle of a register");
  } finally {
    await handle.close();
  }
}

async function chunkOf(records: Uint8Array, count: number, number: number): Promise<Frame> {
  const content = await compress(records);
  return encodeFrame({
    ...{ type: FRAME_CHUNK, flags: 0, keyspace: 0 },
    ...{ number, records: count, rawLength: records.length, content },
  });
}

/** Where the last register ends that is whole. */
function wholeRecords(bytes: Uint8Array): { readonly end: number; readonly count: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const longest = recordBytesMax(replicaDefaults);
  let [at, count] = [0, 0];
  for (;;) {
    const left = bytes.length - at;
    if (left < RECORD_HEADER_BYTES || left < headLength(flagsAt(view, at))) return { end: at, count };
    const length = recordLength(view, at);
    if (length > longest) throw damaged("a register over all limits");
    if (length > left) return { end: at, count };
    checkRecords(view, at, at + length);
    at += length;
    count++;
  }
}

/** Records back to back, sound each. Throws `BACKUP_DAMAGED`. */
export function checkRecords(view: DataView, start: number, end: number): void {
  try {
    for (let at = start; at < end; ) at += checkRecord(view, at, end, replicaDefaults);
  } catch (error) {
    throw error instanceof BadBytes ? damaged(error.message) : error;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
