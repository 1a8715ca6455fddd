/** Bugs in how replicas find out what they lack, and fetch it. */

import type { PlantedBug } from "../planted-bug.ts";

export const REPAIR_BUGS: readonly PlantedBug[] = [
  {
    name: "push-over-a-gap-claims",
    rule: "R3",
    broken: "a push claims its dot also where one before it is missing",
    patches: [
      {
        file: "core/shard.ts",
        find: "if (sequence === this.vector.get(origin) + 1) {",
        replace: "if (sequence > this.vector.get(origin)) {",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 10,
    checkers: ["audit", "convergence", "acknowledged"],
  },
  {
    name: "anti-entropy-skips-a-shard",
    rule: "-",
    broken: "a comparison begins with the second shard",
    patches: [
      {
        file: "cluster/anti-entropy.ts",
        find: "    for (const shard of this.#around.shards) {\n      const row = message.rows[shard.id];",
        replace: "    for (const shard of this.#around.shards.slice(1)) {\n      const row = message.rows[shard.id];",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 20,
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
    seedsMax: 20,
    checkers: ["convergence"],
  },
  {
    name: "lack-puts-off-its-cure",
    rule: "-",
    broken: "each word of what is missing begins its waiting anew",
    patches: [
      {
        file: "cluster/pulls.ts",
        find: "if (!lacks.has(peer)) lacks.set(peer, { vector, dueAt: now + this.#limits.settleMs });",
        replace: "lacks.set(peer, { vector, dueAt: now + this.#limits.settleMs });",
      },
    ],
    scenario: "drill-lost-push",
    seedsMax: 20,
    checkers: ["convergence"],
  },
  {
    name: "closed-without-agreement",
    rule: "sealing",
    broken: "an ended life is closed where it was seen, whatever the others hold of it",
    patches: [
      {
        file: "cluster/sealing.ts",
        find: "const isAgreed = view.owners.every((owner) => isSameEnd(view.own, owner, origin));",
        replace: "const isAgreed = true;",
      },
    ],
    scenario: "drill-crash-after-push",
    seedsMax: 20,
    checkers: ["audit", "convergence"],
  },
  {
    name: "sealed-before-on-disk",
    rule: "sealing",
    broken: "a life is sealed when all hold it in memory",
    patches: [
      {
        file: "cluster/sealing.ts",
        find: "[view.own, ...view.owners].every((owner) => owner.durable.covers(origin, view.own.vector.get(origin)));",
        replace:
          "[view.own, ...view.owners].every((owner) => owner.vector.covers(origin, view.own.vector.get(origin)));",
      },
    ],
    scenario: "crash-restart",
    seedsMax: 20,
    checkers: ["audit", "convergence"],
  },
  {
    name: "sealed-unknowing-of-lives",
    rule: "sealing",
    broken: "reports of owners that do not know yet that the life has ended count for its end",
    patches: [
      {
        file: "cluster/sealing.ts",
        find: "return report?.early !== undefined && report.lives === lives ?",
        replace: "return report?.early !== undefined && lives !== -1 ?",
      },
    ],
    scenario: "drill-ghost-push",
    seedsMax: 20,
    checkers: ["audit", "convergence", "acknowledged"],
  },
  {
    name: "purge-without-silent-owners",
    rule: "R6, first half",
    broken: "an owner that has not reported yet is not waited for",
    patches: [
      {
        file: "cluster/purging.ts",
        find: "if (report === undefined) return undefined;",
        replace: "if (report === undefined) continue;",
      },
    ],
    scenario: "drill-crash-before-sync",
    seedsMax: 20,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "return-ignores-retention",
    rule: "-",
    broken: "a replica that was away for longer than the retention goes on with what it held",
    patches: [
      {
        file: "cluster/membership.ts",
        find: "      if (isGivenUp(member)) this.#sendQuarantine(member);\n",
        replace: "      if (isGivenUp(member)) this.#members.forgive();\n",
      },
    ],
    scenario: "drill-away-too-long",
    seedsMax: 10,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "ack-quorum-one-too-few",
    rule: "-",
    broken: "half of the replicas count as a majority",
    patches: [{ file: "replica/acks.ts", find: "Math.floor(all / 2) + 1;", replace: "Math.floor(all / 2);" }],
    scenario: "drill-conflict",
    seedsMax: 10,
    checkers: ["acknowledged"],
  },
  {
    name: "confirmations-outlive-their-life",
    rule: "-",
    broken: "what a member confirmed in memory counts on after it crashed and began a new life",
    patches: [{ file: "replica/replica.ts", find: "    this.#confirmedById.delete(id);\n", replace: "" }],
    scenario: "crash-restart",
    seedsMax: 20,
    checkers: ["acknowledged"],
  },
];
