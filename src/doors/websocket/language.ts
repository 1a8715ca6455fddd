/** The two languages of messages: what a frame says, and how a message is framed. */

import { AtollError } from "../../base/errors.ts";
import type { Message } from "../fields.ts";
import { isObject, parseJson } from "../json.ts";
import { jsonNotation, type Notation } from "../notation.ts";
import { decodeMsgpack, encodeMsgpack, msgpackNotation } from "./msgpack.ts";
import { MSGPACK_PROTOCOL, type Subprotocol } from "./subprotocol.ts";

export interface Language {
  readonly notation: Notation;
  readonly binary: boolean;
  /** Throws `BAD_JSON`, `BAD_REQUEST`, `BAD_MESSAGE`. */
  decode(bytes: Buffer): Message;
  encode(message: Message): string | Uint8Array;
}

const json: Language = {
  notation: jsonNotation,
  binary: false,
  decode(bytes) {
    // `ws` has checked that a text frame is UTF-8.
    const message = parseJson(bytes.toString("utf8"));
    if (isObject(message)) return message;
    throw new AtollError("BAD_REQUEST", "a message is an object");
  },
  encode: (message) => JSON.stringify(message),
};

const msgpack: Language = {
  notation: msgpackNotation,
  binary: true,
  decode: decodeMsgpack,
  encode: encodeMsgpack,
};

export function languageOf(protocol: Subprotocol): Language {
  return protocol === MSGPACK_PROTOCOL ? msgpack : json;
}
