/** What a replica's clock guard goes by at one instant. */

import type { ReplicaId } from "../../src/base/ids.ts";
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

/** Finds the nodes of the replicas of a world. */
export class NodeIndex {
  readonly #nodes: readonly SimulatedNode[];
  readonly #byReplica = new Map<ReplicaId, number | undefined>();

  constructor(nodes: readonly SimulatedNode[]) {
    this.#nodes = nodes;
  }

  of(replica: ReplicaId): number | undefined {
    if (!this.#byReplica.has(replica)) {
      this.#byReplica.set(replica, this.#nodes.find(({ identity }) => isOf(identity.id, replica))?.index);
    }
    return this.#byReplica.get(replica);
  }
}

/** The replica is one of the nodes. */
export function votesOf({ time, members, antiEntropy }: Replica, nodes: NodeIndex): ClockVotes {
  const rounds = new Map<number, ClockSample>();
  for (const { id } of members.all()) {
    const round = antiEntropy.roundOf(id);
    const index = round === undefined ? undefined : nodes.of(id);
    if (round !== undefined && index !== undefined && time.guard.sampleOf(id) !== undefined) rounds.set(index, round);
  }
  return { correctionMs: time.guard.correctionMs, members: members.owners().length + 1, rounds };
}

/** Without a disk each start is another replica, under the name of its node and something of its own. */
function isOf(node: string, replica: string): boolean {
  return replica === node || replica.startsWith(`${node}-`);
}
