/**
 * What Riak's kv679 is about: actors that are used again after a loss (basho/riak_test, `tests/kv679_*.erl`), in its six
 * scenarios. Several mechanisms stand in the way here: each bug breaks all that would hide it.
 */

import type { PlantedBug } from "../planted-bug.ts";

export const ACTOR_BUGS: readonly PlantedBug[] = [
  {
    name: "kv679-tombstone",
    rule: "kv679 (4) tombstone",
    broken: "the marks of what was purged are not kept on disk",
    patches: [
      {
        file: "core/shard-head.ts",
        find: "encodePurgeMarks(writer, shard.purgeMarks);",
        replace: "encodePurgeMarks(writer, undefined);",
      },
    ],
    scenario: "drill-write-after-purge",
    seedsMax: 45,
    checkers: ["convergence", "acknowledged", "audit"],
  },
];
