/**
 * The file that keeps what a quarantine dropped: registers back to back, as they lie on disk. Those of an `append` that
 * resolved stay there, whole, whatever happens to later ones: what is left of an append that failed, or that the process
 * did not live to see through, is cut off before the next. A file that is damaged before its end is set aside, and one
 * begun anew.
 */

import { constants } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { BadBytes } from "../base/bytes.ts";
import { checkRecord, recordBytesMax } from "../core/containers/record-check.ts";
import { flagsAt, headLength, RECORD_HEADER_BYTES, recordLength } from "../core/record/record.ts";
import { replicaDefaults } from "../replica/config.ts";
import { syncFolder } from "./whole-file.ts";

const PIECE_BYTES = 256 * 1024;
const RECORD_BYTES_MAX = recordBytesMax(replicaDefaults);

export class SalvageFile {
  readonly path: string;
  /** Where the last whole register ends, once that is known. */
  #end: number | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Resolves once the registers are on disk. Throws the errors of the system: then none of them counts. */
  async append(records: readonly Uint8Array[]): Promise<void> {
    this.#end ??= await this.#findEnd();
    const bytes = Buffer.concat(records);
    const handle = await open(this.path, constants.O_RDWR | constants.O_CREAT, 0o600);
    try {
      await handle.truncate(this.#end);
      for (let written = 0; written < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, this.#end + written);
        written += bytesWritten;
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await syncFolder(dirname(this.path));
    this.#end += bytes.length;
  }

  /** Of what is there already. */
  async #findEnd(): Promise<number> {
    const handle = await open(this.path, constants.O_RDONLY | constants.O_CREAT, 0o600);
    try {
      return await endOfWhole(handle);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      await rename(this.path, `${this.path}.damaged-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`);
      return 0;
    } finally {
      await handle.close();
    }
  }
}

/** Where the last register ends that is there to its end. Throws `BadBytes` where one is damaged. */
async function endOfWhole(handle: FileHandle): Promise<number> {
  let end = 0;
  let rest: Uint8Array = new Uint8Array();
  for (;;) {
    const piece = new Uint8Array(PIECE_BYTES);
    const { bytesRead } = await handle.read(piece, 0, PIECE_BYTES, end + rest.length);
    if (bytesRead === 0) return end;
    const bytes = Buffer.concat([rest, piece.subarray(0, bytesRead)]);
    const length = lengthOfWhole(bytes);
    end += length;
    rest = bytes.subarray(length);
  }
}

function lengthOfWhole(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; ; ) {
    const left = bytes.length - at;
    if (left < RECORD_HEADER_BYTES || left < headLength(flagsAt(view, at))) return at;
    const length = recordLength(view, at);
    if (length > RECORD_BYTES_MAX) throw new BadBytes("a register over all limits");
    if (length > left) return at;
    at += checkRecord(view, at, at + length, replicaDefaults);
  }
}
