/**
 * The messages of y-websocket, which are those of y-protocols behind a number each. A frame holds one or more of:
 *
 *   0 0 bytes   sync step 1: a state vector; to be answered with what it lacks
 *   0 1 bytes   sync step 2: that answer, an update
 *   0 2 bytes   an update
 *   1 bytes     an awareness update
 *   2 0 text    permission denied, and why; from here only
 *   3           asks for the awareness of all
 *
 * where `bytes` are a varint length and as many bytes. See https://github.com/yjs/y-protocols/blob/master/PROTOCOL.md.
 */

import { BadBytes, ByteReader, ByteWriter } from "../../base/bytes.ts";
import { AtollError } from "../../base/errors.ts";

export type YjsMessage =
  | { readonly type: "ask"; readonly vector: Uint8Array }
  /** `isAnswer`: to a sync step 1. */
  | { readonly type: "update"; readonly update: Uint8Array; readonly isAnswer: boolean }
  | { readonly type: "awareness"; readonly update: Uint8Array }
  | { readonly type: "ask-awareness" };

const SYNC = 0;
const AWARENESS = 1;
const AUTH = 2;
const ASK_AWARENESS = 3;
const STEP_1 = 0;
const STEP_2 = 1;
const UPDATE = 2;
const DENIED = 0;

/** More than one is sent by few clients, and more than a few by none. */
const MESSAGES_MAX = 1_000;

/** The messages of a frame; bytes are views. Throws `BAD_MESSAGE`. */
export function decodeFrame(frame: Uint8Array): readonly YjsMessage[] {
  const reader = new ByteReader(frame);
  const messages: YjsMessage[] = [];
  try {
    do messages.push(readMessage(reader));
    while (reader.remaining > 0 && messages.length < MESSAGES_MAX);
    reader.finish();
  } catch (error) {
    if (!(error instanceof BadBytes)) throw error;
    throw new AtollError("BAD_MESSAGE", `no message of y-websocket: ${error.message}`, { cause: error });
  }
  return messages;
}

function readMessage(reader: ByteReader): YjsMessage {
  const kind = reader.varint();
  switch (kind) {
    case SYNC:
      return readSync(reader);
    case AWARENESS:
      return { type: "awareness", update: readBytes(reader) };
    case ASK_AWARENESS:
      return { type: "ask-awareness" };
    default:
      throw new BadBytes(`unknown kind ${kind}`);
  }
}

function readSync(reader: ByteReader): YjsMessage {
  const step = reader.varint();
  if (step === STEP_1) return { type: "ask", vector: readBytes(reader) };
  if (step !== STEP_2 && step !== UPDATE) throw new BadBytes(`unknown step ${step}`);
  return { type: "update", update: readBytes(reader), isAnswer: step === STEP_2 };
}

function readBytes(reader: ByteReader): Uint8Array {
  return reader.raw(reader.varint());
}

/** Sync step 1. */
export function encodeAsk(vector: Uint8Array): Uint8Array {
  return encode([SYNC, STEP_1], vector);
}

/** Sync step 2. */
export const encodeAnswer = onceForAll((update: Uint8Array) => encode([SYNC, STEP_2], update));

export const encodeUpdate = onceForAll((update: Uint8Array) => encode([SYNC, UPDATE], update));

export const encodeAwareness = onceForAll((update: Uint8Array) => encode([AWARENESS], update));

export function encodeDenied(reason: string): Uint8Array {
  return encode([AUTH, DENIED], new TextEncoder().encode(reason));
}

/** Says nothing, to clients that take silence for a broken connection: an awareness update of nobody. */
export const KEEP_ALIVE = encode([AWARENESS], Uint8Array.of(0));

function encode(kind: readonly number[], bytes: Uint8Array): Uint8Array {
  const writer = new ByteWriter(kind.length + 8 + bytes.length);
  for (const number of kind) writer.varint(number);
  writer.varint(bytes.length);
  writer.raw(bytes);
  return writer.bytes.subarray(0, writer.length);
}

/** What is sent to many is encoded for the first of them only. */
function onceForAll(encodeOne: (bytes: Uint8Array) => Uint8Array): (bytes: Uint8Array) => Uint8Array {
  let last: { readonly bytes: Uint8Array; readonly encoded: Uint8Array } | undefined;
  return (bytes) => {
    if (last?.bytes !== bytes) last = { bytes, encoded: encodeOne(bytes) };
    return last.encoded;
  };
}
