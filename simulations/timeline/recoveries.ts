/**
 * How long it takes after a heal until what was known at that moment is known everywhere: until every replica claims
 * each dot that any of those who can talk again claimed then. Writes go on meanwhile, so the replicas need never be equal for it.
 */

import type { ShardId } from "../../src/base/ids.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import type { Replica } from "../../src/replica/replica.ts";
import type { Recovery } from "./timeline.ts";

/** Of a run that does nothing but flap, the first ones. */
const RECOVERIES_MAX = 1000;

interface Missing {
  readonly node: number;
  readonly shard: ShardId;
}

interface Pending {
  readonly recovery: Omit<Recovery, "caughtUpAfterMs">;
  /** By shard: everything that was claimed anywhere. */
  readonly goal: ReadonlyMap<ShardId, VersionVector>;
  missing: readonly Missing[];
}

export class Recoveries {
  readonly #ended: Recovery[] = [];
  #pending: Pending[] = [];

  get isWaiting(): boolean {
    return this.#pending.length > 0;
  }

  /** Something has healed: from now on its nodes should hear of everything that any of `informants` knows. */
  begin(
    recovery: Omit<Recovery, "caughtUpAfterMs">,
    informants: readonly number[],
    replicas: readonly (Replica | undefined)[],
  ): void {
    if (this.#ended.length + this.#pending.length >= RECOVERIES_MAX) return;
    const goal = unionOf(informants.map((node) => replicas[node]));
    const missing = recovery.nodes.flatMap((node) => [...goal.keys()].map((shard) => ({ node, shard })));
    this.#pending.push({ recovery, goal, missing });
    this.look(recovery.at, replicas);
  }

  /** Ends what has come to its end. A node that is down has what it lacks still to fetch. */
  look(now: number, replicas: readonly (Replica | undefined)[]): void {
    for (const pending of this.#pending) {
      pending.missing = pending.missing.filter(({ node, shard }) => {
        const goal = pending.goal.get(shard);
        return goal !== undefined && replicas[node]?.shards.get(shard)?.vector.dominates(goal) !== true;
      });
      if (pending.missing.length > 0) continue;
      this.#ended.push({ ...pending.recovery, caughtUpAfterMs: now - pending.recovery.at });
    }
    this.#pending = this.#pending.filter(({ missing }) => missing.length > 0);
  }

  inOrder(): Recovery[] {
    const open = this.#pending.map(({ recovery }) => ({ ...recovery, caughtUpAfterMs: undefined }));
    return [...this.#ended, ...open].sort((a, b) => a.at - b.at);
  }
}

function unionOf(replicas: readonly (Replica | undefined)[]): Map<ShardId, VersionVector> {
  const union = new Map<ShardId, VersionVector>();
  for (const replica of replicas) {
    for (const shard of replica?.shards ?? []) {
      const vector = union.get(shard.id) ?? new VersionVector();
      vector.merge(shard.vector);
      union.set(shard.id, vector);
    }
  }
  return union;
}
