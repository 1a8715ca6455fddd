/** Tables as LevelDB itself writes them, damaged in every place. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { checkTable } from "../../src/runtime/level-table.ts";

let folder: string;
const tables: Record<string, Uint8Array> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "atoll-table-"));
  // Values that compress and such that do not; in the first case the index is compressed as well.
  tables.compressed = await tableOf("compressed", (random) => "v".repeat(random.below(200)), true);
  tables.random = await tableOf("random", (random) => `${random.uint32()}`.repeat(3), false);
  tables.small = await tableOf("small", () => "v", false, 1);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The table that LevelDB writes at the second open: everything from its log. */
async function tableOf(
  name: string,
  drawValue: (random: SeededRandom) => string,
  compression: boolean,
  count = 1000,
): Promise<Uint8Array> {
  const random = new SeededRandom(name);
  const location = join(folder, name);
  for (let open = 0; open < 2; open++) {
    const database = new Level(location, { compression });
    await database.open();
    if (open === 0) {
      for (let i = 0; i < count; i++) await database.put(keyOf(i), drawValue(random));
    }
    await database.close();
  }
  const [file] = readdirSync(location).filter((each) => each.endsWith(".ldb"));
  return readFileSync(join(location, String(file)));
}

const keyOf = (i: number) => `a key shared by all, but for its end: ${String(i).padStart(6, "0")}`;

/** Keys that LevelDB finds in a database of this one table. */
async function keysIn(table: Uint8Array): Promise<string[]> {
  const location = join(folder, "repaired");
  rmSync(location, { recursive: true, force: true });
  const database = new Level(location);
  await database.open();
  await database.close();
  for (const name of readdirSync(location)) rmSync(join(location, name));
  writeFileSync(join(location, "000005.ldb"), table);
  await (Level as unknown as { repair(location: string): Promise<void> }).repair(location);
  await database.open();
  const keys = await database.keys().all();
  await database.close();
  return keys;
}

describe("checkTable", () => {
  it.each(["compressed", "random", "small"])("finds nothing in a sound table: %s", (name) => {
    expect(checkTable(tables[name] as Uint8Array)).toEqual({ type: "sound" });
  });

  it.each(["compressed", "random", "small"])("finds a flipped bit wherever it is: %s", (name) => {
    const table = Uint8Array.from(tables[name] as Uint8Array);
    const random = new SeededRandom(`flip ${name}`);
    // The footer has padding between the places of its two blocks and the magic, which means nothing.
    const meaning = table.length - 48;
    for (let at = 0; at < meaning; at += 1 + random.below(Math.ceil(meaning / 500))) {
      const bit = 1 << random.below(8);
      table[at] = (table[at] as number) ^ bit;
      expect(checkTable(table).type, `byte ${at} of ${table.length}`).toBe("damaged");
      table[at] = (table[at] as number) ^ bit;
    }
    expect(checkTable(table).type).toBe("sound");
  });

  it("salvages all blocks but the damaged one, into a table that is sound and that LevelDB reads", async () => {
    for (const name of ["compressed", "random"]) {
      const table = Uint8Array.from(tables[name] as Uint8Array);
      const keys = await keysIn(table);
      expect(keys).toEqual(Array.from({ length: 1000 }, (_, i) => keyOf(i)));
      table[5000] = (table[5000] as number) ^ 1;
      const check = checkTable(table);
      if (check.type !== "damaged" || check.salvaged === undefined) throw new Error(`not salvaged: ${name}`);
      expect(check.detail).toMatch(/^1 of \d+ blocks have a wrong checksum$/);
      expect(checkTable(check.salvaged)).toEqual({ type: "sound" });
      const left = await keysIn(check.salvaged);
      const gone = keys.filter((key) => !left.includes(key));
      expect(left.length + gone.length).toBe(1000);
      expect(gone.length).toBeGreaterThan(0);
      // A block of 4 KiB, all keys of which follow each other.
      const first = keys.indexOf(gone[0] as string);
      expect(gone).toEqual(keys.slice(first, first + gone.length));
    }
  });

  it("salvages everything where only a filter is damaged", async () => {
    const table = Uint8Array.from(tables.random as Uint8Array);
    const [filter] = [...new TextDecoder("latin1").decode(table).matchAll(/filter\.leveldb/g)];
    const at = (filter?.index ?? 0) - 20;
    table[at] = (table[at] as number) ^ 1;
    const check = checkTable(table);
    if (check.type !== "damaged" || check.salvaged === undefined) throw new Error("not salvaged");
    expect(await keysIn(check.salvaged)).toHaveLength(1000);
  });

  it("gives a table up whose index or footer is gone", () => {
    const table = tables.random as Uint8Array;
    for (const damaged of [
      new Uint8Array(0),
      table.subarray(0, 47),
      table.subarray(0, table.length - 1),
      table.subarray(1),
      new Uint8Array(table.length),
      Uint8Array.from(table).fill(0xff, table.length - 100, table.length - 60),
    ]) {
      const check = checkTable(damaged);
      expect(check).toMatchObject({ type: "damaged", detail: expect.stringMatching(/^no index: /) });
      expect(check).not.toHaveProperty("salvaged");
    }
  });

  it("answers any bytes behind a right footer", () => {
    const random = new SeededRandom("garbage");
    for (const name of ["compressed", "small"]) {
      for (let run = 0; run < 500; run++) {
        const table = Uint8Array.from(tables[name] as Uint8Array);
        for (let flips = 1 + random.below(20); flips > 0; flips--)
          table[random.below(table.length)] = random.below(256);
        const check = checkTable(table);
        if (check.type === "damaged" && check.salvaged !== undefined) {
          expect(checkTable(check.salvaged)).toEqual({ type: "sound" });
        }
      }
    }
  });
});
