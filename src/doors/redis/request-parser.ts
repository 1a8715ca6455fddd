/**
 * Commands from the bytes of a Redis client, as they come: arrays of bulk strings, or lines typed by hand. Nothing but a
 * machine: bytes in, commands out.
 *
 *  Q1. What was announced is checked before any memory is spent on it: the count of arguments, the length of each, and what
 *      all that is not complete yet takes up together. Beyond a little, the rest of a command is not received before somebody
 *      else has made room for it: `needsRoom`.
 *  Q2. However the bytes are cut into chunks, the commands are the same, and each byte is looked at, and copied, a bounded
 *      number of times.
 *  Q3. After an error nothing more comes: the two ends no longer agree on where a command begins.
 *
 * Errors are in the words of Redis. The protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

import { FREE_BYTES } from "./argument-room.ts";
import { splitWords } from "./inline-words.ts";
import { type PlainCommand, PlainRun } from "./plain-command.ts";
import { ARGUMENT_OVERHEAD, type RequestLimits } from "./request-limits.ts";
import { type KnownNames, WholeCommands } from "./whole-commands.ts";

/** A command: its name and its arguments, each valid until the next call of `feed`, unless it is copied. */
export type Command = readonly Uint8Array[];

/** The client does not speak the protocol; the message is what it is told, without the `-ERR `. */
export class ProtocolError extends Error {
  constructor(message: string) {
    super(`Protocol error: ${message}`);
    this.name = "ProtocolError";
  }
}

/** Of a count or a length, and of what is typed by hand. */
const LINE_BYTES_MAX = 64 * 1024;
/** Longer arguments get room of their own as soon as their length is known, which their bytes then go to. */
const LONG_BYTES = 32 * 1024;
/** Room is asked for in no smaller steps. */
const ROOM_STEP_BYTES = 64 * 1024;
/** Digits of the greatest count or length with its sign. */
const DIGITS_MAX = 20;

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const ASTERISK = 42;
const MINUS = 45;
const ZERO = 48;
const NOTHING = new Uint8Array(0);

/** An argument of which not all is there. */
interface Long {
  readonly bytes: Uint8Array;
  filled: number;
}

export class RequestParser {
  #limits: RequestLimits;
  readonly #whole: WholeCommands;
  #bytes: Uint8Array = NOTHING;
  /** Of `#bytes`, what is read next. */
  #at = 0;
  /** Bytes behind `#at` in which no end of a line was found. */
  #looked = 0;
  #arguments: Uint8Array[] = [];
  /** Arguments that are still to come; 0 between commands. */
  #missing = 0;
  /** Of the argument that comes next; -1: not told yet. */
  #length = -1;
  #long: Long | undefined;
  #commandBytes = 0;
  /** Of the command under way, what room was made for. */
  #room = 0;
  /** Bytes for which room has to be made before the command under way goes on; 0: none. */
  needsRoom = 0;
  #failed: ProtocolError | undefined;
  /** What `nextPlain` tells of is read in runs. */
  readonly plainRun = new PlainRun();

  constructor(limits: RequestLimits, names?: KnownNames) {
    this.#limits = limits;
    this.#whole = new WholeCommands(names);
  }

  /** From now on; what is under way as well. */
  set limits(limits: RequestLimits) {
    this.#limits = limits;
    this.plainRun.clear();
  }

  /** Bytes that wait for the rest of their command. */
  get waiting(): number {
    return this.#commandBytes + this.#bytes.length - this.#at;
  }

