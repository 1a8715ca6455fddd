import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Level } from "level";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Log, StorageOperation } from "../../src/replica/ports.ts";
import { LevelStorage } from "../../src/runtime/level-storage.ts";
import { contentsOf, storageLaw } from "../ports/storage-law.ts";
import { bundle } from "../support/bundle.ts";
import { type Mount, mountTmpfs, whyNoMounts } from "../support/mounts.ts";
import { applyBatch, numberedBatch } from "./numbered-batches.ts";

const silent: Log = () => undefined;
const noTmpfs = whyNoMounts("tmpfs");

let base: string;
beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), "atoll-level-"));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

let folders = 0;
const newFolder = () => join(base, String(++folders));

storageLaw("LevelStorage", () => {
  let folder = newFolder();
  return {
    createStorage: () => new LevelStorage({ folder, log: silent }),
    // What a killed process leaves. Losing what was not synced takes `power-cut.test.ts`.
    async crash(storage) {
      const left = copyOf(folder);
      await storage.close();
      folder = left;
    },
    dispose: () => undefined,
  };
});

describe.skipIf(noTmpfs)(`on a disk that fills up ${noTmpfs ?? ""}`, () => {
  let disk: Mount;
  beforeEach(async () => {
    disk = await mountTmpfs("24m");
  });
  afterEach(() => disk.unmount());

  storageLaw("LevelStorage on a small disk", () => ({
    createStorage: () => new LevelStorage({ folder: join(disk.folder, "data"), log: silent }),
    fail: () => fill(disk.folder),
    heal: () => free(disk.folder),
    dispose: () => undefined,
  }));

  it("loses no acknowledged write in 5 episodes of a full disk, and recovers by itself", async () => {
    const storage = new LevelStorage({ folder: join(disk.folder, "data"), log: silent });
    const acknowledged = new Set<number>();
    await storage.open();
    let number = 0;
    for (let episode = 0; episode < 5; episode++) {
      const { failed } = await runEpisode(disk.folder, async () => {
        await storage.write([randomPut(++number)]);
        acknowledged.add(number);
      });
      expect(failed.every((error) => (error as { code?: string }).code === "DISK_FULL")).toBe(true);
      await storage.close();
      const condition = await storage.open();
      expect(missingFrom(await contentsOf(storage), acknowledged)).toEqual([]);
      expect(condition).toEqual({ type: "clean" });
    }
    await storage.close();
    expect(acknowledged.size).toBeGreaterThan(1000);
  });

  it("would lose them if it did not close LevelDB after the first failure", async () => {
    // When this fails because nothing is lost, LevelDB has been cured and the close-and-reopen may go.
    const location = join(disk.folder, "db");
    const acknowledged = new Set<number>();
    let database = new Level<Uint8Array, Uint8Array>(location, { keyEncoding: "view", valueEncoding: "view" });
    await database.open();
    let number = 0;
    await runEpisode(disk.folder, async () => {
      const { key, value } = randomPut(++number);
      await database.put(key, value as Uint8Array, { sync: true });
      acknowledged.add(number);
    });
    await database.close();
    database = new Level<Uint8Array, Uint8Array>(location, { keyEncoding: "view", valueEncoding: "view" });
    await database.open();
    const contents = new Map<string, string>();
    for await (const [key] of database.iterator()) contents.set(Buffer.from(key).toString("latin1"), "");
    await database.close();
    expect(missingFrom(contents, acknowledged).length).toBeGreaterThan(0);
  });

  it("fails reads and writes while it cannot reopen, at once, and says why", async () => {
    const events: string[] = [];
    const storage = new LevelStorage({ folder: join(disk.folder, "data"), log: (_level, event) => events.push(event) });
    await storage.open();
    // A log larger than what is left: LevelDB needs as much again to open.
    for (let number = 1; number <= 600; number++) await storage.write([randomPut(number)]);
    fill(disk.folder);
    const failures: unknown[] = [];
    for (let i = 0; i < 20; i++) await storage.write([randomPut(1000 + i)]).catch((error) => failures.push(error));
    expect(failures).toHaveLength(20);
    expect(String(failures[19])).toContain("No space left");
    await expect(contentsOf(storage)).rejects.toMatchObject({ code: "DISK_FULL" });
    expect(events).toEqual(["storage-write-failed"]);
    free(disk.folder);
    await expect
      .poll(
        () =>
          storage.write([randomPut(601)]).then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
    expect(events).toEqual(["storage-write-failed", "storage-reopened"]);
    expect((await contentsOf(storage)).size).toBeGreaterThanOrEqual(601);
    await storage.close();
  });

  it("refuses to open on a full disk with DISK_FAILED, touching nothing", async () => {
    const folder = join(disk.folder, "data");
    const storage = new LevelStorage({ folder, log: silent });
    await storage.open();
    for (let number = 1; number <= 600; number++) await storage.write([randomPut(number)]);
    await storage.close();
    fill(disk.folder);
    await expect(storage.open()).rejects.toMatchObject({ code: "DISK_FAILED" });
    expect(readdirSync(folder)).toEqual(["db"]);
    free(disk.folder);
    expect(await storage.open()).toEqual({ type: "clean" });
    expect((await contentsOf(storage)).size).toBe(600);
    await storage.close();
  });
});

describe("a folder it may not have", () => {
  let child: ChildProcess | undefined;
  let script: string;
  beforeAll(async () => {
    script = await bundle(new URL("./storage-writer.ts", import.meta.url).href);
  });
  afterEach(() => {
    child?.kill("SIGKILL");
  });

  async function hold(folder: string, options: { uid?: number; gid?: number } = {}): Promise<string> {
    child = spawn(process.execPath, [script, folder, "1", "1", "hold"], {
      stdio: ["ignore", "pipe", "inherit"],
      ...options,
    });
    const output = child.stdout;
    if (output === null) throw new Error("no output");
    const [line] = await once(createInterface(output), "line");
    return String(line);
  }

  it("another process has: DATA_LOCKED, in one line that names it; free again when that process is killed", async () => {
    const folder = newFolder();
    expect(await hold(folder)).toBe("open");
    const storage = new LevelStorage({ folder, log: silent });
    await expect(storage.open()).rejects.toMatchObject({
      code: "DATA_LOCKED",
      message: `the data folder ${folder} is in use by another process`,
    });
    const exited = child === undefined ? undefined : once(child, "exit");
    child?.kill("SIGKILL");
    await exited;
    expect(await storage.open()).toEqual({ type: "clean" });
    await storage.close();
  });

  it("another storage of this process has: DATA_LOCKED", async () => {
    const folder = newFolder();
    const first = new LevelStorage({ folder, log: silent });
    await first.open();
    await expect(new LevelStorage({ folder, log: silent }).open()).rejects.toMatchObject({ code: "DATA_LOCKED" });
    await first.write([randomPut(1)]);
    await first.close();
  });

  it("is a file: DATA_UNREADABLE", async () => {
    const folder = newFolder();
    writeFileSync(folder, "");
    await expect(new LevelStorage({ folder, log: silent }).open()).rejects.toMatchObject({ code: "DATA_UNREADABLE" });
    await expect(new LevelStorage({ folder: join(folder, "in"), log: silent }).open()).rejects.toMatchObject({
      code: "DATA_UNREADABLE",
    });
  });

  it.skipIf(process.getuid?.() !== 0)("belongs to somebody else: DATA_UNREADABLE, and nothing moved", async () => {
    const folder = newFolder();
    const storage = new LevelStorage({ folder, log: silent });
    await storage.open();
    await storage.close();
    chmodSync(base, 0o755);
    chmodSync(folder, 0o755);
    expect(await hold(folder, { uid: 65534, gid: 65534 })).toMatch(/^failed DATA_UNREADABLE: .*permission denied/i);
    chmodSync(folder, 0o777);
    expect(await hold(folder, { uid: 65534, gid: 65534 })).toMatch(/^failed DATA_UNREADABLE: .*permission denied/i);
    expect(readdirSync(folder)).toEqual(["db"]);
  });

  it("does not exist: is created for its owner alone", async () => {
    const folder = join(newFolder(), "deeper");
    const storage = new LevelStorage({ folder, log: silent });
    await storage.open();
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await storage.close();
  });
});

describe("a damaged database", () => {
  const expected = new Map<string, string>();
  const everWritten = new Set<string>();
  let original: string;

  beforeAll(async () => {
    original = newFolder();
    const storage = new LevelStorage({ folder: original, log: silent });
    let number = 0;
    for (let life = 0; life < 3; life++) {
      await storage.open();
      for (let i = 0; i < 40; i++) {
        const batch = numberedBatch(1, ++number);
        await storage.write(batch);
        applyBatch(expected, batch);
        const written = new Map<string, string>();
        applyBatch(written, batch);
        for (const [key, value] of written) everWritten.add(`${key}=${value}`);
      }
      await storage.close();
    }
  });

  const damages = {
    deleted: (file) => rmSync(file),
    emptied: (file) => truncateSync(file, 0),
    halved: (file) => truncateSync(file, statSync(file).size >> 1),
    "flipped in a bit": (file) =>
      edit(file, (bytes) => bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1)),
    overwritten: (file) => edit(file, (bytes) => bytes.fill("garbage")),
    "replaced by a folder": (file) => {
      rmSync(file);
      mkdirSync(join(file, "x"), { recursive: true });
    },
  } satisfies Record<string, (file: string) => void>;
  type Damage = keyof typeof damages;

  /** What is left: all, or only what was written at some time (a table or a log lost: older values show). */
  const cases: readonly (readonly [
    file: string,
    pattern: RegExp,
    expected: "all" | "some" | "none",
    damages: readonly Damage[],
  ])[] = [
    ["CURRENT", /^CURRENT$/, "all", ["deleted", "emptied", "halved", "flipped in a bit", "overwritten"]],
    ["CURRENT", /^CURRENT$/, "none", ["replaced by a folder"]],
    [
      "MANIFEST",
      /^MANIFEST/,
      "all",
      ["deleted", "emptied", "halved", "flipped in a bit", "overwritten", "replaced by a folder"],
    ],
    [
      "a table",
      /\.ldb$/,
      "some",
      ["deleted", "emptied", "halved", "flipped in a bit", "overwritten", "replaced by a folder"],
    ],
    ["the log", /\.log$/, "some", ["flipped in a bit", "overwritten"]],
  ];

  for (const [file, pattern, kept, hows] of cases) {
    it.each(hows)(`${file} %s: keeps ${kept} and goes on`, async (how) => {
      const folder = newFolder();
      cpSync(original, folder, { recursive: true });
      damages[how](fileIn(folder, pattern));
      const storage = new LevelStorage({ folder, log: silent });
      const { condition, contents } = await openAndRead(storage);
      expect(condition.type).toBe(kept === "none" ? "set-aside" : "repaired");
      if (kept === "all") expect(contents).toEqual(sorted(expected));
      if (kept === "some") {
        expect(contents.size).toBeGreaterThan(0);
        for (const [key, value] of contents) expect(everWritten.has(`${key}=${value}`)).toBe(true);
      }
      if (kept === "none") expect(contents.size).toBe(0);
      if (condition.type === "set-aside") expect(existsSync(join(condition.movedTo, "LOG"))).toBe(true);
      await storage.write([randomPut(1)]);
      await storage.close();
      expect(await storage.open()).toEqual({ type: "clean" });
      expect((await contentsOf(storage)).size).toBe(contents.size + 1);
      await storage.close();
    });
  }

  it("loses the damaged blocks of a table alone, keeps the file aside and does not end the process", async () => {
    // As many tables as LevelDB compacts at the next open, where keys out of order end the process.
    const folder = newFolder();
    const storage = new LevelStorage({ folder, log: silent });
    const numbers = new Set<number>();
    for (let life = 0; life < 4; life++) {
      await storage.open();
      for (let i = 0; i < 10; i++) {
        const number = life * 10 + i + 1;
        numbers.add(number);
        await storage.write([randomPut(number)]);
      }
      await storage.close();
    }
    const tables = readdirSync(join(folder, "db")).filter((name) => /\.ldb$/.test(name));
    expect(tables).toHaveLength(3);
    // The first key begins behind three lengths, here of 1, 1 and 2 bytes.
    for (const name of tables) edit(join(folder, "db", name), (bytes) => bytes.writeUInt8(0xff, 4));

    const condition = await storage.open();
    expect(condition).toMatchObject({
      type: "repaired",
      detail: expect.stringMatching(
        /^\d+\.ldb: 1 of \d+ blocks have a wrong checksum; .*3 damaged tables kept in .*damaged-/,
      ),
    });
    const missing = missingFrom(await contentsOf(storage), numbers);
    // A block has two of these registers.
    expect(missing).toEqual([1, 2, 11, 12, 21, 22]);
    await storage.close();
    const aside = readdirSync(folder).filter((name) => name.startsWith("db.damaged-"));
    expect(aside).toHaveLength(1);
    expect(readdirSync(join(folder, String(aside[0]))).sort()).toEqual(tables.sort());
    expect(await storage.open()).toEqual({ type: "clean" });
    expect(missingFrom(await contentsOf(storage), numbers)).toEqual(missing);
    await storage.close();
  });

  it("is clean where the power went while a table was being written, or before an old one was deleted", async () => {
    const folder = newFolder();
    cpSync(original, folder, { recursive: true });
    const whole = readFileSync(fileIn(folder, /\.ldb$/));
    writeFileSync(join(folder, "db", "999998.ldb"), "");
    writeFileSync(join(folder, "db", "999999.ldb"), whole.subarray(0, whole.length / 2));
    const storage = new LevelStorage({ folder, log: silent });
    expect(await storage.open()).toEqual({ type: "clean" });
    expect(sorted(await contentsOf(storage))).toEqual(sorted(expected));
    await storage.close();
    expect(readdirSync(folder)).toEqual(["db"]);
    expect(readdirSync(join(folder, "db")).filter((name) => name.startsWith("99999"))).toEqual([]);
  });

  it("touches nothing while another process has it, whatever its tables look like", async () => {
    const folder = newFolder();
    cpSync(original, folder, { recursive: true });
    const holder = new LevelStorage({ folder, log: silent });
    await holder.open();
    const table = fileIn(folder, /\.ldb$/);
    truncateSync(table, Math.floor(statSync(table).size / 2));
    const before = readdirSync(join(folder, "db")).sort();
    await expect(new LevelStorage({ folder, log: silent }).open()).rejects.toMatchObject({ code: "DATA_LOCKED" });
    expect(readdirSync(folder)).toEqual(["db"]);
    expect(readdirSync(join(folder, "db")).sort()).toEqual(before);
    await holder.close();
  });

  it("hides a log that was cut short or deleted, which is for version vectors to find", async () => {
    for (const how of ["deleted", "emptied", "halved"] satisfies Damage[]) {
      const folder = newFolder();
      cpSync(original, folder, { recursive: true });
      damages[how](fileIn(folder, /\.log$/));
      const storage = new LevelStorage({ folder, log: silent });
      expect(await storage.open()).toEqual({ type: "clean" });
      expect(await contentsOf(storage)).not.toEqual(sorted(expected));
      await storage.close();
    }
  });

  /** Opens and reads everything; where reading meets damage, closes, opens and reads once more. */
  async function openAndRead(storage: LevelStorage) {
    const condition = await storage.open();
    try {
      return { condition, contents: await contentsOf(storage) };
    } catch (error) {
      expect(error).toMatchObject({ code: "DISK_FAILED" });
      await storage.close();
      return { condition: await storage.open(), contents: await contentsOf(storage) };
    }
  }
});

