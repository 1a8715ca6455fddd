/** Makes the operations of sessions: clients that stay with a replica for a while, then go to another one. */

import type { SeededRandom } from "../../src/base/random.ts";
import { exponential } from "../simulator/draws.ts";
import { drawOperation, type WorkloadProfile } from "./generator.ts";
import type { Operation } from "./operation.ts";

export interface SessionsProfile {
  readonly count: number;
  /** Of each. */
  readonly operationsPerSecond: number;
  /** Before each operation. */
  readonly moveChance: number;
}

/** The operations of each session, drawn from a stream of its own. */
export function generateSessions(
  random: SeededRandom,
  profile: WorkloadProfile,
  sessions: SessionsProfile,
  nextId: () => number,
): Operation[] {
  const operations: Operation[] = [];
  const { operationsPerSecond } = sessions;
  for (let session = 0; session < sessions.count; session++) {
    const mine = random.fork(`session ${session}`);
    let node = mine.below(profile.nodes);
    let at = profile.fromMs + exponential(mine, 1000 / operationsPerSecond);
    for (; at < profile.untilMs; at += exponential(mine, 1000 / operationsPerSecond)) {
      if (mine.chance(sessions.moveChance)) node = mine.below(profile.nodes);
      operations.push({ ...drawOperation(mine, profile, nextId(), at), node, session });
    }
  }
  return operations;
}