  /** More bytes from the client, which must not change any more. `next` is to be called until it has nothing. */
  feed(chunk: Uint8Array): void {
    const left = this.#bytes.length - this.#at;
    if (left === 0) {
      this.#bytes = chunk;
    } else {
      const joined = new Uint8Array(left + chunk.length);
      joined.set(this.#bytes.subarray(this.#at));
      joined.set(chunk, left);
      this.#bytes = joined;
    }
    this.#whole.feed(this.#bytes);
    this.plainRun.clear();
    this.#at = 0;
  }

  /** There is room for what needs it: `next` goes on. */
  grantRoom(): void {
    this.#room += this.needsRoom;
    this.needsRoom = 0;
  }

  /** The next command; undefined until more bytes come, or there is the room that `needsRoom` tells of. Throws `ProtocolError`, then and ever after. */
  next(): Command | undefined {
    if (this.#failed !== undefined) throw this.#failed;
    if (this.needsRoom > 0) return undefined;
    try {
      const command = this.#next();
      if (command === undefined && this.#lacking > 0) this.needsRoom = Math.max(this.#lacking, ROOM_STEP_BYTES);
      return command;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#failed = error;
      this.#bytes = NOTHING;
      this.#arguments = [];
      this.#long = undefined;
      throw error;
    }
  }

  /**
   * `GET` of a key, or `SET` of one with a value and nothing else, where that comes next and is wholly there. It comes next still,
   * until `takePlain`. Undefined: it is something else.
   */
  nextPlain(): PlainCommand | undefined {
    const isBetween = this.#missing === 0 && this.#looked === 0 && this.needsRoom === 0;
    if (!isBetween || this.#failed !== undefined) return undefined;
    return this.plainRun.at(this.#at) ?? this.#readPlainRun();
  }

  #readPlainRun(): PlainCommand | undefined {
    const { commands } = this.plainRun;
    let count = 0;
    for (let at = this.#at; count < commands.length; count++) {
      const command = commands[count] as PlainCommand;
      if (!this.#whole.readPlain(at, this.#limits, command)) break;
      at = command.end;
    }
    this.plainRun.begin(count);
    return count === 0 ? undefined : commands[0];
  }

  /** The command that `nextPlain` told of is read. */
  takePlain({ end }: PlainCommand): void {
    this.#at = end;
    this.#room = 0;
  }

  /** Bytes of what is not complete for which there is no room. */
  get #lacking(): number {
    const unannounced = this.#length < 0 ? this.#bytes.length - this.#at : 0;
    return this.#commandBytes + unannounced - FREE_BYTES - this.#room;
  }

  #next(): Command | undefined {
    while (this.#missing === 0) {
      if (this.#at === this.#bytes.length) return undefined;
      if (this.#bytes[this.#at] !== ASTERISK) {
        const words = this.#inline();
        if (words !== undefined) this.#room = 0;
        if (words === undefined || words.length > 0) return words;
        continue;
      }
      const whole = this.#looked === 0 ? this.#whole.next(this.#at, this.#limits) : undefined;
      if (whole !== undefined) {
        this.#at = this.#whole.end;
        this.#room = 0;
        return whole;
      }
      const count = this.#number("too big mbulk count string", "invalid multibulk length");
      if (count === undefined) return undefined;
      if (count > this.#limits.argumentsMax) throw new ProtocolError("invalid multibulk length");
      // As Redis takes them: there is nothing in it, and nothing is said.
      this.#missing = Math.max(0, count);
    }
    while (this.#missing > 0) {
      const argument = this.#argument();
      if (argument === undefined) return undefined;
      this.#arguments.push(argument);
      this.#missing--;
    }
    const command = this.#arguments;
    this.#arguments = [];
    this.#commandBytes = 0;
    this.#room = 0;
    return command;
  }

  #argument(): Uint8Array | undefined {
    if (this.#length < 0) {
      if (this.#at === this.#bytes.length) return undefined;
      const first = this.#bytes[this.#at] as number;
      if (first !== DOLLAR) throw new ProtocolError(`expected '$', got '${printable(first)}'`);
      const length = this.#number("too big bulk count string", "invalid bulk length");
      if (length === undefined) return undefined;
      this.#announce(length);
    }
    if (this.#long !== undefined) return this.#fill(this.#long);
    if (this.#bytes.length - this.#at < this.#length + 2)
      return this.#length > LONG_BYTES ? this.#beginLong() : undefined;
    const argument = this.#bytes.subarray(this.#at, this.#at + this.#length);
    this.#at += this.#length + 2;
    this.#length = -1;
    return argument;
  }

  /** Q1. */
  #announce(length: number): void {
    if (length < 0 || length > this.#limits.argumentBytesMax) throw new ProtocolError("invalid bulk length");
    this.#commandBytes += length + ARGUMENT_OVERHEAD;
    if (this.#commandBytes > this.#limits.commandBytesMax) throw new ProtocolError("too long a command");
    this.#length = length;
  }

  /** Once there is room. */
  #beginLong(): Uint8Array | undefined {
    if (this.#lacking > 0) return undefined;
    this.#long = { bytes: new Uint8Array(this.#length + 2), filled: 0 };
    return this.#fill(this.#long);
  }

  #fill(long: Long): Uint8Array | undefined {
    const { bytes } = long;
    const count = Math.min(bytes.length - long.filled, this.#bytes.length - this.#at);
    bytes.set(this.#bytes.subarray(this.#at, this.#at + count), long.filled);
    this.#at += count;
    long.filled += count;
    if (long.filled < bytes.length) return undefined;
    this.#long = undefined;
    this.#length = -1;
    return bytes.subarray(0, bytes.length - 2);
  }

  /** The number of a line that begins with one sign; undefined until its end is there. */
  #number(tooLong: string, wrong: string): number | undefined {
    const end = this.#endOfLine(tooLong);
    if (end < 0) return undefined;
    let at = this.#at + 1;
    const last = this.#bytes[end - 1] === CR ? end - 1 : end;
    const isNegative = this.#bytes[at] === MINUS;
    if (isNegative) at++;
    if (at === last || last - at > DIGITS_MAX) throw new ProtocolError(wrong);
    let value = 0;
    for (; at < last; at++) {
      const digit = (this.#bytes[at] as number) - ZERO;
      if (digit < 0 || digit > 9) throw new ProtocolError(wrong);
      value = value * 10 + digit;
    }
    this.#at = end + 1;
    return isNegative ? -value : value;
  }

  /** What was typed by hand, word by word; none in an empty line. */
  #inline(): Command | undefined {
    const end = this.#endOfLine("too big inline request");
    if (end < 0) return undefined;
    const last = end > this.#at && this.#bytes[end - 1] === CR ? end - 1 : end;
    const words = splitWords(this.#bytes.subarray(this.#at, last));
    if (words === undefined) throw new ProtocolError("unbalanced quotes in request");
    this.#at = end + 1;
    return words;
  }

  /** Where the line feed is, or -1. */
  #endOfLine(tooLong: string): number {
    const end = this.#bytes.indexOf(LF, this.#at + this.#looked);
    this.#looked = end < 0 ? this.#bytes.length - this.#at : 0;
    if ((end < 0 ? this.#looked : end - this.#at) > LINE_BYTES_MAX) throw new ProtocolError(tooLong);
    return end;
  }
}

function printable(byte: number): string {
  return byte >= 32 && byte < 127 ? String.fromCharCode(byte) : " ";
}
