/** Commands that take several turns, written as one function with a pause behind each of them. */

import { plainReply, type Reply } from "../command-reply.ts";
import type { Turn } from "./turns.ts";
import type { Workspace } from "./workspace.ts";

/** What each pause tells: how much of the room of an answer the turn before it has taken. It asks for nothing else to be waited for. */
export type Steps = Generator<number, Reply>;

/** The workspace of a keyspace is the same in every turn. */
export function turnOf(steps: Steps): Turn {
  let takenBytes = 0;
  return (workspace) => {
    // Asked for again where it has to be waited for: the command itself does not begin again.
    workspace.takeRoom(takenBytes);
    takenBytes = 0;
    const step = steps.next();
    if (step.done === true) return step.value;
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
