/** Origins in seven bytes, little endian. */

import { BadBytes, type ByteReader, type ByteWriter, latin1FromBytes } from "../../base/bytes.ts";
import type { OriginId } from "../../base/ids.ts";

export const ORIGIN_BYTES = 7;
const TWO_32 = 4294967296;
const TWO_21 = 2097152;

export function writeOrigin(writer: ByteWriter, origin: OriginId): void {
  const high = Math.floor(origin / TWO_32);
  writer.u32(origin % TWO_32);
  writer.u16(high & 0xffff);
  writer.u8(high >>> 16);
}

/** Throws `BadBytes`. */
export function readOrigin(reader: ByteReader): OriginId {
  const low = reader.u32();
  const high = reader.u16() + reader.u8() * 65536;
  if (high >= TWO_21) throw new BadBytes("origin over 2^53");
  return (high * TWO_32 + low) as OriginId;
}

/** As latin1 text, for the field of a register. */
export function textOfOrigin(origin: OriginId): string {
  const bytes = new Uint8Array(ORIGIN_BYTES);
  let rest: number = origin;
  for (let i = 0; i < ORIGIN_BYTES; i++) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return latin1FromBytes(bytes);
}
