/** Options of `SCAN` and its kind. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { isMatch } from "../../base/glob.ts";
import type { CommandWords } from "../../command-store.ts";
import { CommandError, SYNTAX_ERROR } from "./command-error.ts";
import { expectNumber } from "./number-text.ts";
import { optionOf } from "./words.ts";

const COUNT = 10;
const COUNT_MAX = 10_000;

export interface ScanOptions {
  readonly pattern: string | undefined;
  /** In lower case. */
  readonly type: string | undefined;
  /** About so many on a page. */
  readonly count: number;
}

/** From the word at `from` on; `TYPE` is for keys alone. Throws `CommandError`. */
export function scanOptionsOf(words: CommandWords, from: number, hasTypes: boolean): ScanOptions {
  let pattern: string | undefined;
  let type: string | undefined;
  let count = COUNT;
  for (let at = from; at < words.length; at += 2) {
    const option = optionOf(words, at);
    const value = words[at + 1];
    if (value === undefined) throw new CommandError(SYNTAX_ERROR);
    if (option === "match") pattern = latin1FromBytes(value);
    else if (option === "type" && hasTypes) type = latin1FromBytes(value).toLowerCase();
    else if (option === "count") {
      count = expectNumber(value);
      if (count < 1) throw new CommandError(SYNTAX_ERROR);
    } else throw new CommandError(SYNTAX_ERROR);
  }
  return { pattern, type, count: Math.min(count, COUNT_MAX) };
}

export function matches({ pattern }: Pick<ScanOptions, "pattern">, text: string): boolean {
  return pattern === undefined || isMatch(pattern, text);
}
