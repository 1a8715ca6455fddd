/**
 * Commands of which all bytes are here, as those of most are: each is read at a stretch, with nothing kept in between. Whatever is
 * not as it mostly is (not complete, over a limit, out of form, long) is left to the parser, which begins with it anew; so
 * nothing is refused here, and no byte is looked at more than once more (Q2 of `request-parser.ts`).
 */

import { NO_BYTES, type PlainCommand } from "./plain-command.ts";
import { ARGUMENT_OVERHEAD, type RequestLimits } from "./request-limits.ts";

/** Of a count or a length that is looked at here. */
const DIGITS_MAX = 9;
/** Of a command that is. */
const WORDS_MAX = 64;

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const ASTERISK = 42;
const ZERO = 48;

/** `*2`, `*3`, `$3`, `get`, `set` with the ends of their lines, and the `$` of a key, as numbers that are looked at at once. */
const ARRAY_OF_TWO = 0x2a320d0a;
const ARRAY_OF_THREE = 0x2a330d0a;
const OF_THREE_BYTES = 0x24330d0a;
const GET = 0x6765740d;
const SET = 0x7365740d;
const NEXT_BULK = 0x0a24;
/** Of letters; it leaves the end of the line as it is. */
const LOWER_CASE = 0x20202000;
const NAME_BYTES = 3;
const PLAIN_BYTES_MIN = 20;

/** Whoever knows the names of commands, and has bytes of its own for those that were sent before. */
export interface KnownNames {
  wordOf(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined;
}

export class WholeCommands {
  readonly #names: KnownNames | undefined;
  #bytes: Uint8Array = new Uint8Array(0);
  /** What `#bytes` is a view of, which it takes time to ask for. */
  #buffer: ArrayBufferLike = this.#bytes.buffer;
  #offset = 0;
  /** Behind what was read last. */
  end = 0;
  /** Of `#bytes`, once it was needed. */
  #plainView: DataView = NO_BYTES;

  constructor(names?: KnownNames) {
    this.#names = names;
  }

  /** From now on of these bytes. */
  feed(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#buffer = bytes.buffer;
    this.#offset = bytes.byteOffset;
  }

  /** The words of the command that begins at `at`; then `end` is behind it. Undefined: it is for the parser. */
  next(at: number, limits: RequestLimits): Uint8Array[] | undefined {
    const bytes = this.#bytes;
    if (bytes[at] !== ASTERISK) return undefined;
    const count = this.#number(at + 1);
    if (count < 1 || count > WORDS_MAX || count > limits.argumentsMax) return undefined;
    const words = new Array<Uint8Array>(count);
    let commandBytes = 0;
    for (let i = 0; i < count; i++) {
      if (bytes[this.end] !== DOLLAR) return undefined;
      const length = this.#number(this.end + 1);
      const end = this.end + length;
      commandBytes += length + ARGUMENT_OVERHEAD;
      if (length < 0 || length > limits.argumentBytesMax || end + 2 > bytes.length) return undefined;
      words[i] = (i === 0 && this.#names?.wordOf(bytes, this.end, end)) || this.#view(this.end, length);
      this.end = end + 2;
    }
    return commandBytes > limits.commandBytesMax ? undefined : words;
  }

  /** True where `GET` and a key, or `SET` with a value besides, begin at `at`: `command` is that then. Neither views nor a list are made. */
  readPlain(at: number, limits: RequestLimits, command: PlainCommand): boolean {
    const bytes = this.#bytes;
    if (bytes.length - at < PLAIN_BYTES_MIN || bytes[at + 2] !== CR) return false;
    let view = this.#plainView;
    if (view.buffer !== this.#buffer || view.byteOffset !== this.#offset || view.byteLength !== bytes.length) {
      view = new DataView(this.#buffer, this.#offset, bytes.length);
      this.#plainView = view;
    }
    if (view.getInt32(at + 4) !== OF_THREE_BYTES || view.getInt16(at + 12) !== NEXT_BULK) return false;
    const name = view.getInt32(at + 8) | LOWER_CASE;
    const count = view.getInt32(at);
    const isSet = name === SET && count === ARRAY_OF_THREE;
    if (!isSet && !(name === GET && count === ARRAY_OF_TWO)) return false;
    const keyStart = this.#word(at + 13, limits);
    if (keyStart < 0) return false;
    const keyEnd = this.end - 2;
    const valueStart = isSet ? this.#word(this.end, limits) : this.end;
    if (valueStart < 0) return false;
    const valueEnd = isSet ? this.end - 2 : this.end;
    const commandBytes = NAME_BYTES + keyEnd - keyStart + valueEnd - valueStart;
    if (limits.argumentsMax < 3 || commandBytes + 3 * ARGUMENT_OVERHEAD > limits.commandBytesMax) return false;
    command.bytes = view;
    command.isSet = isSet;
    command.keyStart = keyStart;
    command.keyEnd = keyEnd;
    command.valueStart = valueStart;
    command.valueEnd = valueEnd;
    command.start = at;
    command.end = this.end;
    return true;
  }

  /** Where the word is whose length is told at `at`, behind which `end` is then; -1: it is not all here, or too long. */
  #word(at: number, limits: RequestLimits): number {
    const bytes = this.#bytes;
    if (bytes[at] !== DOLLAR) return -1;
    const length = this.#number(at + 1);
    const start = this.end;
    if (length < 0 || length > limits.argumentBytesMax || start + length + 2 > bytes.length) return -1;
    this.end = start + length + 2;
    return start;
  }

  #view(start: number, length: number): Uint8Array {
    return new Uint8Array(this.#buffer, this.#offset + start, length);
  }

  /** The digits from `at` to the end of their line, behind which `end` is then; -1: something else is there. */
  #number(at: number): number {
    const bytes = this.#bytes;
    const last = Math.min(bytes.length - 2, at + DIGITS_MAX);
    let value = 0;
    for (let i = at; i <= last; i++) {
      const digit = (bytes[i] as number) - ZERO;
      if (digit >= 0 && digit <= 9) {
        value = value * 10 + digit;
        continue;
      }
      if (i === at || bytes[i] !== CR || bytes[i + 1] !== LF) return -1;
      this.end = i + 2;
      return value;
    }
    return -1;
  }
}
