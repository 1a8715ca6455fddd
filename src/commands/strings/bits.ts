/** Strings as rows of bits, the first the highest of the first byte. */

import { integerReply, type Reply, ZERO } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { rowsOf } from "../rows/command-row.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectNumber, integerOf } from "../words/number-text.ts";
import { keyOf, optionOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { lengthened } from "./strings.ts";

const TABLE = `
bitcount        -2  readonly        1 1 1   2.6.0 Count set bits in a string
bitop           -4  write,denyoom   2 -1 1  2.6.0 Perform bitwise operations between strings
bitpos          -3  readonly        1 1 1   2.8.7 Find first bit set or clear in a string
getbit           3  readonly,fast   1 1 1   2.2.0 Returns the bit value at offset in the string value stored at key
setbit           4  write,denyoom   1 1 1   2.2.0 Sets or clears the bit at offset in the string value stored at key
`;

/** Of a string of 512 MiB, Redis's longest: beyond, an offset is none, within, it may be too much here. */
const OFFSET_MAX = 2 ** 32 - 1;
const NO_BYTES = new Uint8Array(0);

/** Throws `CommandError`. */
function offsetOf(word: Uint8Array): number {
  const offset = expectNumber(word, "ERR bit offset is not an integer or out of range");
  if (offset < 0 || offset > OFFSET_MAX) throw new CommandError("ERR bit offset is not an integer or out of range");
  return offset;
}

function bitOf(bytes: Uint8Array, offset: number): 0 | 1 {
  return (((bytes[Math.floor(offset / 8)] ?? 0) >> (7 - (offset % 8))) & 1) as 0 | 1;
}

function getbit(workspace: Workspace, words: CommandWords): Reply {
  const offset = offsetOf(wordOf(words, 2));
  return integerReply(bitOf(workspace.stringAt(keyOf(words, 1)) ?? NO_BYTES, offset));
}

function setbit(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const offset = offsetOf(wordOf(words, 2));
  const bit = integerOf(wordOf(words, 3));
  if (bit !== 0 && bit !== 1) throw new CommandError("ERR bit is not an integer or out of range");
  const before = workspace.stringAt(key) ?? NO_BYTES;
  // As in Redis, nobody is told of what changes nothing.
  if (offset < before.length * 8 && bitOf(before, offset) === bit) return integerReply(bit);
  const value = lengthened(workspace, before, Math.floor(offset / 8) + 1);
  const was = bitOf(value, offset);
  const at = Math.floor(offset / 8);
  const mask = 1 << (7 - (offset % 8));
  value[at] = bit === 1 ? (value[at] as number) | mask : (value[at] as number) & ~mask;
  workspace.writeString(key, value, workspace.expiresAt(key));
  return integerReply(was);
}

/** Bits from `start` to `end`, both included; undefined where that is none. */
interface Range {
  readonly start: number;
  readonly end: number;
}

function bytesIn({ start, end }: Range): number {
  return (end - start) / 8 + 1;
}

/** As clients give it, in bytes or bits, from the end where it is negative. */
function rangeOf(start: number, end: number, isBits: boolean, length: number): Range | undefined {
  const total = isBits ? length * 8 : length;
  const first = Math.max(0, start < 0 ? total + start : start);
  const last = Math.min(total - 1, Math.max(0, end < 0 ? total + end : end));
  if (first > last) return undefined;
  return isBits ? { start: first, end: last } : { start: first * 8, end: last * 8 + 7 };
}

/** Throws `CommandError`. */
function isInBits(words: CommandWords, at: number): boolean {
  const unit = optionOf(words, at);
  if (words.length > at && unit !== "bit" && unit !== "byte") throw new CommandError(SYNTAX_ERROR);
  return unit === "bit";
}

/** As Redis does, it looks at what it is given behind the key only where there is something under that. */
function bitcount(workspace: Workspace, words: CommandWords): Reply {
  const bytes = workspace.stringAt(keyOf(words, 1));
  if (bytes === undefined) return ZERO;
  const isRange = words.length === 4 || words.length === 5;
  if (!isRange && words.length !== 2) throw new CommandError(SYNTAX_ERROR);
  const [start, end] = isRange ? [expectNumber(words[2]), expectNumber(words[3])] : [0, -1];
  if (start < 0 && end < 0 && start > end) return ZERO;
  const isBits = isRange && isInBits(words, 4);
  const range = rangeOf(start, end, isBits, bytes.length);
  if (range === undefined) return ZERO;
  workspace.goThrough(bytesIn(range));
  return integerReply(countBits(bytes, range));
}

const BITS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

function countBits(bytes: Uint8Array, { start, end }: Range): number {
  const [first, last] = [start >> 3, end >> 3];
  let count = 0;
  for (let at = first; at <= last; at++) count += BITS_OF_BYTE[bytes[at] as number] as number;
  for (let bit = first * 8; bit < start; bit++) count -= bitOf(bytes, bit);
  for (let bit = end + 1; bit < last * 8 + 8; bit++) count -= bitOf(bytes, bit);
  return count;
}

function bitpos(workspace: Workspace, words: CommandWords): Reply {
  const bit = expectNumber(words[2]);
  if (bit !== 0 && bit !== 1) throw new CommandError("ERR The bit argument must be 1 or 0.");
  const bytes = workspace.stringAt(keyOf(words, 1));
  if (bytes === undefined) return integerReply(bit === 1 ? -1 : 0);
  if (words.length > 6) throw new CommandError(SYNTAX_ERROR);
  const isEndGiven = words.length >= 5;
  const start = words.length > 3 ? expectNumber(words[3]) : 0;
  const isBits = isInBits(words, 5);
  const end = isEndGiven ? expectNumber(words[4]) : -1;
  const range = rangeOf(start, end, isBits, bytes.length);
  if (range === undefined) return integerReply(-1);
  workspace.goThrough(bytesIn(range));
  const found = findBit(bytes, bit, range);
  // Behind a string that is searched to its very end there are zeros.
  if (found < 0 && bit === 0 && !isEndGiven) return integerReply(bytes.length * 8);
  return integerReply(found);
}

function findBit(bytes: Uint8Array, bit: 0 | 1, { start, end }: Range): number {
  const none = bit === 1 ? 0 : 255;
  for (let at = start; at <= end; at++) {
    if (at % 8 === 0 && bytes[at / 8] === none) at += 7;
    else if (bitOf(bytes, at) === bit) return at;
  }
  return -1;
}

function bitop(workspace: Workspace, words: CommandWords): Reply {
  const operation = optionOf(words, 1);
  if (!["and", "or", "xor", "not"].includes(operation)) throw new CommandError(SYNTAX_ERROR);
  if (operation === "not" && words.length !== 4)
    throw new CommandError("ERR BITOP NOT must be called with a single source key.");
  const sources: Uint8Array[] = [];
  for (let at = 3; at < words.length; at++) {
    const source = workspace.stringAt(keyOf(words, at)) ?? NO_BYTES;
    workspace.goThrough(source.length);
    sources.push(source);
  }
  const to = keyOf(words, 2);
  const value = combined(operation as BitOperation, sources);
  if (value.length === 0) workspace.remove(to);
  else workspace.writeString(to, value);
  return integerReply(value.length);
}

type BitOperation = "and" | "or" | "xor" | "not";

/** Short ones count as followed by zeros. */
function combined(operation: BitOperation, sources: readonly Uint8Array[]): Uint8Array {
  const length = sources.reduce((longest, source) => Math.max(longest, source.length), 0);
  const value = new Uint8Array(length);
  const [first = NO_BYTES, ...others] = sources;
  value.set(first);
  if (operation === "not") for (let at = 0; at < length; at++) value[at] = ~(value[at] as number);
  for (const source of others) combine(operation, value, source);
  return value;
}

/** A loop for each: one that asks which it is at each byte takes several times as long. */
function combine(operation: BitOperation, value: Uint8Array, source: Uint8Array): void {
  const { length } = source;
  if (operation === "and") {
    for (let at = 0; at < length; at++) value[at] = (value[at] as number) & (source[at] as number);
    value.fill(0, length);
  } else if (operation === "or") {
    for (let at = 0; at < length; at++) value[at] = (value[at] as number) | (source[at] as number);
  } else {
    for (let at = 0; at < length; at++) value[at] = (value[at] as number) ^ (source[at] as number);
  }
}

export const bitRows = rowsOf("bitmap", TABLE, { bitcount, bitop, bitpos, getbit, setbit });
