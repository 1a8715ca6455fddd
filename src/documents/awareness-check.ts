/**
 * The check of an awareness update (y-protocols/awareness) before anything is made of it or relayed: a count, and for each
 * client its id, its clock, and its state as JSON; `null` says that it is gone. In time and memory of the order of its
 * bytes. It does not ask whose states these are: the stock client sends back what it hears of others, and its own, in its
 * own JSON, at whatever clock somebody else gave it. So sizes are held against what is news only, and no clock is.
 */

import { BadBytes, ByteReader } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { type AwarenessLimits, documentLimits } from "./document-limits.ts";
import { countJsonValues } from "./json-check.ts";
import { utf16Length } from "./utf8-check.ts";

export interface AwarenessFact {
  readonly client: number;
  readonly clock: number;
  /** The client says, or others say of it, that it has gone. */
  readonly isGone: boolean;
  /** Of the state as JSON. */
  readonly bytes: number;
}

/** The least bytes of a client: a count of more than what follows can hold is a lie. */
const CLIENT_BYTES = 5;
const OPEN_OBJECT = 0x7b;

/**
 * What the update says of each client, in its order. Throws `AtollError`: `BAD_AWARENESS` for bytes that are no such update
 * or a state that is neither an object nor null, `AWARENESS_TOO_LARGE` for more clients than there may be.
 */
export function checkAwareness(update: Uint8Array, limits: AwarenessLimits = documentLimits): readonly AwarenessFact[] {
  try {
    return readClients(new ByteReader(update), limits);
  } catch (error) {
    if (!(error instanceof BadBytes)) throw error;
    throw new AtollError("BAD_AWARENESS", `no awareness update: ${error.message}`, { cause: error });
  }
}

/** Of a state as whoever hears it writes it: the stock client sends it back so, where numbers may be longer. */
export function rewrittenBytes(state: Uint8Array): number {
  const rewritten = JSON.stringify(JSON.parse(new TextDecoder().decode(state)));
  return Math.max(state.length, new TextEncoder().encode(rewritten).length);
}

/** Throws `AWARENESS_TOO_LARGE` for news, of an update of `messageBytes`, over a limit. */
export function checkNews(
  states: readonly Pick<AwarenessFact, "bytes">[],
  messageBytes: number,
  limits: AwarenessLimits = documentLimits,
): void {
  if (states.length > 0 && messageBytes > limits.awarenessMessageBytesMax) throw tooLarge(`${messageBytes} bytes`);
  for (const { bytes } of states) {
    if (bytes > limits.awarenessStateBytesMax) throw tooLarge(`a state of ${bytes} bytes`);
  }
}

function readClients(reader: ByteReader, limits: AwarenessLimits): readonly AwarenessFact[] {
  const count = reader.varint();
  if (count * CLIENT_BYTES > reader.remaining)
    throw new BadBytes(`a count of ${count} before ${reader.remaining} bytes`);
  if (count > limits.awarenessClientsMax) throw tooLarge(`${count} clients`);
  const facts: AwarenessFact[] = [];
  for (let i = 0; i < count; i++) facts.push(readClient(reader, limits));
  reader.finish();
  return facts;
}

function readClient(reader: ByteReader, limits: AwarenessLimits): AwarenessFact {
  const client = reader.varint();
  const clock = reader.varint();
  const bytes = reader.varint();
  const at = reader.skip(bytes);
  utf16Length(reader.bytes, at, reader.position);
  countJsonValues(reader.bytes, at, reader.position, limits.nestingMax);
  const first = firstCharacter(reader.bytes, at);
  if (first !== OPEN_OBJECT && first !== 0x6e) throw new BadBytes("a state that is neither an object nor null");
  return { client, clock, isGone: first !== OPEN_OBJECT, bytes };
}

/** Of JSON, past white space. */
function firstCharacter(bytes: Uint8Array, start: number): number {
  let at = start;
  while ((bytes[at] as number) <= 0x20) at++;
  return bytes[at] as number;
}

function tooLarge(what: string): AtollError {
  return new AtollError("AWARENESS_TOO_LARGE", `an awareness update with ${what}`);
}
