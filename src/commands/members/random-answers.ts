/** Members by chance, where these are many: in turns. */

import type { Key } from "../../base/ids.ts";
import { PackedItems } from "../../base/packed-items.ts";
import type { CollectionType } from "../../store.ts";
import { type Steps, turnOf } from "../rows/steps.ts";
import type { Turn } from "../rows/turns.ts";
import type { Workspace } from "../workspace/workspace.ts";
import { choosesPicked } from "./chosen-members.ts";
import { type LongAnswer, MANY_MEMBERS, readInTurns } from "./long-reads.ts";
import { gathering } from "./long-writes.ts";

export interface Drawn {
  readonly key: Key;
  readonly type: CollectionType;
  /** Different ones; negative: as many as that, however few there are. */
  readonly wanted: number;
}

/** Undefined: they are not many. */
export function drawnInTurns(workspace: Workspace, { key, type, wanted }: Drawn, answer: LongAnswer): Turn | undefined {
  const size = workspace.collections.count(key, type);
  const count = wanted < 0 && size > 0 ? -wanted : Math.min(size, wanted);
  if (count < MANY_MEMBERS) return undefined;
  return wanted < 0
    ? turnOf(drawing(workspace, { key, type, wanted: count }, answer))
    : readInTurns(choosesPicked(key, type, wanted), answer);
}

/** Each of those that are there in its turn. Where none is any more, the answer ends there. */
function* drawing(workspace: Workspace, { key, type, wanted }: Drawn, { form, shown }: LongAnswer): Steps {
  const packed = new PackedItems();
  const itemsEach = shown === "name" ? 1 : 2;
  for (let left = wanted; left > 0; left = wanted - packed.count / itemsEach) {
    const { count } = packed;
    yield* gathering(workspace, workspace.collections.drawn(key, type, left, workspace.random), shown, packed);
    if (packed.count === count) break;
  }
  return { type: "packed", form, packed };
}
