/** `BITFIELD`: numbers of any width at any bit of a string, the first bit the highest of the first byte. */

import { arrayReply, integerReply, NOTHING, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { rowsOf } from "../rows/command-row.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectInteger, expectNumber, narrowed } from "../words/number-text.ts";
import { keyOf, optionOf, textOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { lengthened } from "./strings.ts";

const TABLE = `
bitfield        -2  write,denyoom   1 1 1   3.2.0 Perform arbitrary bitfield integer operations on strings
bitfield_ro     -2  readonly,fast   1 1 1   6.0.0 Perform arbitrary bitfield integer operations on strings. Read-only variant of BITFIELD
`;

const BAD_TYPE = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
const BAD_OFFSET = "ERR bit offset is not an integer or out of range";
/** Of a string of 512 MiB, Redis's longest. */
const OFFSET_MAX = 2 ** 32 - 1;
const TYPE = /^([iu])([1-9]\d?)$/;
/** About what a number of an answer takes. */
const ANSWER_BYTES = 16;
const NO_BYTES = new Uint8Array(0);

interface Field {
  readonly isSigned: boolean;
  /** 1 to 64. */
  readonly bits: number;
  /** In bits. */
  readonly offset: number;
}

/** What becomes of a number that has no place in its field. */
type Overflow = "wrap" | "sat" | "fail";

interface Operation extends Field {
  readonly name: "get" | "set" | "incrby";
  /** What is set, or added. */
  readonly by: bigint;
  readonly overflow: Overflow;
}

function bitfield(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const operations = operationsOf(words);
  const before = workspace.stringAt(key) ?? NO_BYTES;
  workspace.takeRoom(operations.length * ANSWER_BYTES);
  const ends = operations
    .filter(({ name }) => name !== "get")
    .map(({ offset, bits }) => Math.ceil((offset + bits) / 8));
  if (ends.length === 0) return arrayReply(operations.map((operation) => integerReply(shown(read(before, operation)))));
  const value = lengthened(
    workspace,
    before,
    ends.reduce((most, end) => Math.max(most, end)),
  );
  let isChanged = value.length > before.length;
  const replies = operations.map((operation): Reply => {
    const was = read(value, operation);
    if (operation.name === "get") return integerReply(shown(was));
    const now = fitted(operation, operation.name === "set" ? given(operation) : was + operation.by);
    if (now === undefined) return NOTHING;
    if (now !== was) {
      write(value, operation, now);
      isChanged = true;
    }
    return integerReply(shown(operation.name === "set" ? was : now));
  });
  if (isChanged) workspace.writeString(key, value, workspace.expiresAt(key));
  return arrayReply(replies);
}

function bitfieldRo(workspace: Workspace, words: CommandWords): Reply {
  if (operationsOf(words).some(({ name }) => name !== "get"))
    throw new CommandError("ERR BITFIELD_RO only supports the GET subcommand");
  return bitfield(workspace, words);
}

/** Throws `CommandError`. */
function operationsOf(words: CommandWords): readonly Operation[] {
  const operations: Operation[] = [];
  let overflow: Overflow = "wrap";
  for (let at = 2; at < words.length; ) {
    const name = optionOf(words, at);
    const left = words.length - at - 1;
    if (name === "overflow" && left >= 1) {
      overflow = overflowOf(optionOf(words, at + 1));
      at += 2;
    } else if (name === "get" && left >= 2) {
      operations.push({ name, ...fieldOf(words, at + 1), by: 0n, overflow });
      at += 3;
    } else if ((name === "set" || name === "incrby") && left >= 3) {
      operations.push({ name, ...fieldOf(words, at + 1), by: BigInt(expectInteger(words[at + 3])), overflow });
      at += 4;
    } else throw new CommandError(SYNTAX_ERROR);
  }
  return operations;
}

function overflowOf(word: string): Overflow {
  if (word !== "wrap" && word !== "sat" && word !== "fail")
    throw new CommandError("ERR Invalid OVERFLOW type specified");
  return word;
}

function fieldOf(words: CommandWords, at: number): Field {
  const [, sign, digits] = TYPE.exec(textOf(words, at)) ?? [];
  const [isSigned, bits] = [sign === "i", Number(digits)];
  if (sign === undefined || bits > (isSigned ? 64 : 63)) throw new CommandError(BAD_TYPE);
  const word = wordOf(words, at + 1);
  const isCounted = word[0] === 35;
  const offset = expectNumber(isCounted ? word.subarray(1) : word, BAD_OFFSET) * (isCounted ? bits : 1);
  if (offset < 0 || offset > OFFSET_MAX) throw new CommandError(BAD_OFFSET);
  return { isSigned, bits, offset };
}

/** What a field holds; behind the end of the string are zeros. */
function read(bytes: Uint8Array, { isSigned, bits, offset }: Field): bigint {
  const end = offset + bits;
  let value = 0n;
  for (let at = Math.floor(offset / 8); at * 8 < end; at++) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  value >>= BigInt((8 - (end % 8)) % 8);
  return isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** The field is within the bytes. */
function write(bytes: Uint8Array, { bits, offset }: Field, value: bigint): void {
  const end = offset + bits;
  const [first, behind] = [Math.floor(offset / 8), Math.ceil(end / 8)];
  const shift = BigInt(behind * 8 - end);
  const mask = ((1n << BigInt(bits)) - 1n) << shift;
  let all = 0n;
  for (let at = first; at < behind; at++) all = (all << 8n) | BigInt(bytes[at] as number);
  all = (all & ~mask) | ((value << shift) & mask);
  for (let at = behind - 1; at >= first; at--, all >>= 8n) bytes[at] = Number(all & 255n);
}

/** What is set. As in Redis, a negative number is beyond the greatest one without a sign. */
function given({ isSigned, by }: Operation): bigint {
  return isSigned ? by : BigInt.asUintN(64, by);
}

/** The number as the field takes it; undefined: it does not. */
function fitted({ isSigned, bits, overflow }: Operation, value: bigint): bigint | undefined {
  const max = (1n << BigInt(isSigned ? bits - 1 : bits)) - 1n;
  const min = isSigned ? -max - 1n : 0n;
  if (value >= min && value <= max) return value;
  if (overflow === "fail") return undefined;
  if (overflow === "sat") return value > max ? max : min;
  return isSigned ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

function shown(value: bigint): number | bigint {
  return narrowed(value) as number | bigint;
}

export const bitFieldRows = rowsOf("bitmap", TABLE, { bitfield, bitfield_ro: bitfieldRo });
