/** Values that are on disk only: when they go, how they are sent, and how they come back. */

import type { PlantedBug } from "../planted-bug.ts";

export const MEMORY_BUGS: readonly PlantedBug[] = [
  {
    name: "value-goes-while-it-is-written",
    rule: "E1",
    broken: "values leave memory also while a batch is on its way to the disk",
    patches: [
      {
        file: "replica/chores.ts",
        find: "if (!persistence.isUnderWay) residency?.reclaim();",
        replace: "residency?.reclaim();",
      },
    ],
    scenario: "scant-memory",
    seedsMax: 10,
    checkers: ["local-order", "watch", "acknowledged", "convergence", "availability", "audit", "breakdown", "survival"],
  },
  {
    name: "value-goes-before-it-is-written",
    rule: "E1",
    broken: "a value that waits for the disk leaves memory",
    patches: [
      {
        file: "core/shard/away-values.ts",
        find: "return (table.getMark(slot) & (DIRTY | UNCONFIRMED)) !== 0 || this.#shard.isLeaving ? HELD_BACK : FREE_TO_GO;",
        replace: "return (table.getMark(slot) & UNCONFIRMED) !== 0 || this.#shard.isLeaving ? HELD_BACK : FREE_TO_GO;",
      },
    ],
    scenario: "scant-memory",
    seedsMax: 10,
    checkers: ["acknowledged", "convergence", "availability", "breakdown", "survival"],
  },
  {
    name: "delta-leaves-out-what-is-away",
    rule: "R2",
    broken: "a delta leaves out registers whose values are on disk only, and claims them",
    patches: [
      {
        file: "core/shard/delta.ts",
        find: "if (this.shard.isAway(slot)) return;",
        replace: "if (this.shard.isAway(slot)) continue;",
      },
    ],
    scenario: "scant-memory",
    seedsMax: 10,
    checkers: ["convergence", "audit", "levels"],
  },
  {
    name: "takes-back-another-value",
    rule: "V1",
    broken: "what the disk had when it was asked is taken for the value of a register that was written meanwhile",
    patches: [
      {
        file: "core/shard/away-values.ts",
        find: "if (!isSame) return false;\n    table.replace",
        replace: "table.replace",
      },
      {
        file: "replica/recalls.ts",
        find: "if (slot === 0 || !shard.isAway(slot)) return",
        replace: "if (slot === 0) return",
      },
    ],
    scenario: "scant-memory",
    seedsMax: 40,
    checkers: ["acknowledged", "convergence", "session", "local-order", "audit", "breakdown", "resurrection"],
  },
  {
    name: "eviction-by-the-clock",
    rule: "F1",
    broken: "what is evicted is deleted as of now, with whatever was written elsewhere meanwhile",
    patches: [
      {
        file: "replica/local-writes.ts",
        find: "KIND_PLAIN, key: keyIn(shard, slot), isRemoval: true }",
        replace: "KIND_PLAIN, key: keyIn(shard, slot) }",
      },
    ],
    scenario: "scant-disk",
    seedsMax: 10,
    checkers: ["eviction"],
  },
  {
    name: "evicts-too-much",
    rule: "F4",
    broken: "a folder that is near its bound is emptied",
    patches: [{ file: "replica/disk-budget.ts", find: "const AIM_SHARE = 0.75;", replace: "const AIM_SHARE = 0.05;" }],
    scenario: "scant-disk",
    seedsMax: 20,
    checkers: ["eviction"],
  },
  {
    name: "bounded-disk-is-never-rewritten",
    rule: "F4",
    broken: "what was deleted is left on a bounded disk",
    patches: [{ file: "replica/disk-watch.ts", find: "await storage.compact(range);", replace: "" }],
    scenario: "scant-disk",
    seedsMax: 10,
    checkers: ["eviction"],
  },
  {
    name: "lets-go-whatever-the-keeper-says",
    rule: "G1",
    broken: "a replica without a disk asks whether another has a value, and lets go of it whatever the answer",
    patches: [
      {
        file: "replica/ghosts.ts",
        find: "if (has.has(place) && this.#isAsItWas(offer))",
        replace: "if (this.#isAsItWas(offer))",
      },
    ],
    scenario: "scant-disk",
    seedsMax: 100,
    checkers: ["eviction", "acknowledged", "convergence", "local-order"],
  },
  {
    name: "keeps-another-version",
    rule: "G1",
    broken: "whoever is asked for a version says that it has it where it has another one of the key",
    patches: [
      {
        file: "replica/ghosts.ts",
        find: "if (!isVersionIn(shard, slot, version)) return false;\n    if (!isEphemeral)",
        replace: "if (!isEphemeral)",
      },
    ],
    scenario: "scant-disk",
    seedsMax: 100,
    checkers: ["eviction", "acknowledged", "convergence", "local-order"],
  },
];
