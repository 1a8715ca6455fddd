/** Bugs in how replicas correct a wall clock that a majority contradicts. */

import type { PlantedBug } from "../planted-bug.ts";

export const CLOCK_BUGS: readonly PlantedBug[] = [
  {
    name: "correction-not-applied",
    rule: "-",
    broken: "by how much the clock is wrong is measured and told, and the replica goes by it as it is",
    patches: [
      {
        file: "replica/driver.ts",
        find: "return this.#options.clock.now() + (this.#replica?.time.guard.correctionMs ?? 0);",
        replace: "return this.#options.clock.now();",
      },
    ],
    scenario: "drill-wrong-clocks",
    seedsMax: 6,
    checkers: ["clock"],
  },
  {
    name: "corrected-clocks-compared",
    rule: "-",
    broken: "others are compared with by their corrected clocks: all follow one another, whatever their own ones say",
    patches: [
      {
        file: "cluster/anti-entropy.ts",
        find: "offsetMs: wallClockOf(told) + rttMs / 2 - answeredAt",
        replace: "offsetMs: told.clock + rttMs / 2 - answeredAt",
      },
    ],
    scenario: "drill-wrong-clocks",
    seedsMax: 10,
    checkers: ["clock"],
  },
];
