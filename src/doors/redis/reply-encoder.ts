/** Answers of commands in the protocol that the client speaks. */

import { assertNever } from "../../base/assert.ts";
import type { PackedForm, Reply } from "../../command-reply.ts";
import type { ReplyWriter } from "./reply-writer.ts";

type ListReply = Extract<Reply, { type: PackedForm }>;
type PackedReply = Extract<Reply, { type: "packed" }>;

/** Of a list, written at once: some 1 ms. */
const PART_ITEMS = 4096;

export function writeReply(writer: ReplyWriter, reply: Reply): void {
  switch (reply.type) {
    case "bulk":
      return writer.bulk(reply.value);
    case "status":
      return writer.simple(reply.text);
    case "integer":
      return writer.integer(reply.value);
    case "nothing":
      return writer.nothing();
    case "error":
      return writer.error(reply.text);
    case "array":
    case "map":
    case "set":
    case "pairs":
      begin(writer, reply.type, reply.items.length);
      return writeItems(writer, reply, 0, reply.items.length);
    case "packed":
      for (const _ of packedParts(writer, reply));
      return;
    case "push":
      writer.push(reply.items.length);
      for (const item of reply.items) writeReply(writer, item);
      return;
    case "double":
      return writer.double(reply.value);
    case "decimal":
      return writer.decimal(reply.text);
    case "boolean":
      return writer.boolean(reply.value);
    case "no-array":
      return writer.noArray();
    case "big-number":
      return writer.bigNumber(reply.text);
    case "verbatim":
      return writer.verbatim(reply.text, reply.format);
    default:
      assertNever(reply);
  }
}

/** True of an answer that is written in parts, so that others have a turn meanwhile, and no more of it waits than is read. */
export function isLong(reply: Reply): reply is ListReply | PackedReply {
  switch (reply.type) {
    case "array":
    case "map":
    case "set":
    case "pairs":
      return reply.items.length > PART_ITEMS;
    default:
      return reply.type === "packed";
  }
}

/** Writes a long answer, a pause after each part. */
export function* writeInParts(writer: ReplyWriter, reply: ListReply | PackedReply): Generator<void, void> {
  if (reply.type === "packed") return yield* packedParts(writer, reply);
  begin(writer, reply.type, reply.items.length);
  for (let at = 0; at < reply.items.length; at += PART_ITEMS) {
    writeItems(writer, reply, at, Math.min(reply.items.length, at + PART_ITEMS));
    yield;
  }
}

/** The earlier version has pairs in one list. */
function begin(writer: ReplyWriter, form: PackedForm, items: number): void {
  switch (form) {
    case "array":
      return writer.array(items);
    case "map":
      return writer.map(items / 2);
    case "set":
      return writer.set(items);
    case "pairs":
      return writer.array(writer.version === 3 ? items / 2 : items);
    case "twos":
      return writer.array(items / 2);
    default:
      assertNever(form);
  }
}

function writeItems(writer: ReplyWriter, { type, items }: ListReply, from: number, to: number): void {
  const isNested = type === "pairs" && writer.version === 3;
  for (let at = from; at < to; at++) {
    if (isNested && at % 2 === 0) writer.array(2);
    writeReply(writer, items[at] as Reply);
  }
}

function* packedParts(writer: ReplyWriter, { form, packed, of }: PackedReply): Generator<void, void> {
  if (of !== undefined) {
    writer.array(2);
    writer.bulk(of);
  }
  begin(writer, form, packed.count);
  const isNested = form === "twos" || (form === "pairs" && writer.version === 3);
  let isFirst = true;
  const next = (): void => {
    if (isNested && isFirst) writer.array(2);
    isFirst = !isFirst;
  };
  yield* packed.read({
    bytes: (piece, start, end) => {
      next();
      writer.bulkWithin(piece, start, end);
    },
    double: (value) => {
      next();
      writer.double(value);
    },
  });
}
