/**
 * The check of JSON text (RFC 8259), which takes what `JSON.parse` takes and makes nothing of it: no object is built, so
 * that a few bytes cannot become many. The bytes must be UTF-8; see `utf8-check.ts`.
 */

import { BadBytes } from "../base/bytes.ts";

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const WORDS: ReadonlyMap<number, string> = new Map([
  [0x74, "true"],
  [0x66, "false"],
  [0x6e, "null"],
]);

/** What follows a backslash, `u` apart. */
const ESCAPED = new Set(Array.from('"\\/bfnrt', (character) => character.charCodeAt(0)));

/** Counts the values of the text from `start` to `end`, keys apart. Throws `BadBytes` for what is not JSON, or nests too deep. */
export function countJsonValues(bytes: Uint8Array, start: number, end: number, nestingMax: number): number {
  return new JsonText(bytes, start, end, nestingMax).countValues();
}

class JsonText {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #nestingMax: number;
  #at: number;
  #values = 0;

  constructor(bytes: Uint8Array, start: number, end: number, nestingMax: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#nestingMax = nestingMax;
  }

  countValues(): number {
    this.#value(0);
    if (this.#peek() !== -1) throw new BadBytes("JSON with more after its end");
    return this.#values;
  }

  /** `depth` is how many arrays and objects it is in. It is bounded, so the recursion is. */
  #value(depth: number): void {
    this.#values++;
    const first = this.#peek();
    if (first === QUOTE) this.#string();
    else if (first === OPEN_OBJECT) this.#object(depth);
    else if (first === OPEN_ARRAY) this.#array(depth);
    else if (WORDS.has(first)) this.#word(WORDS.get(first) as string);
    else this.#number();
  }

  #object(depth: number): void {
    this.#enter(depth);
    if (this.#skips(CLOSE_OBJECT)) return;
    do {
      if (this.#peek() !== QUOTE) throw new BadBytes("JSON with a key that is no string");
      this.#string();
      if (!this.#skips(COLON)) throw new BadBytes("JSON with a key and no value");
      this.#value(depth + 1);
    } while (this.#skips(COMMA));
    if (!this.#skips(CLOSE_OBJECT)) throw new BadBytes("JSON with an object that does not end");
  }

  #array(depth: number): void {
    this.#enter(depth);
    if (this.#skips(CLOSE_ARRAY)) return;
    do this.#value(depth + 1);
    while (this.#skips(COMMA));
    if (!this.#skips(CLOSE_ARRAY)) throw new BadBytes("JSON with an array that does not end");
  }

  #enter(depth: number): void {
    if (depth >= this.#nestingMax) throw new BadBytes(`JSON nested deeper than ${this.#nestingMax}`);
    this.#at++;
  }

  #string(): void {
    for (this.#at++; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at] as number;
      if (byte === QUOTE) {
        this.#at++;
        return;
      }
      if (byte < 0x20) throw new BadBytes("JSON with a control character in a string");
      if (byte === BACKSLASH) this.#escape();
    }
    throw new BadBytes("JSON with a string that does not end");
  }

  /** Leaves the place at the last character of the escape. */
  #escape(): void {
    const byte = this.#byteAt(++this.#at);
    if (ESCAPED.has(byte)) return;
    if (byte !== 0x75) throw new BadBytes("JSON with an unknown escape");
    for (let i = 0; i < 4; i++) {
      if (!isHexDigit(this.#byteAt(++this.#at))) throw new BadBytes("JSON with an unknown escape");
    }
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.#byteAt(this.#at++) !== word.charCodeAt(i)) throw new BadBytes("JSON with an unknown word");
    }
  }

  #number(): void {
    if (this.#byteAt(this.#at) === 0x2d) this.#at++;
    if (this.#byteAt(this.#at) === 0x30) this.#at++;
    else this.#digits();
    if (this.#byteAt(this.#at) === 0x2e) {
      this.#at++;
      this.#digits();
    }
    if ((this.#byteAt(this.#at) | 0x20) === 0x65) {
      this.#at++;
      const sign = this.#byteAt(this.#at);
      if (sign === 0x2b || sign === 0x2d) this.#at++;
      this.#digits();
    }
  }

  #digits(): void {
    const from = this.#at;
    while (isDigit(this.#byteAt(this.#at))) this.#at++;
    if (this.#at === from) throw new BadBytes("JSON with something that is no value");
  }

  /** True, and past it, if `byte` comes next. */
  #skips(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.#at++;
    return true;
  }

  /** The next byte that is no white space; -1 at the end. */
  #peek(): number {
    for (; this.#at < this.#end; this.#at++) {
      const byte = this.#bytes[this.#at] as number;
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return byte;
    }
    return -1;
  }

  #byteAt(at: number): number {
    return at < this.#end ? (this.#bytes[at] as number) : -1;
  }
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x66);
}
