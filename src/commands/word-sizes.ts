/**
 * How long the words of a command may be, before it begins: a command of several keys would otherwise fail at one of them with
 * those before it written.
 */

import { AtollError } from "../base/errors.ts";
import { keyPlaces } from "../command-keys.ts";
import type { CommandFacts, CommandWords } from "../command-store.ts";
import { checkKeyLength } from "../replica/operations.ts";
import type { Workspace } from "./workspace.ts";

/** Throws `KEY_EMPTY`, `KEY_TOO_LONG`, `VALUE_TOO_LARGE`. */
export function checkSizes(
  words: CommandWords,
  facts: Pick<CommandFacts, "keys" | "flags">,
  { keyBytesMax, valueBytesMax }: Pick<Workspace, "keyBytesMax" | "valueBytesMax">,
): void {
  for (const at of keyPlaces(words, facts)) checkKeyLength((words[at] as Uint8Array).length, keyBytesMax);
  if (!facts.flags.has("write")) return;
  for (const word of words) {
    if (word.length > valueBytesMax)
      throw new AtollError("VALUE_TOO_LARGE", `a value has at most ${valueBytesMax} bytes`);
  }
}
