/** Bugs between memory and disk: acknowledgements too early, batches split, failures forgotten. */

import type { PlantedBug } from "../planted-bug.ts";

export const DISK_BUGS: readonly PlantedBug[] = [
  {
    name: "distrusted-shard-by-shard",
    rule: "D6",
    broken: "that nothing of what is on disk is to be trusted reaches it in more than one batch",
    patches: [
      { file: "replica/persistence.ts", find: "    this.#isUnbounded = true;\n", replace: "" },
      // Alone it breaks nothing: what the shards of a run hold would otherwise fit one batch whatever its bound.
      { file: "replica/persistence.ts", find: "const BATCH_BYTES = 1024 * 1024;", replace: "const BATCH_BYTES = 100;" },
    ],
    scenario: "drill-crash-when-begun-anew",
    seedsMax: 40,
    checkers: ["audit", "acknowledged", "resurrection"],
  },
  {
    name: "ack-before-sync",
    rule: "-",
    broken: "what waits for the disk is answered when the disk is handed the batch",
    patches: [
      {
        file: "replica/disk-feed.ts",
        find: "      await this.#options.storage.write(batch.operations);\n",
        replace: "      this.#options.persisted(batch);\n      await this.#options.storage.write(batch.operations);\n",
      },
    ],
    scenario: "drill-power-cut-at-sync",
    seedsMax: 10,
    checkers: ["acknowledged"],
  },
  {
    name: "batch-in-two-writes",
    rule: "-",
    broken: "registers and heads go to the disk in two writes, and a start believes the heads",
    patches: [
      {
        file: "replica/disk-feed.ts",
        find: "      await this.#options.storage.write(batch.operations);\n",
        replace: `      const half = batch.operations.length >> 1;
      if (half > 0) await this.#options.storage.write(batch.operations.slice(half));
      await this.#options.storage.write(batch.operations.slice(0, half));
`,
      },
      {
        file: "replica/persistence.ts",
        find: "return sumOf(headChecksums) === headSum;",
        replace: "return headSum >= 0;",
      },
      {
        file: "replica/loader.ts",
        find: "if (!isSound) this.report",
        replace: "if (!isSound && count < 0) this.report",
      },
    ],
    scenario: "drill-power-cut-of-receiver",
    seedsMax: 12,
    checkers: ["audit", "convergence", "acknowledged"],
  },
  {
    name: "disk-failure-taken-for-success",
    rule: "-",
    broken: "a batch that the disk refused counts as written",
    patches: [
      {
        file: "replica/disk-feed.ts",
        find: "      this.#failed(replica, batch, toAtollError(error));\n      return;\n",
        replace: '      this.#options.log("error", "disk-failed", { reason: toAtollError(error).message });\n',
      },
    ],
    scenario: "drill-full-disk",
    seedsMax: 10,
    checkers: ["acknowledged"],
  },
  {
    name: "failed-batch-not-repeated",
    rule: "-",
    broken: "after a failed write the disk gets what changed since, and never what that write held",
    patches: [{ file: "replica/persistence.ts", find: "    this.#failed = batch;\n", replace: "    void batch;\n" }],
    scenario: "drill-full-disk",
    seedsMax: 14,
    checkers: ["acknowledged"],
  },
  {
    name: "stop-without-flush",
    rule: "-",
    broken: "a replica that is stopped does not wait for its disk to take what is in memory",
    patches: [{ file: "replica/driver.ts", find: "await this.#disk.flush(this.#replica);", replace: "" }],
    scenario: "drill-stop-while-cut",
    seedsMax: 10,
    checkers: ["acknowledged"],
  },
];
