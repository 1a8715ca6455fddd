/** `OBJECT` and `MEMORY`: what there is to tell of what lies under a key. */

import { bytesFromLatin1 } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import {
  arrayReply,
  integerReply,
  NOTHING,
  ONE,
  type Reply,
  statusReply,
  textReply,
  ZERO,
} from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { CollectionType } from "../../store.ts";
import { CommandError, SYNTAX_ERROR } from "../words/command-error.ts";
import { expectNumber, integerOf } from "../words/number-text.ts";
import { keyOf, optionOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** Longer strings are not kept beside what describes them, in Redis. */
const EMBEDDED_BYTES_MAX = 44;
/** Up to so many members, of so many bytes, Redis keeps in one piece. */
const HASH_SMALL_MAX = 512;
const SORTED_SET_SMALL_MAX = 128;
const SMALL_BYTES_MAX = 64;
/** A set of so many integers at the most is kept as such. */
const INTEGERS_MAX = 512;

const OBJECT_HELP = [
  "OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "ENCODING <key>",
  "    Return the kind of internal representation used in order to store the value",
  "    associated with a <key>.",
  "FREQ <key>",
  "    Return the access frequency index of the <key>. The returned integer is",
  "    proportional to the logarithm of the recent access frequency of the key.",
  "IDLETIME <key>",
  "    Return the idle time of the <key>, that is the approximated number of",
  "    seconds elapsed since the last access to the key.",
  "REFCOUNT <key>",
  "    Return the number of references of the value associated with the specified",
  "    <key>.",
  "HELP",
  "    Prints this help.",
];

const MEMORY_HELP = [
  "MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
  "USAGE <key> [SAMPLES <count>]",
  "    Return memory in bytes used by <key> and its value. Nested values are",
  "    sampled up to <count> times (default: 5, 0 means sample all).",
  "HELP",
  "    Prints this help.",
];

export function object(workspace: Workspace, words: CommandWords): Reply {
  const subcommand = optionOf(words, 1);
  if (subcommand === "help") return helpReply(OBJECT_HELP);
  const key = keyOf(words, 2);
  if (workspace.typeOf(key) === undefined) return NOTHING;
  if (subcommand === "encoding") return textReply(encodingOf(workspace, words));
  if (subcommand === "refcount") return ONE;
  if (subcommand === "idletime") return ZERO;
  throw new CommandError(
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.",
  );
}

function encodingOf(workspace: Workspace, words: CommandWords): string {
  const key = keyOf(words, 2);
  const type = workspace.typeOf(key);
  if (type === "list") return "quicklist";
  if (type === "hash") return isSmall(workspace, key, type, HASH_SMALL_MAX) ? "listpack" : "hashtable";
  if (type === "zset") return isSmall(workspace, key, type, SORTED_SET_SMALL_MAX) ? "listpack" : "skiplist";
  if (type === "set") return areIntegers(workspace, key) ? "intset" : "hashtable";
  const value = workspace.stringAt(key);
  if (value === undefined) return "raw";
  if (integerOf(value) !== undefined) return "int";
  return value.length <= EMBEDDED_BYTES_MAX ? "embstr" : "raw";
}

/** Few members, and short ones, by the bounds that Redis has unless told otherwise. */
function isSmall({ collections }: Workspace, key: Key, type: CollectionType, countMax: number): boolean {
  if (collections.count(key, type) > countMax) return false;
  for (const { name, value } of collections.members(key, type))
    if (Math.max(name.length, value.length) > SMALL_BYTES_MAX) return false;
  return true;
}

function areIntegers({ collections }: Workspace, key: Key): boolean {
  if (collections.count(key, "set") > INTEGERS_MAX) return false;
  for (const { name } of collections.members(key, "set"))
    if (integerOf(bytesFromLatin1(name)) === undefined) return false;
  return true;
}

export function memory(workspace: Workspace, words: CommandWords): Reply {
  const subcommand = optionOf(words, 1);
  if (subcommand === "help") return helpReply(MEMORY_HELP);
  for (let at = 3; at < words.length; at += 2) {
    if (optionOf(words, at) !== "samples" || words[at + 1] === undefined) throw new CommandError(SYNTAX_ERROR);
    if (expectNumber(words[at + 1]) < 0) throw new CommandError(SYNTAX_ERROR);
  }
  const bytes = workspace.bytesOf(keyOf(words, 2));
  return bytes === undefined ? NOTHING : integerReply(bytes);
}

export function helpReply(lines: readonly string[]): Reply {
  return arrayReply(lines.map(statusReply));
}
