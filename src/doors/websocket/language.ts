/** The two languages of messages: what a frame says, and how a message is framed. */

import { AtollError } from "../../base/errors.ts";
import { TEXT_COPIES } from "../byte-account.ts";
import type { Message } from "../fields.ts";
import { isObject, parseJson } from "../json.ts";
import { withLongValue } from "../long-field.ts";
import { encodeJson } from "../long-text.ts";
import { jsonNotation, type Notation } from "../notation.ts";
import { decodeMsgpack, encodeMsgpack, msgpackNotation } from "./msgpack.ts";
import { MSGPACK_PROTOCOL, type Subprotocol } from "./subprotocol.ts";

export interface Language {
  readonly notation: Notation;
  readonly binary: boolean;
  /** What a long message takes of memory while it is read, for each of its bytes; to make one, one copy more. */
  readonly copies: number;
  /** Bytes in the result are views. Throws `BAD_JSON`, `BAD_REQUEST`, `BAD_MESSAGE`. */
  decode(bytes: Buffer): Message;
  /** Bytes are nobody else's. */
  encode(message: Message): string | Uint8Array;
}

const json: Language = {
  notation: jsonNotation,
  binary: false,
  copies: TEXT_COPIES,
  decode(bytes) {
    // `ws` has checked that a text frame is UTF-8.
    const message = withLongValue(bytes) ?? parseJson(bytes.toString("utf8"));
    if (isObject(message)) return message;
    throw new AtollError("BAD_REQUEST", "a message is an object");
  },
  encode: encodeJson,
};

const msgpack: Language = {
  notation: msgpackNotation,
  binary: true,
  copies: 1,
  decode: decodeMsgpack,
  encode: encodeMsgpack,
};

export function languageOf(protocol: Subprotocol): Language {
  return protocol === MSGPACK_PROTOCOL ? msgpack : json;
}
