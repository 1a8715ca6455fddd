import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // Those that run side by side in one file wait for real time, each with processes of its own.
    maxConcurrency: 3,
  },
});
