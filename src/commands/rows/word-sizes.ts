/**
 * How long the words of a command may be, before it begins: a command of several keys would otherwise fail at one of them with
 * those before it written.
 */

import { AtollError } from "../../base/errors.ts";
import { keyPlaces } from "../../command-keys.ts";
import type { CommandFacts, CommandWords } from "../../command-store.ts";
import { checkKeyLength } from "../../replica/operations.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Throws `KEY_EMPTY`, `KEY_TOO_LONG`, `VALUE_TOO_LARGE`. */
export function checkSizes(
  words: CommandWords,
  facts: Pick<CommandFacts, "keys" | "flags">,
  { keyBytesMax, valueBytesMax }: Pick<Workspace, "keyBytesMax" | "valueBytesMax">,
): void {
  if (areAllShort(words, Math.min(keyBytesMax, valueBytesMax))) return;
  for (const at of keyPlaces(words, facts)) checkKeyLength((words[at] as Uint8Array).length, keyBytesMax);
  if (!facts.flags.has("write")) return;
  for (const word of words) {
    if (word.length > valueBytesMax)
      throw new AtollError("VALUE_TOO_LARGE", `a value has at most ${valueBytesMax} bytes`);
  }
}

/** Nothing can be wrong with them then, whichever are keys: of most commands this is all there is to be looked at. */
function areAllShort(words: CommandWords, lengthMax: number): boolean {
  for (let at = 1; at < words.length; at++) {
    const { length } = words[at] as Uint8Array;
    if (length === 0 || length > lengthMax) return false;
  }
  return true;
}
