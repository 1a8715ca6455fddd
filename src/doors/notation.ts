/**
 * How a message carries bytes and text. In JSON a key, a value or a tag is text by default, standing for its UTF-8 bytes, and
 * base64 where the message says `"encoding": "base64"`, for all of them alike; an answer is text where all its bytes
 * are UTF-8 and base64 was not asked for, and says `"encoding": "base64"` otherwise. So whatever a client is given, it
 * can send back unchanged. MessagePack has bytes of its own.
 */

import { isUtf8 } from "node:buffer";
import type { Key } from "../base/ids.ts";
import { SHORT_VALUE_BYTES_MAX } from "../store.ts";
import { fromBase64 } from "./long-field.ts";
import { LongText } from "./long-text.ts";

export type Encoding = "utf8" | "base64";

export interface Notation {
  /** The text of a field; `undefined` where it is none. */
  text(field: unknown): string | undefined;
  /** The bytes of a field, or of its text as bytes where it is long; `undefined` where it is none, or none in this encoding. */
  bytes(field: unknown, encoding: Encoding): Uint8Array | undefined;
  /** The fields of an answer that carry these bytes, which must not change before it is sent; `encoding` is what the client asked for. */
  carry(bytes: Carried, encoding: Encoding | undefined): Readonly<Record<string, unknown>>;
}

export interface Carried {
  readonly key?: Key;
  readonly keys?: readonly Key[];
  readonly value?: Uint8Array;
  readonly tags?: readonly string[] | undefined;
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: every byte below 128 is one character of UTF-8.
const ASCII = /^[\x00-\x7f]*$/;

export const jsonNotation: Notation = {
  text(field) {
    return typeof field === "string" ? field : undefined;
  },

  bytes(field, encoding) {
    if (field instanceof Uint8Array) return encoding === "base64" ? fromBase64(field) : undefined;
    if (typeof field !== "string") return undefined;
    if (encoding === "base64") {
      return field.length % 4 === 0 && BASE64.test(field) ? Buffer.from(field, "base64") : undefined;
    }
    // Encoding it nevertheless would silently make it another key.
    return isWellFormed(field) ? Buffer.from(field, "utf8") : undefined;
  },

  carry(bytes, encoding) {
    if (encoding !== "base64" && isText(bytes)) return carryWith(bytes, latin1ToUtf8, toUtf8);
    return { ...carryWith(bytes, latin1ToBase64, toBase64), encoding: "base64" };
  },
};

/** False for text with half a surrogate pair in it, which has no UTF-8. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

function isText(bytes: Carried): boolean {
  if (bytes.value !== undefined && !isUtf8(bytes.value)) return false;
  if (bytes.key !== undefined && !isUtf8Latin1(bytes.key)) return false;
  return (bytes.keys ?? []).every(isUtf8Latin1) && (bytes.tags ?? []).every(isUtf8Latin1);
}

function carryWith(
  bytes: Carried,
  keyText: (key: string) => string,
  valueText: (value: Uint8Array) => string | LongText,
): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  if (bytes.key !== undefined) fields.key = keyText(bytes.key);
  if (bytes.keys !== undefined) fields.keys = bytes.keys.map(keyText);
  if (bytes.value !== undefined) fields.value = valueText(bytes.value);
  if (bytes.tags !== undefined) fields.tags = bytes.tags.map(keyText);
  return fields;
}

function isUtf8Latin1(key: string): boolean {
  return ASCII.test(key) || isUtf8(Buffer.from(key, "latin1"));
}

function latin1ToUtf8(key: string): string {
  return ASCII.test(key) ? key : Buffer.from(key, "latin1").toString("utf8");
}

function latin1ToBase64(key: string): string {
  return Buffer.from(key, "latin1").toString("base64");
}

function toUtf8(value: Uint8Array): string | LongText {
  if (value.length > SHORT_VALUE_BYTES_MAX) return new LongText(value, "utf8");
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString("utf8");
}

function toBase64(value: Uint8Array): string | LongText {
  if (value.length > SHORT_VALUE_BYTES_MAX) return new LongText(value, "base64");
  return Buffer.from(value.buffer, value.byteOffset, value.length).toString("base64");
}
