/** Bugs in who loses what where keyspaces have shares of the memory: the rules H1 and H2 of `core/shard/memory-shares.ts`. */

import type { PlantedBug } from "../planted-bug.ts";

export const SHARE_BUGS: readonly PlantedBug[] = [
  {
    name: "shares-of-nobody",
    rule: "H1",
    broken: "what is above a share is reckoned as if all shares were equal",
    patches: [
      {
        file: "core/shard/memory-shares.ts",
        find: "excessBytes: bytes - pool.share * mayStay",
        replace: "excessBytes: bytes - mayStay / pools.length",
      },
    ],
    scenario: "shares",
    seedsMax: 20,
    checkers: ["shares"],
  },
  {
    name: "furthest-below-loses-first",
    rule: "H1",
    broken: "who is furthest below what it may count on loses first",
    patches: [
      {
        file: "core/shard/memory-shares.ts",
        find: "return standings.sort((a, b) => b.excessBytes - a.excessBytes);",
        replace: "return standings.map((each) => ({ ...each, excessBytes: -each.excessBytes }));",
      },
    ],
    scenario: "shares",
    seedsMax: 20,
    checkers: ["shares"],
  },
  {
    name: "common-pool-counts-on-all",
    rule: "H1",
    broken: "keyspaces without a share count on all there is, those with a share included",
    patches: [
      {
        file: "core/shard/memory-shares.ts",
        find: "    this.#common.share = 1 - sum / most;\n",
        replace: "    this.#common.share = 1;\n",
      },
    ],
    scenario: "shares",
    seedsMax: 20,
    checkers: ["shares"],
  },
  {
    name: "share-stays-as-it-was",
    rule: "H1",
    broken: "a keyspace that comes by a share is counted with those that have none",
    patches: [
      {
        file: "core/shard/memory-shares.ts",
        find: "} else if (isCommon) this.#move(tenant, new Pool(this.#places, share / most));",
        replace: "} else if (isCommon && share > 1) this.#move(tenant, new Pool(this.#places, share / most));",
      },
    ],
    scenario: "shares",
    seedsMax: 20,
    checkers: ["shares"],
  },
];
