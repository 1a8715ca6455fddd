/**
 * What Riak's kv679 is about: actors that are used again after a loss (basho/riak_test, `tests/kv679_*.erl`), in its six
 * scenarios. Several mechanisms stand in the way here: each bug breaks all that would hide it.
 */

import type { Patch, PlantedBug } from "../planted-bug.ts";

/** Nobody is told that it lives a life that was lived already. */
const NOBODY_TELLS: readonly Patch[] = [
  {
    file: "cluster/own-lives.ts",
    find: "if (facts.life < host.life || this.#isLeaving) return;",
    replace: "if (facts.life >= 0 || this.#isLeaving) return;",
  },
  {
    file: "cluster/own-lives.ts",
    find: "if (this.#isLeaving || isContinued(known, lineage, rootLife)) return;",
    replace: "if (life > 0 || this.#isLeaving || isContinued(known, lineage, rootLife)) return;",
  },
];

const NO_LEAP: Patch = {
  file: "core/origin.ts",
  find: "return random.uint32() % (longest + 1);",
  replace: "return random.uint32() * 0;",
};

export const ACTOR_BUGS: readonly PlantedBug[] = [
  {
    name: "kv679-dataloss",
    rule: "kv679 (1) dataloss",
    broken: "a replica that lost its disk begins with its first life again, and nobody tells it",
    patches: [NO_LEAP, ...NOBODY_TELLS],
    scenario: "drill-lost-disk",
    seedsMax: 12,
    checkers: ["audit", "convergence", "acknowledged", "quorum", "session"],
  },
  {
    name: "kv679-dataloss-fb",
    rule: "kv679 (2) dataloss_fb",
    broken: "a replica that is told that its life was lived already keeps the dots that it gave out in it",
    patches: [
      NO_LEAP,
      {
        file: "replica/doubt.ts",
        find: "if (twice?.includes(life)) writes.push({ ...of, above: 0, isTwice: true });",
        replace: "if (isDoubted) continue;",
      },
      {
        file: "replica/doubt.ts",
        find: 'return standing === "unseen" || isClosed ? "stays under a new dot" : "stays";',
        replace: 'return "stays";',
      },
    ],
    scenario: "drill-lost-disk",
    seedsMax: 30,
    checkers: ["audit", "convergence", "acknowledged", "quorum", "session"],
  },
  {
    name: "kv679-dataloss-fb2",
    rule: "kv679 (3) dataloss_fb2",
    broken: "a replica that lost registers, and not their vector, goes on claiming them",
    patches: [
      {
        file: "replica/start-up.ts",
        find: "const damaged = new Set(isLatest && isWhole ? report.damagedShards : replica.shards);",
        replace: "const damaged = new Set(isLatest && isWhole ? report.damagedShards : []);",
      },
    ],
    scenario: "drill-lost-disk",
    seedsMax: 30,
    checkers: ["audit", "convergence", "acknowledged", "quorum", "session"],
  },
  {
    name: "kv679-tombstone",
    rule: "kv679 (4) tombstone",
    broken: "the marks of what was purged are not kept on disk",
    patches: [
      {
        file: "core/shard/shard-head.ts",
        find: "encodePurgeMarks(writer, shard.graves.marks);",
        replace: "encodePurgeMarks(writer, undefined);",
      },
    ],
    scenario: "drill-write-after-purge",
    seedsMax: 35,
    checkers: ["convergence", "acknowledged", "audit"],
  },
  {
    name: "kv679-tombstone2",
    rule: "kv679 (5) tombstone2",
    broken: "a replica that comes back takes over what others claim, and not the marks of what they purged",
    patches: [
      {
        file: "cluster/serving.ts",
        find: "const marks = isLast ? delta.shard.graves.marks : undefined;",
        replace: "const marks = undefined;",
      },
    ],
    scenario: "drill-newcomer",
    seedsMax: 16,
    checkers: ["convergence", "acknowledged", "audit"],
  },
  {
    name: "kv679-uid",
    rule: "kv679 (6) uid",
    broken: "a replica whose disk is an old copy lives lives of the same numbers again, and nobody tells it",
    patches: [NO_LEAP, ...NOBODY_TELLS],
    scenario: "drill-old-copy",
    seedsMax: 12,
    checkers: ["audit", "convergence", "acknowledged", "quorum", "session"],
  },
];
