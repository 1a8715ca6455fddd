/** Bugs in what tags make stale: the rules T1 to T5 of `core/shard/invalidations.ts`. */

import type { PlantedBug } from "../planted-bug.ts";

export const TAG_BUGS: readonly PlantedBug[] = [
  {
    name: "stale-by-the-first-tag-only",
    rule: "T1",
    broken: "of the tags of a value only the first one is looked up",
    patches: [{ file: "core/shard/invalidations.ts", find: "      from = next;\n", replace: "      from = end;\n" }],
    scenario: "tags",
    seedsMax: 6,
    checkers: ["local-order", "session", "acknowledged", "quorum"],
  },
  {
    name: "invalidation-heeded-where-it-was-made",
    rule: "T1",
    broken: "an invalidation that comes from elsewhere is kept, and makes nothing stale before the next start",
    patches: [
      {
        file: "replica/tidings.ts",
        find: "if (space === SYSTEM_SPACE && isInvalidation(view, at)) invalidations.learn(view, at);",
        replace:
          "if (space === SYSTEM_SPACE && isInvalidation(view, at)) {\n      const isOwn = view.getUint32(at + 19, true) === this.#host.origin % 2 ** 32;\n      if (isOwn) invalidations.learn(view, at);\n    }",
      },
    ],
    scenario: "tags",
    seedsMax: 6,
    checkers: ["session", "acknowledged", "convergence", "quorum"],
  },
  {
    name: "put-below-an-invalidation",
    rule: "T2",
    broken: "what carries an invalidated tag is stamped by the clock, which may be behind the invalidation",
    patches: [
      {
        file: "core/shard/author.ts",
        find: "Math.max(write.above ?? 0, this.#invalidations.newestOf(write.tags), this.#lastAddition(write));",
        replace: "write.tags === undefined ? Math.max(write.above ?? 0, this.#lastAddition(write)) : 0;",
      },
    ],
    scenario: "tags",
    seedsMax: 12,
    checkers: ["local-order", "session"],
  },
  {
    name: "invalidation-below-what-was-seen",
    rule: "T3",
    broken: "an invalidation is stamped by the clock, which may be behind what it is to make stale",
    patches: [{ file: "replica/tag-invalidation.ts", find: "    above: newestSeen,\n", replace: "" }],
    scenario: "tags",
    seedsMax: 12,
    checkers: ["local-order", "session"],
  },
  {
    name: "stale-dies-by-the-clock",
    rule: "T4",
    broken: "what is stale is deleted as of now, and what was put meanwhile on the other side of a cut dies with it",
    patches: [
      {
        file: "replica/local-writes.ts",
        find: "KIND_PLAIN, key: keyIn(shard, slot), isRemoval: true }",
        replace: "KIND_PLAIN, key: keyIn(shard, slot) }",
      },
    ],
    scenario: "tags",
    seedsMax: 30,
    checkers: ["acknowledged", "session", "local-order", "condition"],
  },
];
