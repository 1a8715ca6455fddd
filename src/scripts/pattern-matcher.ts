/**
 * Patterns of Lua 5.1 (section 5.4.1 of its manual), over bytes: what matches, in which order it is tried, and what is said of a
 * malformed one are those of its `lstrlib.c`. Unlike that, it keeps what is left to try in a list, not on the machine's stack,
 * and counts its steps.
 *
 * A pattern ends at its first zero byte. Places are indices into `bytes`, which holds the subject and the pattern.
 */

import { LuaError } from "./lua.ts";
import { isDigit, isOfClass } from "./pattern-classes.ts";
import type { Steps } from "./steps.ts";

export const NO_MATCH = -1;
const CAPTURES_MAX = 32;
/** As many items of a pattern as may have another way to match; C overflows its stack some way above. */
const CHOICES_MAX = 50_000;

/** In the place of a capture's length. */
const UNFINISHED = -1;
export const POSITION = -2;

const ESCAPE = 37; // %
const DOLLAR = 36;
const OPEN = 40;
const CLOSE = 41;
const STAR = 42;
const PLUS = 43;
const MINUS = 45;
const DOT = 46;
const OPTIONAL = 63; // ?
const SET = 91; // [
const SET_END = 93;
const CARET = 94;
const BALANCE = 98; // b
const FRONTIER = 102; // f

/** What is done where the rest of the pattern does not match. A choice is three numbers further: where, until where or which, and the pattern. */
const TRY_ONCE = 0;
const TRY_FEWER = 1;
const TRY_MORE = 2;
const REOPEN = 3;
const UNDO = 4;
const CHOICE_SIZE = 4;

export interface Subject {
  readonly start: number;
  /** Behind its last byte. */
  readonly end: number;
}

export class PatternMatcher {
  /** Captures of the last match. */
  level = 0;
  readonly starts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #subject: Subject;
  readonly #steps: Steps;
  readonly #choices: number[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #pattern = 0;

  constructor(subject: Subject, steps: Steps) {
    this.#subject = subject;
    this.#steps = steps;
  }

  /** Where a match that begins at `at` ends, or `NO_MATCH`. Throws `LuaError`. */
  match(bytes: Uint8Array, at: number, pattern: number): number {
    this.level = 0;
    this.#choices.length = 0;
    this.#bytes = bytes;
    this.#at = at;
    this.#pattern = pattern;
    while (this.#byte(this.#pattern) !== 0) {
      this.#steps.take(1);
      if (!this.#matchItem() && !this.#retreat()) return NO_MATCH;
    }
    return this.#at;
  }

  /** Of a capture of the last match; `POSITION`: it is of a place. Throws `LuaError`. */
  lengthOf(capture: number): number {
    const length = this.#lengths[capture] as number;
    if (length === UNFINISHED) throw new LuaError("unfinished capture");
    return length;
  }

  /** Counted from 1, as Lua does. */
  placeOf(at: number): number {
    return at - this.#subject.start + 1;
  }

  #byte(at: number): number {
    return this.#bytes[at] as number;
  }

