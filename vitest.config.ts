import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const EXAMPLES = "simulations/examples/*.test.ts";
/**
 * Those that start processes, simulate for long, or look at what their own process takes, stands or has been told: each file
 * has a process of its own.
 */
const ALONE = [
  ...["cli", "demo", "durability", "end-to-end", "memory-budget", "planted-bugs", "processes"].map(
    (area) => `test/${area}/**/*.test.ts`,
  ),
  ...["scenarios", "shrink", "workers"].map((area) => `test/simulations/${area}/**/*.test.ts`),
  "test/simulations/simulate.test.ts",
  "test/documents/type-nesting.test.ts",
  "test/node/memory-budget.test.ts",
  "test/doors/auth.test.ts",
  "test/doors/byte-account.test.ts",
  EXAMPLES,
];

export default defineConfig({
  // The examples import the package as its users do, and are run against the sources.
  resolve: { alias: { "atoll/simulations": fileURLToPath(new URL("./simulations/index.ts", import.meta.url)) } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // Those that run side by side in one file wait for real time, each with processes of its own.
    maxConcurrency: 3,
    projects: [
      { extends: true, test: { name: "alone", include: ALONE } },
      // Modules are read once for many files: half of what most of these take.
      { extends: true, test: { name: "together", include: ["test/**/*.test.ts"], exclude: ALONE, isolate: false } },
    ],
  },
});
