/** What members think of each other: suspicions without an end or an answer, deaths that nobody notices or takes back. */

import type { PlantedBug } from "../planted-bug.ts";

export const MEMBER_BUGS: readonly PlantedBug[] = [
  {
    name: "suspicion-without-refutation",
    rule: "-",
    broken: "a member that hears that it is suspected, or dead, does not raise its incarnation",
    patches: [
      {
        file: "cluster/swim/swim.ts",
        find: "this.incarnation = told.incarnation + 1;",
        replace: "this.incarnation = told.incarnation;",
      },
    ],
    scenario: "drill-long-pause",
    seedsMax: 8,
    checkers: ["membership"],
  },
  {
    name: "incarnation-ignored",
    rule: "-",
    broken: "of what is said of a member the worse counts, whatever its incarnation",
    patches: [
      {
        file: "cluster/swim/standing.ts",
        find: "if (told.incarnation !== known.incarnation) return told.incarnation > known.incarnation;",
        replace: "",
      },
    ],
    scenario: "drill-long-pause",
    seedsMax: 8,
    checkers: ["membership"],
  },
  {
    name: "dead-gossip-dropped",
    rule: "-",
    broken: "nobody takes it that a member is dead, whoever says so",
    patches: [
      {
        file: "cluster/swim/swim.ts",
        find: "const merged = mergeStandings(row.standing, told);",
        replace: 'const merged = told.state === "dead" ? row.standing : mergeStandings(row.standing, told);',
      },
    ],
    scenario: "drill-long-gone",
    seedsMax: 6,
    checkers: ["membership"],
  },
  {
    name: "silence-ignored",
    rule: "-",
    broken: "a member that nobody gets an answer from is not suspected",
    patches: [
      {
        file: "cluster/swim/failure-detector.ts",
        find: "this.#host.unanswered(target);",
        replace: "",
      },
    ],
    scenario: "drill-long-gone",
    seedsMax: 6,
    checkers: ["membership"],
  },
  {
    name: "new-life-stays-dead",
    rule: "-",
    broken: "a member that comes back with another life stays as dead as it was",
    patches: [
      {
        file: "cluster/swim/swim.ts",
        find: "if (known !== undefined && known.standing.life >= life) return;",
        replace: "if (known !== undefined) return;",
      },
    ],
    scenario: "drill-long-gone",
    seedsMax: 6,
    checkers: ["membership"],
  },
  {
    name: "leave-taken-for-a-death",
    rule: "-",
    broken: "that a member says that it goes is not heard: it has to be found out",
    patches: [
      {
        file: "cluster/membership.ts",
        find: "else this.swim.goes(peer);",
        replace: "",
      },
      {
        file: "cluster/membership.ts",
        find: "if (forGood || rumour === undefined) return;",
        replace: "if (rumour !== undefined) return;",
      },
    ],
    scenario: "drill-goes-and-comes",
    seedsMax: 8,
    checkers: ["membership"],
  },
];
