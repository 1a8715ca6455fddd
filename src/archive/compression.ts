/** Chunks as they stand in a file: raw deflate, in the thread pool, so that whoever serves meanwhile is not held up. */

import { promisify } from "node:util";
import { type InputType, deflateRaw as startDeflate, inflateRaw as startInflate, type ZlibOptions } from "node:zlib";
import { damaged } from "./frame.ts";

type Run = (input: InputType, options: ZlibOptions) => Promise<Uint8Array>;

const deflateRaw: Run = promisify<InputType, ZlibOptions, Uint8Array>(startDeflate);
const inflateRaw: Run = promisify<InputType, ZlibOptions, Uint8Array>(startInflate);

/** Of records most is gained by the first steps. */
const LEVEL = 3;

export function compress(bytes: Uint8Array): Promise<Uint8Array> {
  return deflateRaw(bytes, { level: LEVEL });
}

/** Throws `BACKUP_DAMAGED` unless it makes exactly `length` bytes; no more memory is taken than these. */
export async function decompress(bytes: Uint8Array, length: number): Promise<Uint8Array> {
  let raw: Uint8Array;
  try {
    raw = await inflateRaw(bytes, { maxOutputLength: Math.max(1, length) });
  } catch {
    throw damaged("a chunk that cannot be decompressed");
  }
  if (raw.length !== length) throw damaged("a chunk of another length");
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
}
