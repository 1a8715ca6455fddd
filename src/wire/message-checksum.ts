/**
 * The first four bytes of every peer message: CRC-32C of what follows, up to the records, and the length of it all. TCP's
 * own sum lets damage through in one packet of 16 million to 10 billion (Stone and Partridge, "When the CRC and TCP
 * checksum disagree", SIGCOMM 2000). Records are left out: each bears a sum of its own that is checked before any of its
 * message is used (`forEachRecord`), and to sum them twice costs a quarter of what it costs to take them in.
 */

import { BadBytes, ByteReader } from "../base/bytes.ts";
import { crc32c } from "../base/crc32c.ts";

export const CHECKSUM_BYTES = 4;

/** Writes the checksum into the room in front of a message whose records begin at `headEnd`, its end where it has none. */
export function sealMessage(message: Uint8Array, headEnd = message.length): void {
  const sum = checksumOf(message, headEnd);
  message[0] = sum;
  message[1] = sum >>> 8;
  message[2] = sum >>> 16;
  message[3] = sum >>> 24;
}

/** Throws `BadBytes` when anything but its records is not as it was sealed. */
export function checkMessage(message: Uint8Array, headEnd: number): void {
  if (new ByteReader(message).u32() !== checksumOf(message, headEnd))
    throw new BadBytes("a message damaged on its way");
}

function checksumOf(message: Uint8Array, headEnd: number): number {
  return (crc32c(message, CHECKSUM_BYTES, headEnd) ^ message.length) >>> 0;
}
