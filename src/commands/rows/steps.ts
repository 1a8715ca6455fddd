/** Commands that take several turns, written as one function with a pause behind each of them. */

import { assert } from "../../base/assert.ts";
import { plainReply, type Reply } from "../../command-reply.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { Turn } from "./turns.ts";

/** What each pause tells: how much of the room of an answer the turn before it has taken. It asks for nothing else to be waited for. */
export type Steps = Generator<number, Reply>;

/** The workspace of a keyspace is the same in every turn. `firstBytes`: what the first turn copies. */
export function turnOf(steps: Steps, firstBytes?: (workspace: Workspace) => number): Turn {
  let takenBytes = 0;
  let isBegun = false;
  return (workspace) => {
    if (!isBegun) workspace.takeRoom(firstBytes?.(workspace) ?? 0);
    // Nothing but that was asked for, and nothing had been begun where it is asked for again.
    isBegun = true;
    // Asked for again where it has to be waited for: the command itself does not begin again.
    workspace.takeRoom(takenBytes);
    takenBytes = 0;
    const step = steps.next();
    if (step.done === true) {
      // As of steps that have ended by throwing: they would go on for ever, doing nothing.
      assert(step.value !== undefined, "a command goes on that has ended");
      return step.value;
    }
    takenBytes = step.value;
    return undefined;
  };
}

/** In one turn. What is to be waited for, which it may be until something is written, has the command begin again (C1). */
export function allAtOnce(workspace: Workspace, steps: Steps): Reply {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return plainReply(step.value);
    workspace.takeRoom(step.value);
  }
}
