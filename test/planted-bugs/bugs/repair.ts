/** Bugs in how replicas find out what they lack, and fetch it. */

import type { PlantedBug } from "../planted-bug.ts";

export const REPAIR_BUGS: readonly PlantedBug[] = [
  {
    name: "push-over-a-gap-claims",
    rule: "-",
    broken: "a push claims its dot also where one before it is missing",
    patches: [
      {
        file: "core/shard/arrivals.ts",
        find: "if (sequence === vector.get(origin) + 1) {",
        replace: "if (sequence > vector.get(origin)) {",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 16,
    checkers: ["audit", "convergence", "acknowledged"],
  },
  {
    name: "anti-entropy-skips-a-shard",
    rule: "-",
    broken: "a comparison begins with the second shard",
    patches: [
      {
        file: "cluster/anti-entropy.ts",
        find: "    for (const row of message.rows) {\n      const shard = this.#around.shards.get(row.shard);",
        replace:
          "    for (const row of message.rows.slice(1)) {\n      const shard = this.#around.shards.get(row.shard);",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 12,
    checkers: ["convergence"],
  },
  {
    name: "pulls-survive-their-link",
    rule: "-",
    broken: "a fetch that was under way when its link went down is waited for, for ever",
    patches: [
      {
        file: "cluster/pulls.ts",
        find: "    for (const session of [...(this.#sourcesByPeer.get(peer)?.sessions ?? [])]) this.#end(session);\n    this.#sourcesByPeer.delete(peer);\n",
        replace: "",
      },
    ],
    scenario: "drill-cut-delta",
    seedsMax: 25,
    checkers: ["convergence"],
  },
  {
    name: "purge-without-silent-owners",
    rule: "R6, first half",
    broken: "an owner that has not reported yet is not waited for",
    patches: [
      {
        file: "cluster/purging.ts",
        find: "if (report === undefined || !(isEverywhere || report.view === ownership.view)) return undefined;",
        replace:
          "if (report === undefined) continue;\n      if (!(isEverywhere || report.view === ownership.view)) return undefined;",
      },
    ],
    scenario: "drill-crash-before-sync",
    seedsMax: 16,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "closed-without-agreement",
    rule: "-",
    broken: "an ended life is closed where it was seen, whatever the others hold of it",
    patches: [
      {
        file: "cluster/sealing.ts",
        find: "const isAgreed = view.owners.every((owner) => isSameEnd(view.own, owner, origin));",
        replace: "const isAgreed = true;",
      },
    ],
    scenario: "drill-split-life",
    seedsMax: 16,
    checkers: ["audit", "convergence"],
  },
  {
    name: "lack-puts-off-its-cure",
    rule: "-",
    broken: "each word of what is missing begins its waiting anew",
    patches: [
      {
        file: "cluster/pulls.ts",
        find: "    if (lacks.has(peer)) return;\n",
        replace: "",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 8,
    checkers: ["convergence"],
  },
  {
    name: "return-ignores-retention",
    rule: "-",
    broken: "a replica that was away for longer than the retention goes on with what it held",
    patches: [
      {
        file: "cluster/deferral.ts",
        find: "    const { givenUpLife } = member;\n",
        replace:
          "    const { givenUpLife } = member;\n    this.#members.forgive();\n    if (givenUpLife > 0) return;\n",
      },
    ],
    scenario: "drill-away-too-long",
    seedsMax: 20,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "sealed-unknowing-of-lives",
    rule: "-",
    broken: "reports of owners that do not know yet that the life has ended count for its end",
    patches: [
      {
        file: "cluster/sealing.ts",
        find: "if (report?.early === undefined || report.lives !== lives) return;",
        replace: "if (report?.early === undefined || lives === -1) return;",
      },
    ],
    scenario: "drill-split-life",
    seedsMax: 32,
    checkers: ["audit", "convergence", "acknowledged"],
  },
];