/** A copy of a database in use. LevelDB may delete a file it no longer needs meanwhile: then once more. */
function copyOf(folder: string): string {
  for (let attempt = 0; ; attempt++) {
    const copy = newFolder();
    try {
      cpSync(folder, copy, { recursive: true });
      return copy;
    } catch (error) {
      if (attempt === 10) throw error;
    }
  }
}

function fileIn(folder: string, pattern: RegExp): string {
  const name = readdirSync(join(folder, "db")).find((each) => pattern.test(each));
  if (name === undefined) throw new Error(`no file ${pattern}`);
  return join(folder, "db", name);
}

function edit(file: string, change: (bytes: Buffer) => void): void {
  const bytes = readFileSync(file);
  change(bytes);
  writeFileSync(file, bytes);
}

function sorted(contents: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...contents].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Takes all the space that is left on the disk. */
function fill(folder: string): void {
  for (let bytes = 1 << 20; bytes >= 4096; bytes >>= 1) {
    try {
      for (let i = 0; ; i++) writeFileSync(join(folder, `ballast-${bytes}-${i}`), new Uint8Array(bytes));
    } catch {
      // Full at this size: go on with smaller files.
    }
  }
}

function free(folder: string): void {
  for (const name of readdirSync(folder)) if (name.startsWith("ballast-")) rmSync(join(folder, name));
}

