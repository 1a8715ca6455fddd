/** Answers of commands in the protocol that the client speaks. */

import { assertNever } from "../../base/assert.ts";
import type { Reply } from "../../command-reply.ts";
import type { ReplyWriter } from "./reply-writer.ts";

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
      writer.array(reply.items.length);
      return writeAll(writer, reply.items);
    case "map":
      writer.map(reply.items.length / 2);
      return writeAll(writer, reply.items);
    case "set":
      writer.set(reply.items.length);
      return writeAll(writer, reply.items);
    case "pairs":
      return writePairs(writer, reply.items);
    case "push":
      writer.push(reply.items.length);
      return writeAll(writer, reply.items);
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

function writeAll(writer: ReplyWriter, items: readonly Reply[]): void {
  for (const item of items) writeReply(writer, item);
}

/** The earlier version has them in one list. */
function writePairs(writer: ReplyWriter, items: readonly Reply[]): void {
  const isNested = writer.version === 3;
  writer.array(isNested ? items.length / 2 : items.length);
  items.forEach((item, index) => {
    if (isNested && index % 2 === 0) writer.array(2);
    writeReply(writer, item);
  });
}
