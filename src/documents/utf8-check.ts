/** The check of UTF-8 (RFC 3629, section 4), which takes what `TextDecoder` takes when it is told to be fatal. */

import { BadBytes } from "../base/bytes.ts";

/**
 * How many UTF-16 units the bytes from `start` to `end` make: what Yjs counts text in. Throws `BadBytes` for what is not
 * UTF-8: sequences that are cut or longer than needed, surrogates, numbers beyond U+10FFFF.
 */
export function utf16Length(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] as number) < 0x80) at++;
  let units = at - start;
  while (at < end) {
    const first = bytes[at] as number;
    const length = first < 0x80 ? 1 : sequenceLength(bytes, at, end);
    units += length === 4 ? 2 : 1;
    at += length;
  }
  return units;
}

function sequenceLength(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at] as number;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (first < 0xc2 || first > 0xf4 || length > end - at) throw new BadBytes("text that is not UTF-8");
  const second = bytes[at + 1] as number;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) throw new BadBytes("text that is not UTF-8");
  for (let i = 2; i < length; i++) {
    if (((bytes[at + i] as number) & 0xc0) !== 0x80) throw new BadBytes("text that is not UTF-8");
  }
  return length;
}
