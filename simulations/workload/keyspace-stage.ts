/**
 * A stage on which every operation is on one keyspace. Whoever has not heard of it refuses, as the doors do; and whoever
 * writes the history can ask who has what of a key.
 */

import { AtollError, toAtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { spaceOfName } from "../../src/cluster/keyspaces.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { versionAt } from "../../src/replica/register-view.ts";
import type { Store, Version } from "../../src/store.ts";
import type { SimulatedNode } from "../simulator/node.ts";
import type { SimulatedReplica } from "../simulator/replica.ts";
import type { World } from "../simulator/world.ts";
import type { Stage, StageNode } from "./stage.ts";

export const KEYSPACE = "placed";
export const KEYSPACE_SPACE = spaceOfName(KEYSPACE);

export class KeyspaceStage implements Stage {
  readonly nodes: readonly KeyspaceNode[];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.nodes = world.nodes.map((node) => new KeyspaceNode(node));
  }

  get now(): number {
    return this.#world.now;
  }

  get trace(): Stage["trace"] {
    return this.#world.trace;
  }

  set onLifeEnd(told: Stage["onLifeEnd"]) {
    this.#world.onLifeEnd = told;
  }

  at(time: number, act: () => void): void {
    this.#world.at(time, act);
  }

  node(index: number): StageNode {
    return this.nodes[index] ?? new KeyspaceNode(this.#world.node(index));
  }

  keptByAll(keys: readonly Key[]): ReadonlyMap<Key, Version> {
    const kept = new Map<Key, Version>();
    for (const key of keys) {
      const versions = new Set(this.nodes.flatMap((node) => node.keptVersion(key)));
      const [version] = versions;
      if (versions.size === 1 && version !== undefined) kept.set(key, version);
    }
    return kept;
  }

  fail(node: number, error: unknown): void {
    this.#world.fail(node, error);
  }
}

class KeyspaceNode implements StageNode {
  readonly index: number;
  readonly #node: SimulatedNode;

  constructor(node: SimulatedNode) {
    this.index = node.index;
    this.#node = node;
  }

  get life(): StageNode["life"] {
    return this.#node.life;
  }

  get clockTime(): number {
    return this.#node.clockTime;
  }

  get replica(): Store | undefined {
    const { replica } = this.#node;
    return replica === undefined ? undefined : keyspaceAt(replica);
  }

  answersAlone(key: Key): boolean {
    const replica = this.#node.replica?.replica;
    if (replica === undefined || !replica.shards.has(KEYSPACE_SPACE)) return false;
    const shard = replica.shardOfKey(key, KEYSPACE_SPACE);
    return replica.ownership.owns(shard.id) && shard.isReady;
  }

  /** Nothing where it does not own the key; undefined in it where it owns it and has nothing. */
  keptVersion(key: Key): readonly (Version | undefined)[] {
    const replica = this.#node.replica?.replica;
    if (replica === undefined || !replica.shards.has(KEYSPACE_SPACE)) return [];
    const shard = replica.shardOfKey(key, KEYSPACE_SPACE);
    if (!replica.ownership.owns(shard.id)) return [];
    const slot = shard.find(KIND_PLAIN, key);
    if (slot === 0 || !shard.isLive(slot, this.clockTime)) return [undefined];
    return [versionAt(shard.table.viewOf(slot), shard.table.offsetOf(slot))];
  }
}

function keyspaceAt(replica: SimulatedReplica): Store {
  try {
    return (
      replica.keyspace?.(KEYSPACE) ?? refusing(new AtollError("UNKNOWN_KEYSPACE", "there is no keyspace of this name"))
    );
  } catch (error) {
    return refusing(toAtollError(error));
  }
}

/** As the doors do, whatever is asked. */
function refusing(error: AtollError): Store {
  const refuse = () => Promise.reject(error);
  return {
    get: refuse,
    put: refuse,
    delete: refuse,
    invalidate: refuse,
    batch: refuse,
    keys: refuse,
    catchUp: refuse,
    status: refuse,
    watch: () => {
      throw error;
    },
  };
}
