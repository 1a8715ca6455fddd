/** `SET` with its options, and `GETEX`, which has some of them. */

import { NOTHING, OK, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import {
  AT_MILLISECONDS,
  AT_SECONDS,
  type ExpiryUnit,
  MILLISECONDS,
  positiveEnd,
  SECONDS,
} from "../words/expiry-time.ts";
import { keyOf, optionOf, wordOf } from "../words/words.ts";
import { valueReply } from "../workspace/values.ts";
import type { Workspace } from "../workspace/workspace.ts";

const UNITS: ReadonlyMap<string, ExpiryUnit> = new Map([
  ["ex", SECONDS],
  ["px", MILLISECONDS],
  ["exat", AT_SECONDS],
  ["pxat", AT_MILLISECONDS],
]);

interface Options {
  /** The word behind its unit. */
  expiry: { readonly word: Uint8Array; readonly unit: ExpiryUnit } | undefined;
  keepsTtl: boolean;
  persists: boolean;
  gets: boolean;
  condition: "nx" | "xx" | undefined;
}

const NONE: Options = { expiry: undefined, keepsTtl: false, persists: false, gets: false, condition: undefined };

export function set(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const value = wordOf(words, 2);
  if (words.length === 3) {
    workspace.writeString(key, value);
    return OK;
  }
  const { expiry, keepsTtl, gets, condition } = optionsOf(words, 3, "set");
  const end = expiry === undefined ? undefined : positiveEnd(expiry.word, expiry.unit, workspace.now, "set");
  const before = gets ? valueReply(workspace, key) : undefined;
  if (condition !== undefined && (workspace.typeOf(key) === undefined) !== (condition === "nx"))
    return before ?? NOTHING;
  workspace.writeString(key, value, keepsTtl ? workspace.expiresAt(key) : end);
  return before ?? OK;
}

export function getex(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const { expiry, persists } = optionsOf(words, 2, "getex");
  const value = valueReply(workspace, key);
  if (value.type === "nothing") return value;
  const end = expiry === undefined ? undefined : positiveEnd(expiry.word, expiry.unit, workspace.now, "getex");
  if (end !== undefined) workspace.setExpiresAt(key, end);
  else if (persists && workspace.expiresAt(key) !== Infinity) workspace.setExpiresAt(key, Infinity);
  return value;
}

/** Throws `CommandError`. */
function optionsOf(words: CommandWords, from: number, command: "set" | "getex"): Options {
  const options = { ...NONE };
  const isSet = command === "set";
  for (let at = from; at < words.length; at++) {
    const word = optionOf(words, at);
    const unit = UNITS.get(word);
    const isFree = (options.expiry?.unit ?? unit) === unit && !options.keepsTtl && !options.persists;
    const value = words[at + 1];
    if (unit !== undefined && isFree && value !== undefined) {
      options.expiry = { word: value, unit };
      at++;
    } else if (isSet && (word === "nx" || word === "xx") && (options.condition ?? word) === word) {
      options.condition = word;
    } else if (isSet && word === "get") options.gets = true;
    else if (isSet && word === "keepttl" && options.expiry === undefined) options.keepsTtl = true;
    else if (!isSet && word === "persist" && options.expiry === undefined) options.persists = true;
    else throw new CommandError(SYNTAX_ERROR);
  }
  return options;
}