  #matchItem(): boolean {
    const next = this.#byte(this.#pattern + 1);
    switch (this.#byte(this.#pattern)) {
      case OPEN:
        return next === CLOSE ? this.#openCapture(POSITION, 2) : this.#openCapture(UNFINISHED, 1);
      case CLOSE:
        return this.#closeCapture();
      case DOLLAR:
        if (next !== 0) break;
        this.#pattern++;
        return this.#at === this.#subject.end;
      case ESCAPE:
        if (next === BALANCE) return this.#matchBalance();
        if (next === FRONTIER) return this.#matchFrontier();
        if (isDigit(next)) return this.#matchCapture(next);
        break;
    }
    return this.#matchSingle();
  }

  /** A single-byte class, and how often it may be there. */
  #matchSingle(): boolean {
    const item = this.#pattern;
    const itemEnd = this.#classEnd(item);
    const isThere = this.#isAt(this.#at, item, itemEnd);
    const rest = itemEnd + 1;
    switch (this.#byte(itemEnd)) {
      case OPTIONAL:
        if (isThere) this.#choose(TRY_ONCE, this.#at++, 0, rest);
        this.#pattern = rest;
        return true;
      case STAR:
        return this.#expand(this.#at, item, itemEnd);
      case PLUS:
        return isThere && this.#expand(this.#at + 1, item, itemEnd);
      case MINUS:
        this.#choose(TRY_MORE, this.#at, itemEnd, item);
        this.#pattern = rest;
        return true;
      default:
        this.#at++;
        this.#pattern = itemEnd;
        return isThere;
    }
  }

  /** As often as it can be, and less often where the rest does not match then. */
  #expand(from: number, item: number, itemEnd: number): boolean {
    let to = from;
    while (this.#isAt(to, item, itemEnd)) {
      this.#steps.take(1);
      to++;
    }
    if (to > from) this.#choose(TRY_FEWER, to, from, itemEnd + 1);
    this.#at = to;
    this.#pattern = itemEnd + 1;
    return true;
  }

  // --- What is left to try -------------------------------------------------------------------------------------

  #choose(kind: number, at: number, other: number, pattern: number): void {
    if (this.#choices.length >= CHOICES_MAX * CHOICE_SIZE) throw new LuaError("pattern too complex");
    this.#choices.push(kind, at, other, pattern);
  }

  /** Goes back to the last place where there was another way. False: there is none. */
  #retreat(): boolean {
    const choices = this.#choices;
    while (choices.length > 0) {
      this.#steps.take(1);
      const top = choices.length - CHOICE_SIZE;
      const at = choices[top + 1] as number;
      const other = choices[top + 2] as number;
      const pattern = choices[top + 3] as number;
      switch (choices[top]) {
        case TRY_ONCE:
          choices.length = top;
          return this.#goOn(at, pattern);
        case TRY_FEWER:
          choices[top + 1] = at - 1;
          if (at - 1 === other) choices.length = top;
          return this.#goOn(at - 1, pattern);
        case TRY_MORE:
          if (!this.#isAt(at, pattern, other)) break;
          choices[top + 1] = at + 1;
          return this.#goOn(at + 1, other + 1);
        case REOPEN:
          this.#lengths[other] = UNFINISHED;
          break;
        case UNDO:
          this.level--;
          break;
      }
      choices.length = top;
    }
    return false;
  }

  #goOn(at: number, pattern: number): true {
    this.#at = at;
    this.#pattern = pattern;
    return true;
  }

  // --- Captures ------------------------------------------------------------------------------------------------

  #openCapture(length: number, patternBytes: number): boolean {
    if (this.level >= CAPTURES_MAX) throw new LuaError("too many captures");
    this.starts[this.level] = this.#at;
    this.#lengths[this.level] = length;
    this.level++;
    this.#choose(UNDO, 0, 0, 0);
    this.#pattern += patternBytes;
    return true;
  }

  #closeCapture(): boolean {
    let last = this.level - 1;
    while (last >= 0 && this.#lengths[last] !== UNFINISHED) last--;
    if (last < 0) throw new LuaError("invalid pattern capture");
    this.#lengths[last] = this.#at - (this.starts[last] as number);
    this.#choose(REOPEN, 0, last, 0);
    this.#pattern++;
    return true;
  }

  /** What a capture before it holds, once more. One of a place never is there. */
  #matchCapture(digit: number): boolean {
    const capture = digit - 49;
    if (capture < 0 || capture >= this.level || this.#lengths[capture] === UNFINISHED)
      throw new LuaError("invalid capture index");
    const length = this.#lengths[capture] as number;
    if (length < 0 || this.#subject.end - this.#at < length) return false;
    const start = this.starts[capture] as number;
    for (let i = 0; i < length; i++) {
      this.#steps.take(1);
      if (this.#byte(start + i) !== this.#byte(this.#at + i)) return false;
    }
    this.#at += length;
    this.#pattern += 2;
    return true;
  }

  // --- Items ---------------------------------------------------------------------------------------------------

  #matchBalance(): boolean {
    const opens = this.#byte(this.#pattern + 2);
    const closes = opens === 0 ? 0 : this.#byte(this.#pattern + 3);
    if (closes === 0) throw new LuaError("unbalanced pattern");
    // The byte behind a subject is a zero, which opens nothing.
    if (this.#byte(this.#at) !== opens) return false;
    let depth = 1;
    for (let at = this.#at + 1; at < this.#subject.end; at++) {
      this.#steps.take(1);
      const byte = this.#byte(at);
      if (byte === closes) {
        if (--depth === 0) return this.#goOn(at + 1, this.#pattern + 4);
      } else if (byte === opens) depth++;
    }
    return false;
  }

  #matchFrontier(): boolean {
    const set = this.#pattern + 2;
    if (this.#byte(set) !== SET) throw new LuaError("missing '[' after '%f' in pattern");
    const setEnd = this.#classEnd(set);
    const before = this.#at === this.#subject.start ? 0 : this.#byte(this.#at - 1);
    this.#pattern = setEnd;
    return !this.#isInSet(before, set, setEnd - 1) && this.#isInSet(this.#byte(this.#at), set, setEnd - 1);
  }

  /** Behind the class that begins at `item`. */
  #classEnd(item: number): number {
    const first = this.#byte(item);
    if (first === ESCAPE) {
      if (this.#byte(item + 1) === 0) throw new LuaError("malformed pattern (ends with '%')");
      return item + 2;
    }
    if (first !== SET) return item + 1;
    let at = this.#byte(item + 1) === CARET ? item + 2 : item + 1;
    // What comes first ends nothing.
    do {
      if (this.#byte(at) === 0) throw new LuaError("malformed pattern (missing ']')");
      if (this.#byte(at++) === ESCAPE && this.#byte(at) !== 0) at++;
      this.#steps.take(1);
    } while (this.#byte(at) !== SET_END);
    return at + 1;
  }

  /** Whether what is at `at` is of the class between `item` and `itemEnd`. */
  #isAt(at: number, item: number, itemEnd: number): boolean {
    if (at >= this.#subject.end) return false;
    const byte = this.#byte(at);
    const first = this.#byte(item);
    if (first === DOT) return true;
    if (first === ESCAPE) return isOfClass(byte, this.#byte(item + 1));
    return first === SET ? this.#isInSet(byte, item, itemEnd - 1) : byte === first;
  }

  /** `last`: where the set's `]` is. */
  #isInSet(byte: number, set: number, last: number): boolean {
    const isComplement = this.#byte(set + 1) === CARET;
    for (let at = isComplement ? set + 2 : set + 1; at < last; at++) {
      this.#steps.take(1);
      const first = this.#byte(at);
      if (first === ESCAPE) {
        at++;
        if (isOfClass(byte, this.#byte(at))) return !isComplement;
      } else if (this.#byte(at + 1) === MINUS && at + 2 < last) {
        at += 2;
        if (first <= byte && byte <= this.#byte(at)) return !isComplement;
      } else if (first === byte) return !isComplement;
    }
    return isComplement;
  }
}
