/**
 * How long the words of a command may be, before it begins: a command of several keys would otherwise fail at one of them with
 * those before it written.
 */

import { AtollError } from "../base/errors.ts";
import type { CommandFacts, CommandWords } from "../command-store.ts";
import { checkKeyLength } from "../replica/operations.ts";
import type { Workspace } from "./workspace.ts";

/** Throws `KEY_EMPTY`, `KEY_TOO_LONG`, `VALUE_TOO_LARGE`. */
export function checkSizes(
  words: CommandWords,
  { keys: { first, last, step }, flags }: Pick<CommandFacts, "keys" | "flags">,
  { keyBytesMax, valueBytesMax }: Pick<Workspace, "keyBytesMax" | "valueBytesMax">,
): void {
  if (first > 0) {
    const end = last < 0 ? words.length + last : Math.min(last, words.length - 1);
    for (let at = first; at <= end; at += step) checkKeyLength((words[at] as Uint8Array).length, keyBytesMax);
  }
  if (!flags.has("write")) return;
  for (const word of words) {
    if (word.length > valueBytesMax)
      throw new AtollError("VALUE_TOO_LARGE", `a value has at most ${valueBytesMax} bytes`);
  }
}
