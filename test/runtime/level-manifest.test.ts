/** Manifests as LevelDB itself writes them. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeTablesInUse, readTablesInUse } from "../../src/runtime/level-manifest.ts";

let location: string;
let manifest: Uint8Array;

beforeAll(async () => {
  location = mkdtempSync(join(tmpdir(), "atoll-manifest-"));
  // Tables come and go by compaction; the manifest has the first and the last key of each.
  const database = new Level(location, { writeBufferSize: 64 * 1024, compression: false });
  await database.open();
  for (let i = 0; i < 4000; i++) await database.put(`key ${(i * 7919) % 1000}`.padEnd(1000, "."), "v");
  await (database as unknown as { compactRange(start: string, end: string): Promise<void> }).compactRange("a", "z");
  await database.close();
  manifest = readFileSync(join(location, manifestName()));
});
afterAll(() => rmSync(location, { recursive: true, force: true }));

const manifestName = () => readFileSync(join(location, "CURRENT"), "latin1").trimEnd();

function tablesThere(): number[] {
  const names = readdirSync(location).filter((name) => name.endsWith(".ldb"));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

const sorted = (numbers: Iterable<number> | undefined) => [...(numbers ?? [])].sort((a, b) => a - b);

describe("the manifest of a LevelDB", () => {
  it("names the tables that are there, and none that was deleted", async () => {
    expect(tablesThere().length).toBeGreaterThan(0);
    expect(Math.max(...tablesThere())).toBeGreaterThan(tablesThere().length + 20);
    expect(sorted(await readTablesInUse(location))).toEqual(tablesThere());
  });

  it("does not name a table that was left half written", async () => {
    writeFileSync(join(location, "999999.ldb"), "half");
    expect(await readTablesInUse(location)).not.toContain(999999);
    rmSync(join(location, "999999.ldb"));
  });

  it("is read over the ends of its blocks", () => {
    expect(manifest.length).toBeGreaterThan(2 * 32 * 1024);
  });

  it("is read up to where the power went", () => {
    for (let end = manifest.length - 1; end > 0; end -= 97) {
      expect(decodeTablesInUse(manifest.subarray(0, end)), `cut at ${end}`).toBeDefined();
    }
    expect(sorted(decodeTablesInUse(manifest.subarray(0, manifest.length - 1)))).not.toEqual(tablesThere());
  });

  it("is not believed where a byte is wrong, but for one that makes its end look cut off", () => {
    const whole = sorted(decodeTablesInUse(manifest));
    for (let at = 0; at < manifest.length; at += 101) {
      const damaged = Uint8Array.from(manifest);
      damaged[at] = (damaged[at] as number) ^ 0x10;
      const read = decodeTablesInUse(damaged);
      if (read !== undefined) expect(sorted(read), `byte ${at}`).not.toEqual(whole);
    }
  });

  it("is nothing where CURRENT names no manifest", async () => {
    for (const name of ["", "MANIFEST-1", "../MANIFEST-000001\n", "MANIFEST-999999\n"]) {
      const folder = mkdtempSync(join(tmpdir(), "atoll-manifest-"));
      writeFileSync(join(folder, "CURRENT"), name);
      expect(await readTablesInUse(folder)).toBeUndefined();
      rmSync(folder, { recursive: true });
    }
  });
});
