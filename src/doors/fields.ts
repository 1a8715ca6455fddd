/** Reads one field of a message that came from outside, or throws the error that names it. */

import { latin1FromBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { isReplicaId, type Key, type ReplicaId } from "../base/ids.ts";
import { isTtlMs } from "../base/ttl.ts";
import { ACK_LEVELS, type AckLevel, type Condition } from "../store.ts";
import type { DoorLimits } from "./limits.ts";
import type { Encoding, Notation } from "./notation.ts";

/** A message as decoded, before anything in it is believed. */
export type Message = Readonly<Record<string, unknown>>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: a tab is allowed in a header's value, other controls are not.
const CONTENT_TYPE = /^[\x09\x20-\x7e\x80-\xff]+$/;
const CONTENT_TYPE_LENGTH_MAX = 255;
const CURSOR_LENGTH_MAX = 4_096;

/** The key, if it is one that the store takes. Throws `KEY_EMPTY`, `KEY_TOO_LONG`. */
export function checkKey(key: string, limits: DoorLimits): Key {
  if (key.length === 0) throw new AtollError("KEY_EMPTY", "a key has at least one byte");
  if (key.length > limits.keyBytesMax) {
    throw new AtollError("KEY_TOO_LONG", `a key has at most ${limits.keyBytesMax} bytes, not ${key.length}`);
  }
  return key as Key;
}

export function checkPrefix(prefix: string, limits: DoorLimits): string {
  if (prefix.length <= limits.keyBytesMax) return prefix;
  throw new AtollError("KEY_TOO_LONG", `a prefix has at most ${limits.keyBytesMax} bytes, not ${prefix.length}`);
}

export function checkContentType(contentType: string): string {
  if (contentType.length > CONTENT_TYPE_LENGTH_MAX) {
    throw new AtollError("CONTENT_TYPE_TOO_LONG", `a content type has at most ${CONTENT_TYPE_LENGTH_MAX} characters`);
  }
  if (!CONTENT_TYPE.test(contentType)) throw new AtollError("BAD_REQUEST", "the content type has illegal characters");
  return contentType;
}

export function checkAck(text: string | undefined): AckLevel {
  const level = ACK_LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  throw new AtollError("BAD_ACK", `ack is one of ${ACK_LEVELS.join(", ")}`);
}

export function checkConsistency(text: string | undefined): "local" | "quorum" {
  if (text === "local" || text === "quorum") return text;
  throw new AtollError("BAD_REQUEST", "consistency is local or quorum");
}

export function checkCursor(cursor: string): string {
  if (cursor.length >= 1 && cursor.length <= CURSOR_LENGTH_MAX) return cursor;
  throw new AtollError("BAD_CURSOR", "the cursor is not one that was handed out here");
}

export function checkLimit(limit: unknown, limits: DoorLimits): number {
  if (limit === undefined) return limits.keysPageDefault;
  if (typeof limit === "number" && Number.isInteger(limit) && limit >= 1 && limit <= limits.keysPageMax) return limit;
  throw new AtollError("BAD_REQUEST", `limit is a whole number from 1 to ${limits.keysPageMax}`);
}

/** What stands for a field that is often written instead of ours. */
const HINTS: ReadonlyMap<string, string> = new Map([["ttl", "; a time to live is ttlMs, in milliseconds"]]);
const NAME_LENGTH_MAX = 64;

/**
 * Throws `BAD_REQUEST` for a field that is not in `known`: a mistyped `ttlMs` must not store a value for ever. One that is
 * null is as good as absent.
 */
export function checkFields(message: Message, known: ReadonlySet<string>): void {
  for (const name of Object.keys(message)) {
    if (known.has(name) || message[name] === null || message[name] === undefined) continue;
    const shown = JSON.stringify(name.slice(0, NAME_LENGTH_MAX));
    const hint = HINTS.get(name) ?? `; known here: ${[...known].join(", ")}`;
    throw new AtollError("BAD_REQUEST", `unknown field ${shown}${hint}`);
  }
}

/** One notation's and door's way to read messages. */
export class FieldReader {
  readonly notation: Notation;
  readonly limits: DoorLimits;

  constructor(notation: Notation, limits: DoorLimits) {
    this.notation = notation;
    this.limits = limits;
  }

  /** Text, or `undefined` where there is none. */
  text(message: Message, name: string): string | undefined {
    const field = message[name];
    if (field === undefined || field === null) return undefined;
    const text = this.notation.text(field);
    if (text === undefined) throw new AtollError("BAD_REQUEST", `${name} must be text`);
    return text;
  }

  encoding(message: Message): Encoding | undefined {
    const encoding = this.text(message, "encoding");
    if (encoding === undefined || encoding === "utf8" || encoding === "base64") return encoding;
    throw new AtollError("BAD_REQUEST", "encoding is utf8 or base64");
  }

  key(message: Message): Key {
    return checkKey(latin1FromBytes(this.#bytes(message, "key")), this.limits);
  }

  /** Every key where there is none. */
  prefix(message: Message): string {
    if (message.prefix === undefined || message.prefix === null) return "";
    return checkPrefix(latin1FromBytes(this.#bytes(message, "prefix")), this.limits);
  }

  value(message: Message): Uint8Array {
    const value = this.#bytes(message, "value");
    if (value.length > this.limits.valueBytesMax) throw tooLarge(this.limits);
    return value;
  }

  /** A tag is written as a key is. Which tags there may be is for the store to say. */
  tag(message: Message): string {
    return latin1FromBytes(this.#bytes(message, "tag"));
  }

  tags(message: Message): readonly string[] | undefined {
    const { tags } = message;
    if (tags === undefined || tags === null) return undefined;
    if (!Array.isArray(tags)) throw new AtollError("BAD_REQUEST", "tags must be a list");
    const { encoding } = message;
    return (tags as readonly unknown[]).map((tag) => this.tag({ tag, encoding }));
  }

  ttlMs(message: Message): number | undefined {
    const ttlMs = message.ttlMs;
    if (ttlMs === undefined || ttlMs === null) return undefined;
    if (!isTtlMs(ttlMs)) throw new AtollError("BAD_TTL", "ttlMs is a whole number of milliseconds, 1 to 10 years");
    return ttlMs;
  }

  contentType(message: Message): string | undefined {
    const contentType = this.text(message, "contentType");
    return contentType === undefined ? undefined : checkContentType(contentType);
  }

  ack(message: Message): AckLevel | undefined {
    const ack = this.text(message, "ack");
    return ack === undefined ? undefined : checkAck(ack);
  }

  /** At most one of `ifAbsent: true`, `ifPresent: true`, `ifVersion: "..."`. */
  condition(message: Message): Condition | undefined {
    const absent = this.#flag(message, "ifAbsent");
    const present = this.#flag(message, "ifPresent");
    const version = this.text(message, "ifVersion");
    if (Number(absent) + Number(present) + Number(version !== undefined) > 1) {
      throw new AtollError("BAD_REQUEST", "ifAbsent, ifPresent and ifVersion exclude each other");
    }
    if (absent) return { type: "absent" };
    if (present) return { type: "present" };
    return version === undefined ? undefined : { type: "version", versions: [version] };
  }

  /** A whole number from 0 on, or `undefined` where there is none. */
  count(message: Message, name: string): number | undefined {
    const field = message[name];
    if (field === undefined || field === null) return undefined;
    if (typeof field === "number" && Number.isSafeInteger(field) && field >= 0) return field;
    throw new AtollError("BAD_REQUEST", `${name} must be a whole number`);
  }

  #flag(message: Message, name: string): boolean {
    const field = message[name];
    if (field === undefined || field === null || field === false) return false;
    if (field === true) return true;
    throw new AtollError("BAD_REQUEST", `${name} must be true or false`);
  }

  #bytes(message: Message, name: string): Uint8Array {
    const encoding = this.encoding(message) ?? "utf8";
    const bytes = this.notation.bytes(message[name], encoding);
    if (bytes !== undefined) return bytes;
    if (encoding === "base64") throw new AtollError("BAD_REQUEST", `${name} must be base64`);
    // Only MessagePack has bytes, and its text comes as bytes too: what is text here, and has no bytes, has no UTF-8.
    const isText = typeof message[name] === "string";
    const fault = isText ? "is not well-formed Unicode: half a surrogate pair" : "must be text or bytes";
    throw new AtollError("BAD_REQUEST", `${name} ${fault}`);
  }
}

/** The replica ids of a list, each once. Throws `BAD_REQUEST`. */
export function checkReplicaIds(list: unknown): readonly ReplicaId[] {
  if (!Array.isArray(list) || list.length > 1_000)
    throw new AtollError("BAD_REQUEST", "cut must be a list of replica ids");
  const ids = list.map((id: unknown) => {
    if (typeof id === "string" && isReplicaId(id)) return id;
    throw new AtollError("BAD_REQUEST", "cut must be a list of replica ids");
  });
  return [...new Set(ids)];
}

export function tooLarge(limits: DoorLimits): AtollError {
  return new AtollError("VALUE_TOO_LARGE", `a value has at most ${limits.valueBytesMax} bytes`);
}
