/** Decompresses Snappy's block format (google/snappy, format_description.txt). */

import { BadBytes, ByteReader } from "../base/bytes.ts";

/** Throws `BadBytes` for what is no block, or one that says it holds more than `bytesMax`, before any memory is spent. */
export function decompressSnappy(block: Uint8Array, bytesMax: number): Uint8Array {
  const reader = new ByteReader(block);
  const output = new Uint8Array(reader.varint(bytesMax));
  let length = 0;
  while (reader.remaining > 0) {
    const tag = reader.u8();
    if ((tag & 3) === 0) {
      const literal = reader.raw(literalLength(tag, reader));
      if (literal.length > output.length - length) throw new BadBytes("more than was announced");
      output.set(literal, length);
      length += literal.length;
    } else length = copyBack(output, length, tag, reader);
  }
  if (length !== output.length) throw new BadBytes("less than was announced");
  return output;
}

function literalLength(tag: number, reader: ByteReader): number {
  const code = tag >>> 2;
  return 1 + (code < 60 ? code : littleEndian(reader, code - 59));
}

/** Appends what stands `offset` bytes back, which may run into what it appends; returns the new length. */
function copyBack(output: Uint8Array, length: number, tag: number, reader: ByteReader): number {
  const isShort = (tag & 3) === 1;
  const count = isShort ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2);
  const offset = isShort ? ((tag >>> 5) << 8) | reader.u8() : littleEndian(reader, (tag & 3) === 2 ? 2 : 4);
  if (offset === 0 || offset > length) throw new BadBytes("copy of what is not there");
  const end = length + count;
  if (end > output.length) throw new BadBytes("more than was announced");
  for (let at = length; at < end; at++) output[at] = output[at - offset] as number;
  return end;
}

function littleEndian(reader: ByteReader, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value += reader.u8() * 2 ** (8 * i);
  return value;
}
