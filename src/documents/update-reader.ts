/**
 * Reads the contents of an update in Yjs' first encoding (lib0/decoding, and `readItemContent` of yjs 13) and makes nothing
 * of them: no string, no object. It refuses what Yjs would choke on, and counts what Yjs would make objects of.
 *
 * Throws `BadBytes` for what no writer writes, `AtollError` with `UPDATE_TOO_LARGE` for what goes over a limit.
 */

import { BadBytes, ByteReader } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { CLOCK_MAX, type UpdateLimits } from "./document-limits.ts";
import { countJsonValues } from "./json-check.ts";
import { utf16Length } from "./utf8-check.ts";

/** The kinds of content, as the low five bits of a struct's first byte. */
export const CONTENT_DELETED = 1;
export const CONTENT_JSON = 2;
export const CONTENT_BINARY = 3;
export const CONTENT_STRING = 4;
export const CONTENT_EMBED = 5;
export const CONTENT_FORMAT = 6;
export const CONTENT_TYPE = 7;
export const CONTENT_ANY = 8;
export const CONTENT_DOCUMENT = 9;

/** The kinds of plain values (lib0/encoding `writeAny`). */
const ANY_UNDEFINED = 127;
const ANY_NULL = 126;
const ANY_INTEGER = 125;
const ANY_FLOAT32 = 124;
const ANY_FLOAT64 = 123;
const ANY_BIGINT = 122;
const ANY_FALSE = 121;
const ANY_TRUE = 120;
const ANY_STRING = 119;
const ANY_OBJECT = 118;
const ANY_ARRAY = 117;
const ANY_BYTES = 116;

/** The kinds of shared types; of these two the name follows. */
const TYPE_MAX = 6;
const TYPE_XML_ELEMENT = 3;
const TYPE_XML_HOOK = 5;

/** What an item of JSON holds for a value that JSON does not know. */
const UNDEFINED = Uint8Array.from("undefined", (character) => character.charCodeAt(0));

/** All that Yjs itself writes of a subdocument: others would take the place of its id. */
const SUBDOCUMENT_OPTIONS = new Set(["gc", "autoLoad", "meta"]);

export class UpdateReader extends ByteReader {
  readonly limits: UpdateLimits;
  values = 0;
  types = 0;
  subdocuments = 0;
  /** A value holds bytes: Yjs reads them as a view and keeps the whole update alive for it. */
  holdsBytes = false;

  constructor(update: Uint8Array, limits: UpdateLimits) {
    super(update);
    this.limits = limits;
  }

  /** A count of things of at least `bytesEach` bytes, so many as the bytes that are left can hold. */
  count(bytesEach: number): number {
    const count = this.varint();
    if (count * bytesEach > this.remaining) throw new BadBytes(`a count of ${count} before ${this.remaining} bytes`);
    return count;
  }

  /** The length of a run of at least one. */
  runLength(): number {
    const length = this.varint(CLOCK_MAX);
    if (length === 0) throw new BadBytes("a struct or range without length");
    return length;
  }

  /** Moves past a text; returns its length in UTF-16 units. */
  text(): number {
    const length = this.varint();
    const at = this.skip(length);
    return utf16Length(this.bytes, at, this.position);
  }

  /** Moves past a name or key; returns where it begins. It ends where the reader then is. */
  name(): number {
    const length = this.varint();
    if (length > this.limits.nameBytesMax) throw tooLarge(`a name of ${length} bytes`);
    const at = this.skip(length);
    utf16Length(this.bytes, at, this.position);
    return at;
  }

  /** Moves past the content of an item of `kind`; returns by how much the clock goes on. */
  content(kind: number): number {
    switch (kind) {
      case CONTENT_DELETED:
        return this.runLength();
      case CONTENT_JSON:
        return this.#jsons();
      case CONTENT_BINARY:
        this.skip(this.varint());
        return 1;
      case CONTENT_STRING:
        return this.#string();
      case CONTENT_EMBED:
        this.#json();
        return 1;
      case CONTENT_FORMAT:
        this.name();
        this.#json();
        return 1;
      case CONTENT_TYPE:
        this.#type();
        return 1;
      case CONTENT_ANY:
        return this.#anys();
      case CONTENT_DOCUMENT:
        this.#subdocument();
        return 1;
      default:
        throw new BadBytes(`content of unknown kind ${kind}`);
    }
  }

