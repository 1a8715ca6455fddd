import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LevelStorage } from "../../src/runtime/level-storage.ts";
import { contentsOf } from "../ports/storage-law.ts";
import { bundle } from "../support/bundle.ts";
import { applyBatch, lastBatchIn, numberedBatch } from "./numbered-batches.ts";
import { PowerCutDisk, powerCutsWanted, whyNoPowerCuts } from "./power-cut.ts";

const CUTS = powerCutsWanted(5);
const reason = whyNoPowerCuts();

describe.skipIf(reason)(`when the power is cut ${reason ?? ""}`, () => {
  let script: string;
  let disk: PowerCutDisk;
  let writer: Writer | undefined;

  beforeAll(async () => {
    script = await bundle(new URL("./storage-writer.ts", import.meta.url).href);
  });
  beforeEach(async () => {
    disk = await PowerCutDisk.create(64);
  });
  afterEach(async () => {
    writer?.process.kill("SIGKILL");
    await disk.dispose();
  });

  it(`${CUTS} times, every acknowledged write is there and no batch in part`, {
    timeout: 20_000 + CUTS * 5000,
  }, async () => {
    const seed = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
    const replay = `ATOLL_SEED=${seed} ATOLL_POWER_CUTS=${CUTS} npx vitest run test/runtime/power-cut.test.ts`;
    const expected = new Map<string, string>();
    let last = 0;
    for (let cut = 1; cut <= CUTS; cut++) {
      writer = startWriter(script, { folder: join(disk.folder, "data"), seed, first: last + 1, mode: "synced" });
      await writer.acknowledges(last + 1);
      // A moment of no meaning to the writer: waiting for an event of its would cut at the same point each time.
      await new Promise((resolve) => setTimeout(resolve, (seed * cut * 7919) % 600));
      disk = await disk.cut([writer.process]);
      const acknowledged = await writer.lastAcknowledged();

      const storage = new LevelStorage({ folder: join(disk.folder, "data"), log: () => undefined });
      const condition = await storage.open();
      const contents = await contentsOf(storage);
      await storage.close();

      const found = lastBatchIn(contents);
      expect([acknowledged, acknowledged + 1], `cut ${cut}: ${replay}`).toContain(found);
      for (; last < found; last++) applyBatch(expected, numberedBatch(seed, last + 1));
      expect(equal(contents, expected), `cut ${cut}, batch ${found} whole: ${replay}`).toBe(true);
      expect(condition, `cut ${cut}: ${replay}`).toEqual({ type: "clean" });
    }
  });

  it("sees what a writer loses that does not sync, so that the test above means something", async () => {
    writer = startWriter(script, { folder: join(disk.folder, "data"), seed: 1, first: 1, mode: "unsynced" });
    await writer.acknowledges(200);
    disk = await disk.cut([writer.process]);
    const acknowledged = await writer.lastAcknowledged();
    const storage = new LevelStorage({ folder: join(disk.folder, "data"), log: () => undefined });
    await storage.open();
    const found = lastBatchIn(await contentsOf(storage));
    await storage.close();
    expect(found).toBeLessThan(acknowledged);
  });
});

interface Writer {
  readonly process: ChildProcess;
  /** Resolves once batch `number` has been acknowledged. */
  acknowledges(number: number): Promise<void>;
  /** The last acknowledged batch, once the process has ended and all it said has been read. */
  lastAcknowledged(): Promise<number>;
}

function startWriter(
  script: string,
  options: { readonly folder: string; readonly seed: number; readonly first: number; readonly mode: string },
): Writer {
  const args = [script, options.folder, String(options.seed), String(options.first), options.mode];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout);
  const ended = new Promise<void>((resolve) => lines.once("close", resolve));
  let last = options.first - 1;
  let failure: string | undefined;
  let onLine = () => {};
  lines.on("line", (line) => {
    if (/^\d+$/.test(line)) last = Number(line);
    else if (line !== "open") failure = line;
    onLine();
  });
  return {
    process: child,
    acknowledges: (number) =>
      new Promise((resolve, reject) => {
        onLine = () => {
          if (failure !== undefined) reject(new Error(failure));
          else if (last >= number) resolve();
        };
        ended.then(() => reject(new Error(failure ?? "the writer ended")));
        onLine();
      }),
    async lastAcknowledged() {
      await ended;
      return last;
    },
  };
}

function equal(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}
