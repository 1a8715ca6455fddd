/** R1 to R8 of ARCHITECTURE.md, each broken alone, R4 and R6 in both halves. */

import type { PlantedBug } from "../planted-bug.ts";

export const RULE_BUGS: readonly PlantedBug[] = [
  {
    name: "claim-with-first-chunk",
    rule: "R1",
    broken: "every chunk of a delta bears its claim, so the vector moves before the last register came",
    patches: [
      {
        file: "cluster/serving.ts",
        find: "const claim = isLast ? delta.claim : undefined;",
        replace: "const claim = delta.claim;",
      },
    ],
    scenario: "drill-long-delta",
    seedsMax: 10,
    checkers: ["audit", "convergence", "acknowledged"],
  },
  {
    name: "overwritten-slot-skipped",
    rule: "R2",
    broken: "a register that was overwritten since the delta began is left out, as it is not in the claim",
    patches: [
      {
        file: "core/shard/delta.ts",
        find: "      const length = recordLength(view, at);\n",
        replace:
          "      const length = recordLength(view, at);\n      if (!this.claim.covers(originAt(view, at), sequenceAt(view, at))) continue;\n",
      },
      {
        file: "core/shard/delta.ts",
        find: 'import { recordLength } from "../record/record.ts";',
        replace: 'import { originAt, recordLength, sequenceAt } from "../record/record.ts";',
      },
    ],
    scenario: "drill-overwritten-delta",
    seedsMax: 16,
    checkers: ["audit", "convergence"],
  },
  {
    name: "overwritten-write-not-pushed",
    rule: "R3",
    broken: "a push leaves out what was overwritten since it was queued, and whoever gets it takes that for seen",
    patches: [
      {
        file: "cluster/replication.ts",
        find: "      const frame = writer.take();\n",
        replace: `      const all = writer.take();
      const records = { bytes: all, view: new DataView(all.buffer), start: PUSH_HEADER_BYTES, end: all.length };
      const kept = new ByteWriter(PUSH_BYTES_MAX);
      kept.reserve(PUSH_HEADER_BYTES);
      forEachRecord(records, this.#around.shards.in(buffer.space), this.#options.limits, (shard, view, bytes, at, length) => {
        const slot = shard.table.find(view, at);
        if (slot === 0 || sequenceAt(shard.table.viewOf(slot), shard.table.offsetOf(slot)) !== sequenceAt(view, at)) return;
        kept.raw(bytes.subarray(at, at + length));
      });
      const frame = kept.copy();
`,
      },
      {
        file: "cluster/replication.ts",
        find: "originAt, recordLength } from",
        replace: "originAt, recordLength, sequenceAt } from",
      },
      {
        file: "core/shard/arrivals.ts",
        find: "if (sequence === vector.get(origin) + 1) {",
        replace: "if (sequence > vector.get(origin)) {",
      },
    ],
    scenario: "drill-overwritten-before-push",
    seedsMax: 20,
    checkers: ["audit", "convergence", "acknowledged"],
  },
  {
    name: "restart-continues-its-life",
    rule: "R4, first half",
    broken: "a replica that starts goes on with the life and the sequences that its disk knows of",
    patches: [
      {
        file: "replica/start-up.ts",
        find: "life: life + 1 + leap(random, life),",
        replace: "life: Math.max(1, life),",
      },
      {
        file: "replica/lives.ts",
        find: "if (replicaOf(origin) === this.#host.number) this.present = Math.max(this.present, lifeOf(origin) + 1);",
        replace: "if (replicaOf(origin) === this.#host.number) this.present = Math.max(this.present, lifeOf(origin));",
      },
      { file: "replica/lives.ts", find: "Math.max(1, random.uint32())", replace: "1 + 0 * random.uint32()" },
      {
        file: "core/shard/author.ts",
        find: 'assert(this.#holdings.vector.get(origin) === 0, "a life begins at sequence 0");\n    this.#origin = origin;\n    this.#sequence = 0;',
        replace: "this.#origin = origin;\n    this.#sequence = this.#holdings.vector.get(origin);",
      },
    ],
    scenario: "drill-crash-after-push",
    seedsMax: 10,
    checkers: ["convergence", "acknowledged", "audit"],
  },
  {
    name: "life-not-durable-before-its-writes",
    rule: "R4, first half",
    broken: "writes of a new life leave before the life is on disk",
    patches: [
      { file: "replica/start-up.ts", find: "if (!ephemeral) await writeFirst(replica, storage);", replace: "" },
      {
        file: "replica/lives.ts",
        find: "this.isDurable = start.ephemeral;",
        replace: "this.isDurable = true;",
      },
      {
        file: "cluster/own-lives.ts",
        find: "const isOtherBirth = facts.birth !== 0 && facts.birth !== host.birth;",
        replace: "const isOtherBirth = false;",
      },
      {
        file: "cluster/lineage.ts",
        find: "return lineage.some((each) => each.life === life && each.birth === birth);",
        replace: "return lineage.some((each) => each.life === life && birth > 0);",
      },
      // As if by chance: two lives seldom get one number.
      {
        file: "core/origin.ts",
        find: "return random.uint32() % (longest + 1);",
        replace: "return random.uint32() % 1;",
      },
    ],
    scenario: "drill-short-lives",
    seedsMax: 8,
    checkers: ["convergence", "acknowledged", "audit"],
  },
  {
    name: "dead-life-pushed",
    rule: "R4, second half",
    broken: "pushed registers of a life that has ended are taken in",
    patches: [
      {
        file: "cluster/replication.ts",
        find: "if (originAt(view, at) !== present) {",
        replace: "if (originAt(view, at) < 0) {",
      },
    ],
    scenario: "drill-ghost-push",
    seedsMax: 12,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "obsolete-applied",
    rule: "R5",
    broken: "a register whose dot is covered, and which is not held, is applied all the same",
    patches: [{ file: "core/shard/arrivals.ts", find: "if (covered) return OBSOLETE;", replace: "" }],
    scenario: "drill-late-duplicate",
    seedsMax: 10,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "purge-before-all-have-it",
    rule: "R6, first half",
    broken: "a tombstone is purged as soon as this replica covers it, whatever the others reported",
    patches: [
      {
        file: "cluster/stability.ts",
        find: "for (const owner of view.owners) if (!owner.covers(origin, sequence)) return false;",
        replace: "",
      },
    ],
    scenario: "drill-write-after-purge",
    seedsMax: 12,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "purge-before-older-writes-came",
    rule: "R6, second half",
    broken: "a tombstone is purged while this replica does not cover all that the reports cover",
    patches: [
      {
        file: "cluster/stability.ts",
        find: "for (const owner of view.news) if (!view.own.dominates(owner)) return undefined;",
        replace: "",
      },
    ],
    scenario: "drill-late-older-write",
    seedsMax: 16,
    checkers: ["acknowledged", "audit", "convergence"],
  },
  {
    name: "reports-memory-as-disk",
    rule: "R7",
    broken: "what is in memory is reported as being on disk",
    patches: [
      {
        file: "replica/disk-standing.ts",
        find: "return isEphemeral ? (shards.get(shard) as Shard).vector.snapshot() : persistence.durableOf(shard);",
        replace: "return (shards.get(shard) as Shard).vector.snapshot();",
      },
    ],
    scenario: "drill-crash-before-sync",
    seedsMax: 12,
    checkers: ["audit", "acknowledged"],
  },
  {
    name: "write-below-what-is-held",
    rule: "R8",
    broken: "a local write takes the clock, even where what it overwrites has a greater stamp",
    patches: [
      {
        file: "core/shard/author.ts",
        find: "return Math.max(held, graves.marks",
        replace: "return Math.max(0, graves.marks",
      },
    ],
    scenario: "drill-fast-clock",
    seedsMax: 10,
    checkers: ["local-order", "convergence"],
  },
  {
    name: "write-below-what-was-purged",
    rule: "R8",
    broken: "a purge leaves no mark, so a later write may be stamped below the tombstone that others hold",
    patches: [{ file: "core/shard/graves.ts", find: "    this.#markPurged(view, at);\n", replace: "" }],
    scenario: "drill-write-after-purge",
    seedsMax: 16,
    checkers: ["audit", "convergence", "acknowledged"],
  },
];