/** Writes in peace, on a full disk, and in peace again, until 200 writes in a row have been accepted. */
async function runEpisode(folder: string, write: () => Promise<void>): Promise<{ failed: unknown[] }> {
  const failed: unknown[] = [];
  for (let i = 0; i < 100; i++) await write();
  fill(folder);
  for (let i = 0; i < 8; i++) await write().catch((error) => failed.push(error));
  expect(failed.length).toBeGreaterThan(0);
  free(folder);
  for (let accepted = 0; accepted < 200; ) {
    await write().then(
      () => accepted++,
      (error) => failed.push(error),
    );
    if (failed.length > 100_000) throw new Error("does not recover");
  }
  return { failed };
}

/** 3,000 bytes that do not compress, under a key that says `number`. */
function randomPut(number: number): StorageOperation {
  const value = new Uint8Array(3000).map((_, i) => Math.imul(number * 3001 + i, 2654435761) >>> 15);
  return { type: "put", key: Uint8Array.of(3, number >>> 16, number >>> 8, number), value };
}

function missingFrom(contents: ReadonlyMap<string, string>, numbers: ReadonlySet<number>): number[] {
  const keyOf = (number: number) => String.fromCharCode(3, (number >>> 16) & 255, (number >>> 8) & 255, number & 255);
  return [...numbers].filter((number) => !contents.has(keyOf(number)));
}
