/** What a replica's clock guard goes by at one instant. */

import type { ClockSample } from "../../src/cluster/clock-guard.ts";
import type { Replica } from "../../src/replica/replica.ts";
import type { SimulatedNode } from "../simulator/node.ts";

export interface ClockVotes {
  /** By how much the wall clock is corrected, ms. */
  readonly correctionMs: number;
  /** As it counts them, itself included. */
  readonly members: number;
  /** The last round with each node whose clock it counts; another object for each round. */
  readonly rounds: ReadonlyMap<number, ClockSample>;
}

/** Of all nodes of the world, the one of the replica among them. */
export function votesOf({ clockGuard, members, antiEntropy }: Replica, all: readonly SimulatedNode[]): ClockVotes {
  const rounds = new Map<number, ClockSample>();
  for (const { id } of members.all()) {
    const round = antiEntropy.roundOf(id);
    const index = all.find(({ identity }) => isOf(identity.id, id))?.index;
    if (round !== undefined && index !== undefined && clockGuard.sampleOf(id) !== undefined) rounds.set(index, round);
  }
  return { correctionMs: clockGuard.correctionMs, members: members.owners().length + 1, rounds };
}

/** Without a disk each start is another replica, under the name of its node and something of its own. */
function isOf(node: string, replica: string): boolean {
  return replica === node || replica.startsWith(`${node}-`);
}
