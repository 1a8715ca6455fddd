/** All that a replica holds, on its way from one process to another: as the checkers take it, but for what is no data. */

import type { OriginId } from "../../src/base/ids.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import type { ReplicaDump, ShardDump } from "../../src/replica/inspect.ts";

export interface PlainDump extends Omit<ReplicaDump, "shards"> {
  readonly shards: readonly Omit<ShardDump, "covers">[];
}

export function plainDump(dump: ReplicaDump): PlainDump {
  return { ...dump, shards: dump.shards.map(({ covers: _covers, ...rest }) => rest) };
}

/** With what was taken away made again, out of the text of each vector. */
export function wholeDump(dump: PlainDump): ReplicaDump {
  return {
    ...dump,
    shards: dump.shards.map((shard) => {
      const vector = vectorOf(shard.vector);
      return { ...shard, covers: (origin, sequence) => vector.covers(origin, sequence) };
    }),
  };
}

/** `REPLICA<LIFE` is sealed, `ORIGIN:SEQUENCE` is covered. */
function vectorOf(text: string): VersionVector {
  const vector = new VersionVector();
  for (const entry of text.split(" ").filter((word) => word !== "")) {
    const [name = "", sign, figure] = entry.split(/([<:])/);
    if (sign === "<") vector.seal(Number(name), Number(figure));
    else vector.advance(Number(name) as OriginId, Number(figure));
  }
  return vector;
}
