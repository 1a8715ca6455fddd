/**
 * MessagePack messages, by `@msgpack/msgpack` behind a check of their shape: every length that is claimed must be there,
 * nothing nests deep, and there are no extension types. The library itself would allocate what a header claims.
 * Strings arrive as the bytes they are; what is text is decoded where it is read.
 */

import { isUtf8 } from "node:buffer";
import { Decoder, Encoder } from "@msgpack/msgpack";
import { bytesFromLatin1 } from "../../base/bytes.ts";
import { AtollError } from "../../base/errors.ts";
import { SHORT_VALUE_BYTES_MAX } from "../../store.ts";
import type { Message } from "../fields.ts";
import { isObject } from "../json.ts";
import type { Notation } from "../notation.ts";
import { isSoundMsgpack } from "./msgpack-shape.ts";

const decoder = new Decoder({ rawStrings: true, useBigInt64: false });
let encoder = createEncoder();

function createEncoder(): Encoder {
  return new Encoder({ ignoreUndefined: true });
}

/** Throws `BAD_MESSAGE`. Bytes in the result are views. */
export function decodeMsgpack(bytes: Uint8Array): Message {
  if (!isSoundMsgpack(bytes)) throw new AtollError("BAD_MESSAGE", "not a MessagePack object within bounds");
  const decoded = decode(bytes);
  if (!isObject(decoded) || decoded instanceof Uint8Array) throw new AtollError("BAD_MESSAGE", "not an object");
  return decoded;
}

/** A copy: it may be sent later. */
export function encodeMsgpack(message: Message): Uint8Array {
  const bytes = encoder.encode(message);
  // It keeps the room that something long took.
  if (bytes.length > SHORT_VALUE_BYTES_MAX) encoder = createEncoder();
  return bytes;
}

export const msgpackNotation: Notation = {
  text(field) {
    if (typeof field === "string") return field;
    return field instanceof Uint8Array && isUtf8(field) ? Buffer.from(field).toString("utf8") : undefined;
  },

  /** Here `encoding` has nothing to say: bytes are bytes, and text stands for its own. */
  bytes(field) {
    return field instanceof Uint8Array ? field : undefined;
  },

  carry(bytes) {
    const fields: Record<string, unknown> = {};
    if (bytes.key !== undefined) fields.key = bytesFromLatin1(bytes.key);
    if (bytes.keys !== undefined) fields.keys = bytes.keys.map((key) => bytesFromLatin1(key));
    if (bytes.value !== undefined) fields.value = bytes.value;
    if (bytes.tags !== undefined) fields.tags = bytes.tags.map((tag) => bytesFromLatin1(tag));
    return fields;
  },
};

function decode(bytes: Uint8Array): unknown {
  try {
    return decoder.decode(bytes);
  } catch (error) {
    throw new AtollError("BAD_MESSAGE", "not MessagePack", { cause: error });
  }
}
