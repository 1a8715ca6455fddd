/** Scores and bounds of ranges in the words of clients. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { doubleText } from "../../base/double-text.ts";
import { CommandError } from "./command-error.ts";
import { floatOf } from "./number-text.ts";

const EXCLUSIVE = "(";
const INCLUSIVE = "[";
/** Redis keeps so many whole numbers as such, and writes them out where it lists what it keeps. */
const WHOLE_MAX = 2 ** 62;

export interface ScoreBound {
  readonly score: number;
  readonly isExclusive: boolean;
}

export type NameBound = "least" | "most" | { readonly name: Uint8Array; readonly isExclusive: boolean };

/** As `ZSCAN` shows it. */
export function keptScoreText(score: number): string {
  return Number.isInteger(score) && Math.abs(score) < WHOLE_MAX ? String(BigInt(score)) : doubleText(score);
}

/** Throws `CommandError`. */
export function scoreBoundOf(word: Uint8Array): ScoreBound {
  const isExclusive = word[0] === EXCLUSIVE.charCodeAt(0);
  const [text = ""] = latin1FromBytes(isExclusive ? word.subarray(1) : word).split("\0", 1);
  // As of C's `strtod`: nothing at all is 0, and blanks may lead.
  const score = text === "" ? 0 : floatOf(text.replace(/^[ \t-\r]+/, ""));
  if (score === undefined) throw new CommandError("ERR min or max is not a float");
  return { score, isExclusive };
}

/** Throws `CommandError`. */
export function nameBoundOf(word: Uint8Array): NameBound {
  const sign = word.length === 0 ? "" : String.fromCharCode(word[0] as number);
  if (sign === EXCLUSIVE || sign === INCLUSIVE) return { name: word.subarray(1), isExclusive: sign === EXCLUSIVE };
  if (word.length === 1 && sign === "-") return "least";
  if (word.length === 1 && sign === "+") return "most";
  throw new CommandError("ERR min or max not valid string range item");
}
