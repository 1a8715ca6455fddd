/**
 * Hashes of bytes, in 32-bit integer arithmetic. xxHash32 (Collet) finds accidental damage and spreads public names; it
 * does not resist an adversary. HalfSipHash-1-3 (Aumasson, Bernstein 2012) with a private key does, for hash tables.
 */

const PRIME_1 = 2654435761 | 0;
const PRIME_2 = 2246822519 | 0;
const PRIME_3 = 3266489917 | 0;
const PRIME_4 = 668265263;
const PRIME_5 = 374761393;

/** xxHash32 of the bytes from `start` to `end`, as an unsigned 32-bit number. */
export function xxHash32(view: DataView, start: number, end: number, seed: number): number {
  const length = end - start;
  let at = start;
  let hash = (seed + PRIME_5) | 0;
  if (length >= 16) {
    let a = (seed + PRIME_1 + PRIME_2) | 0;
    let b = (seed + PRIME_2) | 0;
    let c = seed | 0;
    let d = (seed - PRIME_1) | 0;
    for (const last = end - 16; at <= last; at += 16) {
      a = (a + Math.imul(view.getInt32(at, true), PRIME_2)) | 0;
      b = (b + Math.imul(view.getInt32(at + 4, true), PRIME_2)) | 0;
      c = (c + Math.imul(view.getInt32(at + 8, true), PRIME_2)) | 0;
      d = (d + Math.imul(view.getInt32(at + 12, true), PRIME_2)) | 0;
      a = Math.imul((a << 13) | (a >>> 19), PRIME_1);
      b = Math.imul((b << 13) | (b >>> 19), PRIME_1);
      c = Math.imul((c << 13) | (c >>> 19), PRIME_1);
      d = Math.imul((d << 13) | (d >>> 19), PRIME_1);
    }
    hash =
      (((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25)) + ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14))) | 0;
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= end; at += 4) {
    hash = (hash + Math.imul(view.getInt32(at, true), PRIME_3)) | 0;
    hash = Math.imul((hash << 17) | (hash >>> 15), PRIME_4);
  }
  for (; at < end; at++) {
    hash = (hash + Math.imul(view.getUint8(at), PRIME_5)) | 0;
    hash = Math.imul((hash << 11) | (hash >>> 21), PRIME_1);
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** The finalizer of MurmurHash3: a bijection of 32-bit numbers in which every input bit reaches every output bit. */
export function mix32(a: number): number {
  let hash = a;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

let textView = new DataView(new ArrayBuffer(256));

/** xxHash32 of a latin1 string: the same number as for its bytes. */
export function hashText(text: string, seed: number): number {
  if (text.length > textView.byteLength) textView = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) textView.setUint8(i, text.charCodeAt(i));
  return xxHash32(textView, 0, text.length, seed);
}

/** HalfSipHash-1-3 of the bytes from `start` to `end` under the key (k0, k1), as an unsigned 32-bit number. */
export function halfSipHash13(view: DataView, start: number, end: number, k0: number, k1: number): number {
  const length = end - start;
  const wordsEnd = end - (length & 3);
  let tail = length << 24;
  for (let at = wordsEnd, shift = 0; at < end; at++, shift += 8) tail |= view.getUint8(at) << shift;
  let v0 = k0 | 0;
  let v1 = k1 | 0;
  let v2 = 0x6c796765 ^ k0;
  let v3 = 0x74656462 ^ k1;
  // One copy of the round serves words, tail and the three rounds of the end: whatever lies behind the tail is zero.
  for (let at = start; at <= wordsEnd + 12; at += 4) {
    const word = at < wordsEnd ? view.getInt32(at, true) : at === wordsEnd ? tail : 0;
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
    if (at === wordsEnd) v2 ^= 0xff;
  }
  return (v1 ^ v3) >>> 0;
}
