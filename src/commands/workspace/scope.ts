/** Where the keys of commands are, in a keyspace that this replica may keep in part; absent: anywhere in it. */

import type { Shard } from "../../core/shard/shard.ts";

export type Scope = ReadonlySet<Shard> | undefined;

/** By their numbers; undefined: one that is not to be looked at. */
export function shardsWithin(all: readonly Shard[], scope: Scope): readonly (Shard | undefined)[] {
  return scope === undefined ? all : all.map((shard) => (scope.has(shard) ? shard : undefined));
}
