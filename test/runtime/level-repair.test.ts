import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LevelStorage } from "../../src/runtime/level-storage.ts";

const KEY = Uint8Array.of(1);

describe("a LevelDB that was repaired", () => {
  let data: string;
  let storage: LevelStorage;

  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), "atoll-repair-"));
    storage = new LevelStorage({ folder: data, log: () => undefined });
  });
  afterEach(async () => {
    await storage.close();
    rmSync(data, { recursive: true, force: true });
  });

  const tables = () =>
    readdirSync(join(data, "db"))
      .filter((name) => name.endsWith(".ldb"))
      .sort();

  it("answers the latest value of a key, whichever of its tables has the greater number", async () => {
    for (const value of [1, 2]) {
      await storage.open();
      await storage.write([{ type: "put", key: KEY, value: Uint8Array.of(value) }]);
      // The next open writes the log out into a table.
      await storage.close();
    }
    await storage.open();
    await storage.close();
    // As a compaction leaves them that rewrites what is older: the repair puts all tables into one level.
    const [first = "", second = ""] = tables();
    expect(tables()).toHaveLength(2);
    const path = (name: string) => join(data, "db", name);
    renameSync(path(first), path("other"));
    renameSync(path(second), path(first));
    renameSync(path("other"), path(second));
    rmSync(path("CURRENT"));
    expect((await storage.open()).type).toBe("repaired");
    expect([...((await storage.read(KEY)) ?? [])]).toEqual([2]);
  });
});
