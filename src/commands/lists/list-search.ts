/** Elements of lists that go by their values. */

import { isSameBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { integerReply, type Reply } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { Snapshot } from "../../types/snapshot.ts";
import { slotBytes } from "../members/chosen-members.ts";
import { MANY_MEMBERS } from "../members/long-reads.ts";
import { removing } from "../members/long-writes.ts";
import { type Steps, turnOf } from "../rows/steps.ts";
import type { Turn } from "../rows/turns.ts";
import { expectNumber } from "../words/number-text.ts";
import { keyOf, wordOf } from "../words/words.ts";
import type { Member } from "../workspace/collections.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { lengthOf } from "./list-ends.ts";

/** From one end to the other. Nothing may be written meanwhile. */
export function* elements(workspace: Workspace, key: Key, isFromTail: boolean): Generator<Member, void> {
  const { collections } = workspace;
  if (!isFromTail) yield* collections.members(key, "list");
  else {
    for (let rank = lengthOf(workspace, key) - 1; rank >= 0; rank--) {
      const element = collections.at(key, "list", rank);
      if (element !== undefined) yield element;
    }
  }
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
