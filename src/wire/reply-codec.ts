/**
 * Bytes of what a command answers. They become lines of a Redis client's protocol at whoever reads them: a text with the end of
 * a line in it, which would be taken for the next answer, is refused.
 */

import { assert, assertNever } from "../base/assert.ts";
import { BadBytes, type ByteReader, type ByteWriter } from "../base/bytes.ts";
import { asOneLine, NO_ARRAY, NOTHING, type Reply } from "../command-reply.ts";
import { readFlag } from "./fields.ts";
import { VALUE_BYTES_MAX } from "./page-codec.ts";

/** Lists within lists. */
const DEPTH_MAX = 32;
/** Of one answer, with all that is in its lists. */
const PARTS_MAX = 2 ** 20;
/** What surrounds a part. */
const PART_BYTES = 10;
/** Of a status or an error. */
const TEXT_MAX = 64 * 1024;
/** Of a text for people that does not say of which kind it is. */
const FORMAT = "txt";
const INTEGER_LENGTH_MAX = 21;
const INTEGER = /^-?\d{1,20}$/;

/** An answer to a command; others are never one, or go as what they stand for (`plainReply`). */
type Answering = Exclude<Reply, { type: "push" | "packed" }>;

const replyByte = {
  status: 1,
  error: 2,
  integer: 3,
  bulk: 4,
  double: 5,
  boolean: 6,
  nothing: 7,
  "no-array": 8,
  array: 9,
  set: 10,
  map: 11,
  verbatim: 12,
  pairs: 13,
  decimal: 14,
  "big-number": 15,
} as const satisfies Record<Answering["type"], number>;

/** Within so many bytes, and not of more parts or deeper than may be read. */
export function mayBeWritten(reply: Reply, bytesMax: number): boolean {
  const left = { bytes: bytesMax, parts: PARTS_MAX };
  return fits(reply, left, DEPTH_MAX);
}

/** As `mayBeWritten`, of a list of so many items that are no lists: `bytes` are theirs, with what surrounds each. */
export function mayListBeWritten(items: number, bytes: number, bytesMax: number): boolean {
  return items + 1 <= PARTS_MAX && bytes + PART_BYTES <= bytesMax;
}

/** What one list still takes of answers. */
export class ListRoom {
  #left: { bytes: number; parts: number };

  constructor(bytesMax: number) {
    this.#left = { bytes: bytesMax - PART_BYTES, parts: PARTS_MAX - 1 };
  }

  get bytes(): number {
    return this.#left.bytes;
  }

  /** False: there is no room for it, and none was taken. */
  take(reply: Reply): boolean {
    const left = { ...this.#left };
    if (!fits(reply, left, DEPTH_MAX - 1)) return false;
    this.#left = left;
    return true;
  }
}

function fits(reply: Reply, left: { bytes: number; parts: number }, depth: number): boolean {
  left.parts--;
  left.bytes -= PART_BYTES + ownBytes(reply);
  if (left.parts < 0 || left.bytes < 0 || depth === 0) return false;
  return !("items" in reply) || reply.items.every((item) => fits(item, left, depth - 1));
}

function ownBytes(reply: Reply): number {
  if (reply.type === "bulk") return reply.value.length;
  if (reply.type === "integer") return INTEGER_LENGTH_MAX;
  return "text" in reply ? Math.min(reply.text.length, reply.type === "verbatim" ? Infinity : TEXT_MAX) : 0;
}

export function writeReply(writer: ByteWriter, reply: Reply): void {
  assert(reply.type !== "push" && reply.type !== "packed", "what nobody asked for is no answer, nor what is packed");
  writer.u8(replyByte[reply.type]);
  switch (reply.type) {
    case "status":
    case "error":
    case "decimal":
      return writer.latin1(asOneLine(reply.text).slice(0, TEXT_MAX));
    case "integer":
      return writer.latin1(String(reply.value));
    case "bulk":
      return writer.blob(reply.value);
    case "big-number":
      return writer.latin1(asOneLine(reply.text).slice(0, TEXT_MAX));
    case "verbatim":
      writer.latin1(asOneLine(reply.format ?? FORMAT).slice(0, FORMAT.length));
      return writer.blob(reply.text);
    case "double":
      return writer.f64(reply.value);
    case "boolean":
      return writer.u8(reply.value ? 1 : 0);
    case "nothing":
    case "no-array":
      return;
    case "array":
    case "set":
    case "map":
    case "pairs":
      writer.varint(reply.items.length);
      for (const item of reply.items) writeReply(writer, item);
      return;
    default:
      return assertNever(reply);
  }
}

/** Its values are views of what is read from. */
export function readReply(reader: ByteReader): Reply {
  return readPart(reader, { parts: PARTS_MAX }, DEPTH_MAX);
}

function readPart(reader: ByteReader, left: { parts: number }, depth: number): Reply {
  if (--left.parts < 0 || depth === 0) throw new BadBytes("an answer of too many parts");
  const byte = reader.u8();
  switch (byte) {
    case replyByte.status:
      return { type: "status", text: readText(reader) };
    case replyByte.error:
      return { type: "error", text: readText(reader) };
    case replyByte.integer:
      return { type: "integer", value: readInteger(reader) };
    case replyByte.bulk:
      return { type: "bulk", value: reader.blob(VALUE_BYTES_MAX) };
    case replyByte.verbatim:
      return readVerbatim(reader);
    case replyByte["big-number"]:
      return { type: "big-number", text: readText(reader) };
    case replyByte.double:
      return { type: "double", value: reader.f64() };
    case replyByte.decimal:
      return { type: "decimal", text: readText(reader) };
    case replyByte.boolean:
      return { type: "boolean", value: readFlag(reader) };
    case replyByte.nothing:
      return NOTHING;
    case replyByte["no-array"]:
      return NO_ARRAY;
    case replyByte.array:
      return { type: "array", items: readItems(reader, left, depth) };
    case replyByte.set:
      return { type: "set", items: readItems(reader, left, depth) };
    case replyByte.pairs:
      return { type: "pairs", items: readPairs(reader, left, depth) };
    case replyByte.map:
      return { type: "map", items: readPairs(reader, left, depth) };
    default:
      throw new BadBytes(`an answer to a command of unknown type ${byte}`);
  }
}

function readText(reader: ByteReader): string {
  const text = reader.latin1(TEXT_MAX);
  if (text.includes("\r") || text.includes("\n")) throw new BadBytes("a line with an end of its own");
  return text;
}

function readVerbatim(reader: ByteReader): Reply {
  const format = readText(reader).padEnd(FORMAT.length).slice(0, FORMAT.length);
  const text = reader.blob(VALUE_BYTES_MAX);
  return format === FORMAT ? { type: "verbatim", text } : { type: "verbatim", text, format };
}

function readInteger(reader: ByteReader): number | bigint {
  const text = reader.latin1(INTEGER_LENGTH_MAX);
  if (!INTEGER.test(text)) throw new BadBytes("no integer");
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function readPairs(reader: ByteReader, left: { parts: number }, depth: number): readonly Reply[] {
  const items = readItems(reader, left, depth);
  if (items.length % 2 !== 0) throw new BadBytes("a key without a value");
  return items;
}

function readItems(reader: ByteReader, left: { parts: number }, depth: number): readonly Reply[] {
  const count = reader.varint(left.parts);
  if (count > reader.remaining) throw new BadBytes(`a list of ${count} in ${reader.remaining} bytes`);
  const items: Reply[] = [];
  for (let i = 0; i < count; i++) items.push(readPart(reader, left, depth - 1));
  return items;
}
