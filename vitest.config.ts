import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // The examples import the package as its users do, and are run against the sources.
  resolve: { alias: { "atoll/simulations": fileURLToPath(new URL("./simulations/index.ts", import.meta.url)) } },
  test: {
    include: ["test/**/*.test.ts", "simulations/examples/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // Those that run side by side in one file wait for real time, each with processes of its own.
    maxConcurrency: 3,
  },
});
