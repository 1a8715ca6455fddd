import { expect, it } from "vitest";
import { temporaryFolder } from "../end-to-end/replica-process.ts";
import { runBudget } from "./budget-run.ts";
import type { Habits } from "./client.ts";

const MIB = 1024 ** 2;
const MEMORY_BYTES = 256 * MIB;

const habits: Habits = {
  valueBytesMin: 10,
  valueBytesMax: MIB / 2,
  longBytes: 16 * MIB,
  longShare: 1 / 150,
  ttlMs: [1000, 5000],
};

/** `npm run bench -- --only budget` has the whole of it. */
it("a replica with 256 MB is written more and killed in the middle: it stays within its bound and loses nothing", async () => {
  const { failures, samples, keysThere, keysGone, reads } = await runBudget({
    seed: "memory-budget",
    program: new URL("../end-to-end/replica-child.ts", import.meta.url),
    data: temporaryFolder(),
    memoryBytes: MEMORY_BYTES,
    bytes: 1.1 * MEMORY_BYTES,
    clients: 8,
    habits,
  });
  expect(failures).toEqual([]);
  expect([keysThere > 500, keysGone > 100, reads > 1000]).toEqual([true, true, true]);
  expect(Math.max(...samples.map(({ ownBytes }) => ownBytes)) / MEMORY_BYTES).toBeLessThanOrEqual(1.15);
}, 300_000);
