/** Which members a command goes through in several turns. Their slots are copied once there is room for the copy, not before. */

import type { Key } from "../../base/ids.ts";
import type { CollectionType } from "../../store.ts";
import type { Snapshot } from "../../types/snapshot.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { pickedBytes } from "./random-picks.ts";

const SLOT_BYTES = 4;

export interface Chosen {
  /** What the copy takes. */
  readonly bytes: number;
  snapshot(): Snapshot;
}

/** Asked in the first turn, and again where that had to wait for room: what is there may have changed by then. */
export type Choose = (workspace: Workspace) => Chosen;

/** Of a copy of so many slots. */
export function slotBytes(count: number): number {
  return SLOT_BYTES * count;
}

/** From one rank on to before another. */
export function chosenBetween(
  { collections }: Workspace,
  key: Key,
  type: CollectionType,
  from = 0,
  to = Infinity,
): Chosen {
  const count = Math.min(to, collections.count(key, type)) - from;
  return { bytes: slotBytes(Math.max(0, count)), snapshot: () => collections.snapshot(key, type, from, to) };
}

export function choosesAll(key: Key, type: CollectionType): Choose {
  return (workspace) => chosenBetween(workspace, key, type);
}

/** So many by chance, each one at most once. */
export function choosesPicked(key: Key, type: CollectionType, wanted: number): Choose {
  return ({ collections, random }) => {
    const size = collections.count(key, type);
    const count = Math.min(size, wanted);
    return { bytes: pickedBytes(size, count), snapshot: () => collections.picked(key, type, count, random) };
  };
}
