/** What became of a collection with a register of it, for those who watch its key. */

import { isDeletion, isLease, isMember, isMemberIncrements } from "../core/containers/container-part.ts";
import type { Containers } from "../core/containers/containers.ts";
import { baseKindOf } from "../core/record/kind.ts";
import { expiresAt, FLAG_DEAD, FLAG_GONE, flagsAt, kindAt } from "../core/record/record.ts";
import type { CollectionEvent } from "../store.ts";
import { collectionTypeOf } from "../types/collection-type.ts";
import { keyOf, versionAt } from "./register-view.ts";

/** `containers`: what is held where it is; absent where nothing is. Undefined: nothing became of it, or it is of no collection. */
export function collectionChangeAt(
  view: DataView,
  at: number,
  now: number,
  containers: Pick<Containers, "of"> | undefined,
): Omit<CollectionEvent, "resume"> | undefined {
  const collection = collectionTypeOf(baseKindOf(kindAt(view, at)));
  if (collection === undefined) return undefined;
  const common = { type: "collection", key: keyOf(view, at), collection, version: versionAt(view, at) } as const;
  const flags = flagsAt(view, at);
  const isOver = expiresAt(view, at) <= now;
  // What fell because the whole was deleted was told of with that.
  if ((flags & FLAG_GONE) !== 0 && !isOver) return undefined;
  const change = (flags & FLAG_DEAD) !== 0 ? "remove" : isOver ? "expire" : "put";
  const isEmpty = change !== "put" && leftOf(view, at, containers) === 0;
  if (isMemberIncrements(view, at)) return incrementsChange(common, change, isEmpty);
  if (isMember(view, at)) return { ...common, of: "member", change, isEmpty };
  if (isLease(view, at)) return { ...common, of: "whole", change, isEmpty: change === "expire" };
  // One that comes before something new is written where nothing was left deletes nothing that anybody saw.
  const hasFelled = (containers?.of(view, at)?.felled ?? 1) > 0;
  return isDeletion(view, at) && hasFelled ? { ...common, of: "whole", change: "remove", isEmpty } : undefined;
}

/** Increments are removed once the member says what they did: nothing became of it. */
function incrementsChange(
  common: Pick<CollectionEvent, "type" | "key" | "collection" | "version">,
  change: "put" | "remove" | "expire",
  isEmpty: boolean,
): Omit<CollectionEvent, "resume"> | undefined {
  return change === "remove" ? undefined : { ...common, of: "member", change, isEmpty };
}

/** How many members are left, the one that is told of not counted where it is about to fall. */
function leftOf(view: DataView, at: number, containers: Pick<Containers, "of"> | undefined): number {
  const container = containers?.of(view, at);
  if (container === undefined) return 0;
  const isPart = isMember(view, at) || isMemberIncrements(view, at);
  const isHeld = isPart && (flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) === 0;
  return container.members.size - (isHeld ? 1 : 0);
}
