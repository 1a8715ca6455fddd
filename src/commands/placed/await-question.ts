/** Asks whoever keeps some keys whether there is something in them, until there is (`await-commands.ts`). */

import type { SpaceId } from "../../base/ids.ts";
import { FROM_CLIENT } from "../../replica/circumstances.ts";
import type { CommandRouter } from "../../replica/command-router.ts";
import { withHold } from "../rows/await-commands.ts";
import { keyOf } from "../words/words.ts";
import { repliedIn } from "./carried-answer.ts";
import type { KeysHere } from "./keys-here.ts";
import { isNothing, type Question } from "./waiting-elsewhere.ts";

export interface QuestionSurroundings {
  readonly router: CommandRouter;
  readonly space: SpaceId;
  readonly here: KeysHere;
}

/** Nobody tells of keys that are here. */
export function questionTo({ router, space, here }: QuestionSurroundings): Question {
  return async (awaited, holdMs) => {
    const commands = [withHold(awaited, holdMs)];
    const shards = here.shardsOf(awaited.slice(1).map((_, i) => keyOf(awaited, i + 1)));
    const body = { ...({ type: "commands", isTransaction: false, watched: [], shards: [] } as const), commands };
    const asked = { body, shards, isReadonly: true, waitMs: holdMs, isHeld: true };
    const carried = await router.carry(space, asked, FROM_CLIENT);
    return carried === undefined || isNothing(repliedIn(carried).reply) ? undefined : carried.from;
  };
}