  #string(): number {
    const length = this.text();
    if (length === 0) throw new BadBytes("an item without length");
    return length;
  }

  #jsons(): number {
    const count = this.count(2);
    if (count === 0) throw new BadBytes("an item without length");
    for (let i = 0; i < count; i++) {
      if (this.#isUndefined()) this.#countValues(1);
      else this.#json();
    }
    return count;
  }

  /** True, and past it, if the next text is the word `undefined`. */
  #isUndefined(): boolean {
    const at = this.position;
    if (this.bytes[at] !== UNDEFINED.length || this.remaining <= UNDEFINED.length) return false;
    for (let i = 0; i < UNDEFINED.length; i++) if (this.bytes[at + 1 + i] !== UNDEFINED[i]) return false;
    this.skip(1 + UNDEFINED.length);
    return true;
  }

  #json(): void {
    const at = this.position;
    this.text();
    const start = new ByteReader(this.bytes, at, this.position);
    start.varint();
    this.#countValues(countJsonValues(this.bytes, start.position, this.position, this.limits.nestingMax));
  }

  #type(): void {
    const kind = this.varint();
    if (kind > TYPE_MAX) throw new BadBytes(`shared type of unknown kind ${kind}`);
    if (kind === TYPE_XML_ELEMENT || kind === TYPE_XML_HOOK) this.name();
    this.types++;
  }

  #subdocument(): void {
    if (++this.subdocuments > this.limits.subdocumentsMax) {
      throw tooLarge(`more than ${this.limits.subdocumentsMax} subdocuments`);
    }
    this.name();
    if (this.u8() !== ANY_OBJECT) throw new BadBytes("a subdocument without options");
    const count = this.count(2);
    for (let i = 0; i < count; i++) {
      const at = this.name();
      const name = String.fromCharCode(...this.bytes.subarray(at, Math.min(this.position, at + 16)));
      if (!SUBDOCUMENT_OPTIONS.has(name)) throw new BadBytes("a subdocument with an unknown option");
      this.#any(0);
    }
  }

  #anys(): number {
    const count = this.count(1);
    if (count === 0) throw new BadBytes("an item without length");
    for (let i = 0; i < count; i++) this.#any(0);
    return count;
  }

  /** `depth` is how many arrays and objects it is in. It is bounded, so the recursion is. */
  #any(depth: number): void {
    this.#countValues(1);
    const kind = this.u8();
    switch (kind) {
      case ANY_UNDEFINED:
      case ANY_NULL:
      case ANY_FALSE:
      case ANY_TRUE:
        return;
      case ANY_INTEGER:
        return this.#integer();
      case ANY_FLOAT32:
        this.skip(4);
        return;
      case ANY_FLOAT64:
      case ANY_BIGINT:
        this.skip(8);
        return;
      case ANY_STRING:
        this.text();
        return;
      case ANY_BYTES:
        this.skip(this.varint());
        this.holdsBytes = true;
        return;
      case ANY_OBJECT:
      case ANY_ARRAY:
        return this.#collection(kind, depth);
      default:
        throw new BadBytes(`value of unknown kind ${kind}`);
    }
  }

  #collection(kind: number, depth: number): void {
    if (depth >= this.limits.nestingMax) throw new BadBytes(`a value nested deeper than ${this.limits.nestingMax}`);
    const count = this.count(kind === ANY_OBJECT ? 2 : 1);
    for (let i = 0; i < count; i++) {
      if (kind === ANY_OBJECT) this.name();
      this.#any(depth + 1);
    }
  }

  /** A signed number: its first byte holds six bits and the sign. */
  #integer(): void {
    const first = this.u8();
    if (first < 128) return;
    this.varint(Math.floor((Number.MAX_SAFE_INTEGER - (first & 63)) / 64));
  }

  #countValues(count: number): void {
    this.values += count;
    if (this.values > this.limits.valuesPerUpdateMax) {
      throw tooLarge(`more than ${this.limits.valuesPerUpdateMax} values`);
    }
  }
}

export function tooLarge(what: string): AtollError {
  return new AtollError("UPDATE_TOO_LARGE", `an update with ${what}`);
}
