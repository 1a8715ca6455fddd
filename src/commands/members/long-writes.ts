/**
 * Commands that write many members of collections: in turns, and nobody who comes to this replica with a command for their keys
 * has one meanwhile (`key-gate.ts`). Everything is read before anything is written.
 */

import { bytesFromLatin1, latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { PackedItems } from "../../base/packed-items.ts";
import type { Reply } from "../../command-reply.ts";
import type { CollectionType } from "../../store.ts";
import type { Snapshot } from "../../types/snapshot.ts";
import { type Steps, turnOf } from "../rows/steps.ts";
import type { Turn } from "../rows/turns.ts";
import type { Shown } from "../workspace/collections.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Choose, Chosen } from "./chosen-members.ts";
import type { LongAnswer } from "./long-reads.ts";

const NO_VALUE = new Uint8Array(0);

/** Put in one turn: some 5 ms. */
const PUT_MAX = 512;

/** Removes all of a snapshot. Returns how many were there still. */
export function* removing({ collections }: Workspace, key: Key, snapshot: Snapshot): Generator<number, number> {
  let removed = 0;
  for (let count = collections.removeNext(key, snapshot); count !== undefined; ) {
    removed += count;
    yield 0;
    count = collections.removeNext(key, snapshot);
  }
  return removed;
}

/** Packs all of a snapshot. */
export function* gathering(
  { collections }: Workspace,
  snapshot: Snapshot,
  shown: Shown,
  into: PackedItems,
): Generator<number, void> {
  let bytes = 0;
  const note = (more: number): void => {
    bytes = more;
  };
  while (collections.packNext(snapshot, shown, into, note)) yield bytes;
  yield bytes;
}

/** The turns of a command that takes what it chooses, and answers with it: nothing is taken that cannot be answered. */
export function takeInTurns(workspace: Workspace, key: Key, choose: Choose, answer: LongAnswer): Turn {
  return turnOf(taking(workspace, key, choose, answer), (first) => choose(first).bytes);
}

function* taking(workspace: Workspace, key: Key, choose: Choose, { form, shown, of }: LongAnswer): Steps {
  const snapshot = choose(workspace).snapshot();
  const packed = new PackedItems();
  yield* gathering(workspace, snapshot.again(), shown, packed);
  // With the lists around two of them, and around the key and all.
  const lists = form === "twos" ? packed.count / 2 : 0;
  const items = packed.count + lists + 2;
  workspace.expectAnswer(
    items,
    packed.bytes + lists * PackedItems.bytesOf(0) + 2 * PackedItems.bytesOf(of?.length ?? 0),
  );
  yield* removing(workspace, key, snapshot);
  return { type: "packed", form, packed, ...(of !== undefined && { of: bytesFromLatin1(of) }) };
}

/** The turns of a command that removes what it chooses, and answers as `reply` says of how many there were. */
export function removeInTurns(
  workspace: Workspace,
  key: Key,
  choose: (workspace: Workspace) => readonly Chosen[],
  reply: (count: number) => Reply,
): Turn {
  function* steps(): Steps {
    let count = 0;
    const snapshots = choose(workspace).map((chosen) => chosen.snapshot());
    for (const snapshot of snapshots) count += yield* removing(workspace, key, snapshot);
    return reply(count);
  }
  return turnOf(steps(), (first) => choose(first).reduce((sum, { bytes }) => sum + bytes, 0));
}

/** What is gathered for a key, before anything of it is written: names, or names and scores in turn. */
export interface Gathered {
  readonly type: CollectionType;
  readonly items: PackedItems;
}

/** Puts what was gathered in place of whatever is under a key. */
export function* storing(workspace: Workspace, key: Key, { type, items }: Gathered): Generator<number, void> {
  workspace.remove(key);
  let name = "";
  const reader = {
    bytes: (piece: Uint8Array, start: number, end: number): void => {
      name = latin1FromBytes(piece, start, end);
      if (type === "set") workspace.collections.put(key, type, name, NO_VALUE);
    },
    double: (score: number): void => workspace.sortedSets.put(key, name, score),
  };
  for (const _ of items.read(reader, PUT_MAX)) yield 0;
}
