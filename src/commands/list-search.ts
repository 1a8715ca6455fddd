/** Elements of lists by their values. */

import { isSameBytes } from "../base/bytes.ts";
import type { Key } from "../base/ids.ts";
import { arrayReply, integerReply, NOTHING, type Reply } from "../command-reply.ts";
import type { CommandWords } from "../command-store.ts";
import type { Snapshot } from "../types/snapshot.ts";
import { slotBytes } from "./chosen-members.ts";
import type { Member } from "./collections.ts";
import { CommandError, SYNTAX_ERROR } from "./command-error.ts";
import { lengthOf } from "./list-ends.ts";
import { MANY_MEMBERS } from "./long-reads.ts";
import { removing } from "./long-writes.ts";
import { expectAtLeast, expectNumber } from "./number-text.ts";
import { type Steps, turnOf } from "./steps.ts";
import type { Turn } from "./turns.ts";
import { keyOf, optionOf, wordOf } from "./words.ts";
import type { Workspace } from "./workspace.ts";

const RANK_ZERO =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";

/** The name of the first element of a value. */
export function placeOf(workspace: Workspace, key: Key, value: Uint8Array): string | undefined {
  for (const element of workspace.collections.members(key, "list")) {
    if (isSameBytes(element.value, value)) return element.name;
  }
  return undefined;
}

/** From one end to the other. Nothing may be written meanwhile. */
function* elements(workspace: Workspace, key: Key, isFromTail: boolean): Generator<Member, void> {
  const { collections } = workspace;
  if (!isFromTail) yield* collections.members(key, "list");
  else {
    for (let rank = lengthOf(workspace, key) - 1; rank >= 0; rank--) {
      const element = collections.at(key, "list", rank);
      if (element !== undefined) yield element;
    }
  }
}

interface Search {
  /** 1 for the first that matches; negative: from the tail. */
  readonly rank: number;
  /** How many are wanted, 0 for all; undefined: one, and not as an array. */
  readonly count: number | undefined;
  /** Elements that are looked at, at most; 0 for all. */
  readonly lengthMax: number;
}

export function lpos(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const { rank, count, lengthMax } = searchOf(words);
  const length = lengthOf(workspace, key);
  const found: Reply[] = [];
  const wanted = count === undefined ? 1 : count === 0 ? Infinity : count;
  let [looked, matches] = [0, 0];
  if (length > 0) {
    for (const { value } of elements(workspace, key, rank < 0)) {
      if (lengthMax !== 0 && looked >= lengthMax) break;
      looked++;
      if (!isSameBytes(value, wordOf(words, 2)) || ++matches < Math.abs(rank)) continue;
      found.push(integerReply(rank < 0 ? length - looked : looked - 1));
      if (found.length >= wanted) break;
    }
  }
  return count === undefined ? (found[0] ?? NOTHING) : arrayReply(found);
}

/** Throws `CommandError`. */
function searchOf(words: CommandWords): Search {
  let [rank, lengthMax] = [1, 0];
  let count: number | undefined;
  for (let at = 3; at < words.length; at += 2) {
    const option = optionOf(words, at);
    const value = words[at + 1];
    if (value === undefined) throw new CommandError(SYNTAX_ERROR);
    if (option === "rank") {
      rank = expectNumber(value);
      if (rank === 0) throw new CommandError(RANK_ZERO);
    } else if (option === "count") count = expectAtLeast(value, 0, "ERR COUNT can't be negative");
    else if (option === "maxlen") lengthMax = expectAtLeast(value, 0, "ERR MAXLEN can't be negative");
    else throw new CommandError(SYNTAX_ERROR);
  }
  return { rank, count, lengthMax };
}

export function lrem(workspace: Workspace, words: CommandWords): Reply {
  const key = keyOf(words, 1);
  const count = expectNumber(words[2]);
  const length = lengthOf(workspace, key);
  if (length === 0) return integerReply(0);
  workspace.lookAt(length);
  const gone: string[] = [];
  const wanted = count === 0 ? Infinity : Math.abs(count);
  for (const { name, value } of elements(workspace, key, count < 0)) {
    if (!isSameBytes(value, wordOf(words, 3))) continue;
    gone.push(name);
    if (gone.length >= wanted) break;
  }
  for (const name of gone) workspace.collections.remove(key, "list", name);
  return integerReply(gone.length);
}

/** What goes is looked for before any of it goes. */
export function lremInTurns(workspace: Workspace, words: CommandWords): Turn | undefined {
  const key = keyOf(words, 1);
  const count = expectNumber(words[2]);
  if (lengthOf(workspace, key) < MANY_MEMBERS) return undefined;
  const { collections } = workspace;
  function* steps(): Steps {
    const whole = collections.snapshot(key, "list");
    const all = count < 0 ? whole.reversed() : whole;
    const wanted = count === 0 ? Infinity : Math.abs(count);
    const gone: number[] = [];
    for (let slots = found(all); slots !== undefined && gone.length < wanted; slots = found(all)) {
      for (const slot of slots) gone.push(slot);
      yield 8 * slots.length;
    }
    const removed = yield* removing(workspace, key, all.of(gone.slice(0, wanted)));
    return integerReply(removed);
  }
  const found = (among: Snapshot) => collections.slotsWith(among, wordOf(words, 3));
  return turnOf(steps(), (first) => slotBytes(lengthOf(first, key)));
}
