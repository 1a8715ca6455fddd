/** When keys end: `EXPIRE`, `TTL` and their kind. */

import { latin1FromBytes } from "../../base/bytes.ts";
import { shownText } from "../../base/shown-text.ts";
import { integerReply, ONE, type Reply, ZERO } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import { CommandError } from "../words/command-error.ts";
import { anyEnd, type ExpiryUnit } from "../words/expiry-time.ts";
import { keyOf, optionOf, wordOf } from "../words/words.ts";
import type { Workspace } from "../workspace/workspace.ts";

const NO_KEY = integerReply(-2);
const NO_END = integerReply(-1);
const NX_AND_OTHERS = "ERR NX and XX, GT or LT options at the same time are not compatible";

interface Conditions {
  nx: boolean;
  xx: boolean;
  gt: boolean;
  lt: boolean;
}

export function expireWith(workspace: Workspace, words: CommandWords, unit: ExpiryUnit): Reply {
  const key = keyOf(words, 1);
  const conditions = conditionsOf(words);
  const end = anyEnd(words[2], unit, workspace.now, latin1FromBytes(wordOf(words, 0)).toLowerCase());
  const before = workspace.expiresAt(key);
  if (before === undefined || !isMet(conditions, before, end)) return ZERO;
  if (end <= workspace.now) workspace.remove(key);
  else workspace.setExpiresAt(key, end);
  return ONE;
}

/** What does not expire counts as if it did after everything else. */
function isMet({ nx, xx, gt, lt }: Conditions, before: number, end: number): boolean {
  if (nx && before !== Infinity) return false;
  if (xx && before === Infinity) return false;
  return !(gt && end <= before) && !(lt && end >= before);
}

/** Throws `CommandError`. */
function conditionsOf(words: CommandWords): Conditions {
  const conditions: Conditions = { nx: false, xx: false, gt: false, lt: false };
  for (let at = 3; at < words.length; at++) {
    const name = optionOf(words, at);
    if (!Object.hasOwn(conditions, name)) throw new CommandError(`ERR Unsupported option ${shownText(words[at])}`);
    conditions[name as keyof Conditions] = true;
  }
  const { nx, xx, gt, lt } = conditions;
  if (nx && (xx || gt || lt)) throw new CommandError(NX_AND_OTHERS);
  if (gt && lt) throw new CommandError("ERR GT and LT options at the same time are not compatible");
  return conditions;
}

/** What is left of a key's time, or when it ends; seconds are rounded. */
export function timeOf(workspace: Workspace, words: CommandWords, { unitMs, isRelative }: ExpiryUnit): Reply {
  const end = workspace.expiresAt(keyOf(words, 1));
  if (end === undefined) return NO_KEY;
  if (end === Infinity) return NO_END;
  const ms = isRelative ? Math.max(0, end - Math.floor(workspace.now)) : end;
  return integerReply(unitMs === 1 ? ms : Math.floor((ms + 500) / unitMs));
}

export function persist(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const end = workspace.expiresAt(key);
  if (end === undefined || end === Infinity) return ZERO;
  workspace.setExpiresAt(key, Infinity);
  return ONE;
}
