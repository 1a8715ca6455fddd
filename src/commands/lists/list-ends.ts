/** The ends of lists: what is put there, and taken from there. */

import type { Key } from "../../base/ids.ts";
import { bulkReply, type Reply } from "../../command-reply.ts";
import type { ListEnd } from "../../types/list.ts";
import { type Choose, type Chosen, chosenBetween } from "../members/chosen-members.ts";
import { type LongAnswer, MANY_MEMBERS } from "../members/long-reads.ts";
import { takeInTurns } from "../members/long-writes.ts";
import { expectTaken } from "../members/member-replies.ts";
import type { Turn } from "../rows/turns.ts";
import type { Workspace } from "../workspace/workspace.ts";

/** 0: there is no list. Throws WRONGTYPE. */
export function lengthOf(workspace: Workspace, key: Key): number {
  return workspace.collections.count(key, "list");
}

/** The rank that a number means: negative ones count from behind. Below 0, or the length or more: there is none. */
export function rankFrom(number: number, length: number): number {
  return number < 0 ? length + number : number;
}

export function pushTo(workspace: Workspace, key: Key, end: ListEnd, value: Uint8Array): void {
  const { collections } = workspace;
  collections.put(key, "list", collections.placeAtEnd(key, end), value);
}

/** Copies of up to `count` elements that were at an end of a list, the outermost first, and now are there no more. */
export function takeFrom(workspace: Workspace, key: Key, end: ListEnd, count: number): readonly Reply[] {
  const { collections } = workspace;
  const length = lengthOf(workspace, key);
  // Before anything is taken: what cannot be answered stays.
  expectTaken(workspace, Math.min(count, length));
  const taken: Reply[] = [];
  const names: string[] = [];
  for (let i = 0; i < Math.min(count, length); i++) {
    const element = collections.at(key, "list", end === "head" ? i : length - 1 - i);
    if (element === undefined) break;
    taken.push(bulkReply(workspace.copyOf(element.value)));
    names.push(element.name);
  }
  for (const name of names) collections.remove(key, "list", name);
  return taken;
}

interface Many extends Pick<LongAnswer, "of"> {
  readonly end: ListEnd;
  readonly wanted: number;
}

/** As `takeFrom`, in turns. Undefined: they are not many. */
export function takeManyFrom(workspace: Workspace, key: Key, { end, wanted, ...answer }: Many): Turn | undefined {
  if (Math.min(lengthOf(workspace, key), wanted) < MANY_MEMBERS) return undefined;
  const choose: Choose = (first) => chosenAt(first, key, end, wanted);
  return takeInTurns(workspace, key, choose, { ...answer, form: "array", shown: "value" });
}

/** The outermost first. */
function chosenAt(workspace: Workspace, key: Key, end: ListEnd, wanted: number): Chosen {
  const length = lengthOf(workspace, key);
  if (end === "head") return chosenBetween(workspace, key, "list", 0, wanted);
  const chosen = chosenBetween(workspace, key, "list", Math.max(0, length - wanted), length);
  return { bytes: chosen.bytes, snapshot: () => chosen.snapshot().reversed() };
}
