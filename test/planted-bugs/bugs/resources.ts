/** Bugs that harm nobody at once: what is never let go of, and what grows with every restart. */

import type { PlantedBug } from "../planted-bug.ts";

export const RESOURCE_BUGS: readonly PlantedBug[] = [
  {
    name: "lives-never-sealed",
    rule: "-",
    broken: "ended lives are never sealed, so vectors grow with every start",
    patches: [
      {
        file: "cluster/sealing.ts",
        find: "for (const { replica, life } of seal) shard.seal(replica, life);",
        replace: "void seal;",
      },
    ],
    scenario: "drill-restarts-in-a-row",
    seedsMax: 8,
    checkers: ["vectors"],
  },
  {
    name: "sealed-entries-kept",
    rule: "-",
    broken: "a seal leaves the entries of the lives that it speaks for where they are",
    patches: [
      {
        file: "core/version-vector.ts",
        find: "    this.#sequences = this.#sequences.filter((_, i) => !this.isSealed(this.#origins[i] as OriginId));\n",
        replace: "",
      },
    ],
    scenario: "drill-restarts-in-a-row",
    seedsMax: 8,
    checkers: ["vectors", "convergence"],
  },
  {
    name: "changes-kept-without-bound",
    rule: "-",
    broken: "changes for watchers that may come back are bounded in number, and not in bytes",
    patches: [
      {
        file: "replica/changes.ts",
        find: "if (this.#kept.length > CHANGES_MAX || this.#bytes > CHANGES_BYTES_MAX) this.#shrink();",
        replace: "if (this.#kept.length > CHANGES_MAX) this.#shrink();",
      },
    ],
    scenario: "drill-long-history",
    seedsMax: 8,
    checkers: ["bounds"],
  },
  {
    name: "push-without-bound",
    rule: "-",
    broken: "a push is never sent on before the next write would not fit, however many there are at once",
    patches: [
      {
        file: "cluster/replication.ts",
        find: "    if (writer.length + length > PUSH_BYTES_MAX) this.#flush(buffer);\n",
        replace: "",
      },
    ],
    scenario: "drill-long-history",
    seedsMax: 4,
    checkers: ["bounds"],
  },
  {
    name: "delta-ignores-credit",
    rule: "-",
    broken: "a delta is sent as fast as it can be read, whatever credit its receiver gave",
    patches: [
      {
        file: "cluster/serving.ts",
        find: "while (puller.credit > 0 && queuedBytes < QUEUE_BYTES_MAX) {",
        replace: "while (queuedBytes < QUEUE_BYTES_MAX) {",
      },
    ],
    scenario: "drill-long-delta",
    seedsMax: 10,
    checkers: ["bounds"],
  },
  {
    name: "tombstones-never-purged",
    rule: "-",
    broken: "no round of purging ever begins, so tombstones gather for ever",
    patches: [
      {
        file: "cluster/purging.ts",
        find: "    if (this.#shardsLeft > 0) return;\n",
        replace: "    if (this.#shardsLeft >= 0) return;\n",
      },
    ],
    scenario: "drill-listings",
    seedsMax: 4,
    checkers: ["bounds"],
  },
];
