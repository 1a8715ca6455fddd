/** `ZADD` with its options, and `ZINCRBY`: what is added to a score counts once, wherever it was added (`core/containers/counted-members.ts`). */

import { integerReply, NOTHING, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectFloat } from "../words/number-text.ts";
import { keyOf, optionOf, textOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { scoreReply } from "./sorted-set-replies.ts";

const OPTIONS = new Set(["nx", "xx", "gt", "lt", "ch", "incr"]);
const NOT_A_NUMBER = "ERR resulting score is not a number (NaN)";

/** Undefined: the member stays as it is, there or not. Throws `CommandError`. */
function scoreAfter(before: number | undefined, given: number, options: ReadonlySet<string>): number | undefined {
  if (before === undefined) return options.has("xx") ? undefined : given;
  if (options.has("nx")) return undefined;
  const after = options.has("incr") ? before + given : given;
  if (Number.isNaN(after)) throw new CommandError(NOT_A_NUMBER);
  if ((options.has("lt") && after >= before) || (options.has("gt") && after <= before)) return undefined;
  return after;
}

function checkOptions(options: ReadonlySet<string>, pairCount: number): void {
  if (options.has("nx") && options.has("xx"))
    throw new CommandError("ERR XX and NX options at the same time are not compatible");
  if (["gt", "lt", "nx"].filter((option) => options.has(option)).length > 1)
    throw new CommandError("ERR GT, LT, and/or NX options at the same time are not compatible");
  if (options.has("incr") && pairCount > 1)
    throw new CommandError("ERR INCR option supports a single increment-element pair");
}

function add(workspace: Workspace, words: CommandWords, options: Set<string>): Reply {
  let from = 2;
  for (; OPTIONS.has(optionOf(words, from)); from++) options.add(optionOf(words, from));
  const pairCount = (words.length - from) / 2;
  if (pairCount === 0 || !Number.isInteger(pairCount)) throw new CommandError(SYNTAX_ERROR);
  checkOptions(options, pairCount);
  const scores: number[] = [];
  for (let at = from; at < words.length; at += 2) scores.push(expectFloat(words[at]));
  const key = keyOf(words, 1);
  const set = workspace.sortedSets.at(key);
  let [added, changed] = [0, 0];
  let last: number | undefined;
  for (const [index, score] of scores.entries()) {
    const name = textOf(words, from + 2 * index + 1);
    const before = set.scoreOf(name);
    const after = scoreAfter(before, score, options);
    last = after;
    if (after === undefined || after === before) continue;
    if (options.has("incr")) last = workspace.sortedSets.add(key, name, score);
    else workspace.sortedSets.put(key, name, after);
    if (before === undefined) added++;
    else changed++;
  }
  if (options.has("incr")) return last === undefined ? NOTHING : scoreReply(last);
  return integerReply(options.has("ch") ? added + changed : added);
}

export function zadd(workspace: Workspace, words: CommandWords): Reply {
  return add(workspace, words, new Set());
}

export function zincrby(workspace: Workspace, words: CommandWords): Reply {
  return add(workspace, words, new Set(["incr"]));
}
