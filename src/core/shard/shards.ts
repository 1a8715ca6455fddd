/** The shards of a replica, space by space. A space that is there has all its shards; those that hold nothing cost little. */

import { assert } from "../../base/assert.ts";
import type { ShardId, SpaceId } from "../../base/ids.ts";
import { DEFAULT_SPACE, isForEverybody, numberOf, SYSTEM_SPACE, shardIdOf, spaceOf } from "../../base/shard-id.ts";
import type { Shard } from "./shard.ts";

const NONE: readonly Shard[] = [];

export class Shards {
  /** Shards of each space but the system's, which has one. */
  readonly perSpace: number;
  readonly #create: (id: ShardId) => Shard;
  readonly #bySpace = new Map<SpaceId, readonly Shard[]>();
  /** The default space's: most of what is asked for. */
  #default: readonly Shard[] = NONE;
  #all: readonly Shard[] = NONE;
  #movable: readonly Shard[] = NONE;

  constructor(perSpace: number, create: (id: ShardId) => Shard) {
    this.perSpace = perSpace;
    this.#create = create;
    this.add(DEFAULT_SPACE);
    this.add(SYSTEM_SPACE);
  }

  /** Of all spaces, in the order of their ids. The same list until a space comes. */
  get all(): readonly Shard[] {
    return this.#all;
  }

  get spaces(): Iterable<SpaceId> {
    return this.#bySpace.keys();
  }

  /** Those that some members may own and others not. */
  get movable(): readonly Shard[] {
    return this.#movable;
  }

  has(space: SpaceId): boolean {
    return this.#bySpace.has(space);
  }

  /** Makes room for a space that is not there yet; returns its shards. */
  add(space: SpaceId): readonly Shard[] {
    assert(!this.#bySpace.has(space), "a space is added once");
    const length = space === SYSTEM_SPACE ? 1 : this.perSpace;
    const shards = Array.from({ length }, (_, number) => this.#create(shardIdOf(space, number)));
    this.#bySpace.set(space, shards);
    if (space === DEFAULT_SPACE) this.#default = shards;
    this.#all = [...this.#all, ...shards].sort((a, b) => a.id - b.id);
    this.#movable = this.#all.filter(({ id }) => !isForEverybody(spaceOf(id)));
    return shards;
  }

  get(id: ShardId): Shard | undefined {
    return this.#default[id] ?? this.#bySpace.get(spaceOf(id))?.[numberOf(id)];
  }

  /** Of one space; none where there is no such space. */
  in(space: SpaceId): readonly Shard[] {
    return this.#bySpace.get(space) ?? NONE;
  }

  [Symbol.iterator](): IterableIterator<Shard> {
    return this.#all[Symbol.iterator]();
  }
}
