/** Numbers that are added to. */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { addLongDoubles, inDecimal } from "../../base/long-double.ts";
import { bulkReply, integerReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { fractionOfText, wholeAmount } from "../../core/record/amount.ts";
import { CommandError, NOT_A_FLOAT, NOT_AN_INTEGER } from "../words/command-error.ts";
import { expectInteger, integerOf, narrowed } from "../words/number-text.ts";
import { keyOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";

const OVERFLOW = "ERR increment or decrement would overflow";
const DECREMENT_OVERFLOW = "ERR decrement would overflow";
const INT64_MIN = -(2n ** 63n);

/** Adds to the whole number under a key, 0 where there is none, which keeps its end. Throws `CommandError`. */
export function incrementBy(workspace: Workspace, key: Key, by: number | bigint): number | bigint {
  const value = workspace.stringAt(key);
  const before = value === undefined ? 0 : integerOf(value);
  if (before === undefined) throw new CommandError(NOT_AN_INTEGER);
  const after = sumOfIntegers(before, by);
  workspace.add(key, wholeAmount(by));
  return after;
}

/** Throws `CommandError` where 64 bits do not hold it. */
export function sumOfIntegers(a: number | bigint, b: number | bigint): number | bigint {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = narrowed(BigInt(a) + BigInt(b));
  if (sum === undefined) throw new CommandError(OVERFLOW);
  return sum;
}

export function incr(workspace: Workspace, words: CommandWords): Reply {
  return integerReply(incrementBy(workspace, keyOf(words, 1), 1));
}

export function decr(workspace: Workspace, words: CommandWords): Reply {
  return integerReply(incrementBy(workspace, keyOf(words, 1), -1));
}

export function incrby(workspace: Workspace, words: CommandWords): Reply {
  return integerReply(incrementBy(workspace, keyOf(words, 1), expectInteger(words[2])));
}

export function decrby(workspace: Workspace, words: CommandWords): Reply {
  const by = expectInteger(words[2]);
  if (by === INT64_MIN) throw new CommandError(DECREMENT_OVERFLOW);
  return integerReply(incrementBy(workspace, keyOf(words, 1), typeof by === "bigint" ? -by : 0 - by));
}

export function incrbyfloat(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const value = workspace.stringAt(key);
  const before = value === undefined ? "0" : latin1FromBytes(value);
  const text = inDecimal(latin1FromBytes(wordOf(words, 2)));
  const sum = addLongDoubles(before, text);
  const by = fractionOfText(text);
  if (sum === "infinite") throw new CommandError("ERR increment would produce NaN or Infinity");
  if (sum === "bad" || by === undefined) throw new CommandError(NOT_A_FLOAT);
  workspace.add(key, by);
  return bulkReply(workspace.stringAt(key) ?? bytesFromLatin1(sum));
}
