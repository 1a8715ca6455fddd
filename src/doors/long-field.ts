/**
 * The long value of a message in JSON, cut out of its bytes before the rest becomes strings: as such, and within the text of the whole,
 * it would be on V8's heap twice for as long as that is not collected. What the message says is for the parser to tell all
 * the same: in place of the value it is given a text that nobody can know, and where it does not say that this is the value of
 * the message, or that it is base64, or something in the value is escaped, it is given everything.
 */

import { randomUUID } from "node:crypto";
import { SHORT_VALUE_BYTES_MAX } from "../store.ts";
import type { Message } from "./fields.ts";
import { isObject, parseJson } from "./json.ts";

const NAME = Buffer.from('"value"');
const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const SPACES: ReadonlySet<number | undefined> = new Set([9, 10, 13, 32]);
const PLACEHOLDER = randomUUID();

const BASE64 = /^[A-Za-z0-9+/]*$/;
const BASE64_END = /^[A-Za-z0-9+/]*={0,2}$/;
/** Of a text at a time: whole groups of base64. */
const PIECE_CHARACTERS = 64 * 1024;

/** A message whose value is a view of `bytes`; undefined: read it as any other. Throws `BAD_JSON`. */
export function withLongValue(bytes: Buffer): Message | undefined {
  const begin = beginOf(bytes);
  const end = begin === undefined ? -1 : bytes.indexOf(QUOTE, begin);
  if (begin === undefined || end - begin <= SHORT_VALUE_BYTES_MAX) return undefined;
  const value = bytes.subarray(begin, end);
  if (value.includes(BACKSLASH)) return undefined;
  const message = parseJson(`${bytes.toString("utf8", 0, begin)}${PLACEHOLDER}${bytes.toString("utf8", end)}`);
  if (!isObject(message) || message.value !== PLACEHOLDER || message.encoding !== "base64") return undefined;
  return { ...message, value };
}

/** Where the text of the first value begins. */
function beginOf(bytes: Buffer): number | undefined {
  let at = bytes.indexOf(NAME);
  if (at < 0) return undefined;
  at += NAME.length;
  while (SPACES.has(bytes[at])) at++;
  if (bytes[at++] !== COLON) return undefined;
  while (SPACES.has(bytes[at])) at++;
  return bytes[at] === QUOTE ? at + 1 : undefined;
}

/** The bytes that a text of base64 says; undefined where it is none. */
export function fromBase64(text: Uint8Array): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined;
  const characters = Buffer.from(text.buffer, text.byteOffset, text.length);
  const bytes = Buffer.allocUnsafeSlow((text.length / 4) * 3);
  let length = 0;
  for (let from = 0; from < text.length; from += PIECE_CHARACTERS) {
    const piece = characters.toString("latin1", from, from + PIECE_CHARACTERS);
    if (!(from + PIECE_CHARACTERS < text.length ? BASE64 : BASE64_END).test(piece)) return undefined;
    length += bytes.write(piece, length, "base64");
  }
  return bytes.subarray(0, length);
}
