/**
 * Answers that have many members of one collection: read in turns, others being carried out between them. What they show is
 * what was there when they began (`types/snapshot.ts`). A command that is one of several which run as one does not take turns
 * (`TurnBounds`).
 */

import type { Key } from "../../base/ids.ts";
import { PackedItems } from "../../base/packed-items.ts";
import type { PackedForm } from "../../command-reply.ts";
import type { CommandWords } from "../../command-store.ts";
import type { CollectionType } from "../../store.ts";
import type { Snapshot } from "../../types/snapshot.ts";
import type { LongFunction, Turn } from "../rows/turns.ts";
import { keyOf } from "../words/words.ts";
import type { Shown } from "../workspace/collections.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { type Choose, choosesAll } from "./chosen-members.ts";

/** Fewer members are read at once. */
export const MANY_MEMBERS = 4096;

export interface LongAnswer {
  readonly form: PackedForm;
  readonly shown: Shown;
  /** Answered as well, as that which they come from. */
  readonly of?: Key;
}

export function readInTurns(choose: Choose, { form, shown }: LongAnswer): Turn {
  const packed = new PackedItems();
  let kept: Snapshot | undefined;
  return (workspace) => {
    const snapshot = kept ?? snapshotOf(workspace, choose);
    const isMore = workspace.collections.packNext(snapshot, shown, packed);
    // Not before: while room for the first turn is waited for, nothing is held.
    kept = snapshot;
    return isMore ? undefined : { type: "packed", form, packed };
  };
}

function snapshotOf(workspace: Workspace, choose: Choose): Snapshot {
  const chosen = choose(workspace);
  workspace.takeRoom(chosen.bytes);
  return chosen.snapshot();
}

/** Of all that is under the key that comes first. */
export function wholeInTurns(type: CollectionType, answer: LongAnswer): LongFunction {
  return ({ collections }: Workspace, words: CommandWords) => {
    const key = keyOf(words, 1);
    return collections.count(key, type) < MANY_MEMBERS ? undefined : readInTurns(choosesAll(key, type), answer);
  };
}
