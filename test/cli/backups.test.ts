/** `atoll backup` and `atoll restore` against doors whose store is a list: what is sent, kept and said. */

import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import { archiveOf, joined, partOf, recordOf } from "../support/archives.ts";
import { openDoors, type TestDoors } from "../support/doors.ts";
import { finished, spawnAtoll } from "./run-atoll.ts";
import { runHere } from "./run-here.ts";

let doors: TestDoors;
let folder: string;
let file: string;

beforeEach(async () => {
  doors = await openDoors();
  folder = mkdtempSync(join(tmpdir(), "atoll-backups-"));
  file = join(folder, "all.backup");
});

afterEach(async () => {
  await doors.server.close(100);
  rmSync(folder, { recursive: true, force: true });
});

async function atoll(...args: readonly string[]) {
  const { code, stdout, stderr } = await runHere([...args, "--url", doors.url]);
  return { code, stdout: stdout.toString(), stderr };
}

const restored = () => doors.backups.restored.map(({ keyspace, records }) => `${keyspace} ${records.length}`);
/** A value that does not shrink. */
const large = (key: string) => recordOf(key, randomBytes(400_000).toString("base64"));

describe("atoll backup", () => {
  it("writes a whole file for nobody else to read, and says what is in it", async () => {
    writeFileSync(file, "what was there before");
    const { code, stdout, stderr } = await atoll("backup", file);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^backed up 2 registers of default: \d+ bytes\n$/);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file).subarray(0, 8).toString()).toBe("ATOLLBK1");
    expect(readdirSync(folder)).toEqual(["all.backup"]);
  });

  it("says how many values are not in it, as whoever has them is away", async () => {
    const said = [];
    for (doors.backups.absent of [1, 1234]) {
      const { code, stdout, stderr } = await atoll("backup", file);
      expect([code, stdout]).toEqual([0, expect.stringMatching(/^backed up 2 registers/)]);
      said.push(stderr);
    }
    expect(said).toEqual([
      "atoll: 1 value was left out: only a replica that is away has it\n",
      "atoll: 1,234 values were left out: only a replica that is away has them\n",
    ]);
  });

  it("leaves what was there where the replica does not finish, and nothing else", async () => {
    writeFileSync(file, "what was there before");
    doors.backups.failure = new AtollError("OWNERS_UNREACHABLE", "nobody keeps it");
    const { code, stdout, stderr } = await atoll("backup", file);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^atoll: the replica did not finish the backup[^\n]*\n$/);
    expect(readFileSync(file, "utf8")).toBe("what was there before");
    expect(readdirSync(folder)).toEqual(["all.backup"]);
  });

  it("that is stopped leaves nothing of what it had", async () => {
    const { facts, parts } = await doors.backups.backup();
    const coming = parts[Symbol.asyncIterator]();
    doors.backups.backup = async () => ({
      facts,
      parts: (async function* () {
        yield (await coming.next()).value;
        await new Promise(() => {});
      })(),
    });
    const child = await spawnAtoll(["backup", file, "--url", doors.url]);
    await expect.poll(() => readdirSync(folder).length, { timeout: 10_000 }).toBe(1);
    child.kill("SIGINT");
    const { code, stderr } = await finished(child);
    expect([code, stderr]).toEqual([130, "atoll: stopped: there is no backup\n"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says what it cannot write, and what there is not", async () => {
    const nowhere = await atoll("backup", join(folder, "no", "such", "folder"));
    expect(nowhere).toMatchObject({ code: 1, stderr: expect.stringContaining("no such file") });
    const unknown = await atoll("backup", file, "--keyspace", "default,none");
    expect(unknown).toMatchObject({ code: 1, stderr: "atoll: there is no keyspace none (UNKNOWN_KEYSPACE)\n" });
  });
});

describe("atoll restore", () => {
  const parts = [
    { keyspace: "default", records: [recordOf("a", "v")] },
    { keyspace: "other", records: [recordOf("bb", "w")] },
  ];
  const lengths = parts.map(({ keyspace, records }) => `${keyspace} ${joined(records).length}`);

  it("sends what a backup holds, creates what is missing, and says what came of it", async () => {
    writeFileSync(file, await archiveOf(parts));
    expect(await atoll("restore", file)).toEqual({ code: 0, stdout: "restored 2 registers into test\n", stderr: "" });
    expect(restored()).toEqual(lengths);
    expect(doors.keyspaces.keyspaces().map(({ name }) => name)).toContain("other");
    expect(doors.backups.restored[0]?.options).toEqual({ source: { shards: 4, births: ["1.1.1"] } });
    expect(readdirSync(folder)).toEqual(["all.backup"]);
  });

  it("restores of some keyspaces nothing else, and creates no others", async () => {
    writeFileSync(file, await archiveOf(parts));
    expect((await atoll("restore", file, "--keyspace", "default")).code).toBe(0);
    expect(restored()).toEqual(lengths.slice(0, 1));
    expect(doors.keyspaces.keyspaces().map(({ name }) => name)).not.toContain("other");
    const unknown = await atoll("restore", file, "--keyspace", "none");
    expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("there is default, other") });
  });

  it("refuses a damaged file before it sends anything", async () => {
    const bytes = await archiveOf([...parts, { keyspace: "default", records: [large("c"), large("d"), large("e")] }]);
    for (const damaged of [
      bytes.with(bytes.length - 40, (bytes[bytes.length - 40] as number) ^ 1),
      bytes.subarray(0, -1),
      bytes.subarray(0, bytes.length / 2),
    ]) {
      writeFileSync(file, damaged);
      const refused = await atoll("restore", file);
      expect(refused).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("(BACKUP_DAMAGED)") });
    }
    // Sound as a file, and no register in it.
    writeFileSync(file, await archiveOf([{ keyspace: "default", records: [new Uint8Array(40)] }]));
    expect((await atoll("restore", file)).stderr).toContain("(BACKUP_DAMAGED)");
    writeFileSync(file, "no backup at all");
    expect((await atoll("restore", file)).stderr).toContain("(BACKUP_UNKNOWN_FORMAT)");
    expect((await atoll("restore", join(folder, "none"))).stderr).toContain("no such file");
    expect(restored()).toEqual([]);
    expect(doors.keyspaces.keyspaces()).toEqual([]);
  });

  it.each([[[]], [["--overwrite"]]])("goes on where it was interrupted, with %j", async (flags) => {
    const many = Array.from({ length: 8 }, (_, i) => ({ keyspace: "default", records: [large(`key ${i}`)] }));
    writeFileSync(file, await archiveOf(many));
    const apply = doors.backups.restore.bind(doors.backups);
    // The fifth chunk is of the second or third part: what was sent before is done.
    doors.backups.restore = (options) => {
      if (doors.backups.restored.length >= 5) doors.backups.failNext = new AtollError("STAMPS_EXHAUSTED", "no more");
      return apply(options);
    };
    const interrupted = await atoll("restore", file, ...flags);
    expect(interrupted).toMatchObject({ code: 1, stderr: expect.stringContaining("(STAMPS_EXHAUSTED)") });
    const before = doors.backups.restored.length;
    expect(readdirSync(folder)).toEqual(["all.backup", "all.backup.restore-progress"]);
    doors.backups.failNext = undefined;
    doors.backups.restore = apply;
    const { code, stdout, stderr } = await atoll("restore", file, ...flags);
    expect([code, stdout]).toEqual([0, "restored 8 registers into test\n"]);
    expect(stderr).toBe(`atoll: goes on behind ${before} registers that were restored before\n`);
    expect(restored()).toEqual(many.map(({ records }) => `default ${joined(records).length}`));
    const stamps = new Set(doors.backups.restored.map(({ options }) => options.stamp));
    expect(stamps).toEqual(new Set([flags.length === 0 ? undefined : 1]));
    expect(existsSync(`${file}.restore-progress`)).toBe(false);
  });

  it("begins anew where the cluster, the file or the way is another", async () => {
    const many = Array.from({ length: 8 }, (_, i) => ({ keyspace: "default", records: [large(`key ${i}`)] }));
    writeFileSync(file, await archiveOf(many));
    const interrupt = async () => {
      const apply = doors.backups.restore;
      doors.backups.restored.length = 0;
      doors.backups.restore = function (options) {
        if (this.restored.length >= 5) this.failNext = new AtollError("STAMPS_EXHAUSTED", "no more");
        return apply.call(this, options);
      };
      expect((await atoll("restore", file)).code).toBe(1);
      doors.backups.restore = apply;
      doors.backups.failNext = undefined;
      doors.backups.restored.length = 0;
    };
    await interrupt();
    doors.backups.births = () => ["2.1.1"];
    expect(await atoll("restore", file)).toMatchObject({ code: 0, stderr: "" });
    expect(restored()).toHaveLength(8);
    await interrupt();
    expect(await atoll("restore", file, "--overwrite")).toMatchObject({ code: 0, stderr: "" });
    expect(restored()).toHaveLength(8);
    await interrupt();
    writeFileSync(file, await archiveOf(many.slice(1)));
    expect(await atoll("restore", file)).toMatchObject({ code: 0, stderr: "" });
    expect(restored()).toHaveLength(7);
    await interrupt();
    writeFileSync(`${file}.restore-progress`, "{ this is no JSON");
    expect(await atoll("restore", file)).toMatchObject({ code: 0, stderr: "" });
  });

  it("sends a part again that could not be taken just then", async () => {
    writeFileSync(file, await archiveOf(parts));
    doors.backups.failNext = new AtollError("OWNERS_UNREACHABLE", "nobody takes it");
    const { code, stderr } = await atoll("restore", file);
    expect([code, stderr]).toEqual([0, `atoll: waiting for ${doors.url} ...\n`]);
    expect(restored()).toEqual(lengths);
  });

  it("reads what a quarantine put aside, into the keyspace that is named", async () => {
    const aside = join(folder, "salvaged-a.records");
    const records = Array.from({ length: 3000 }, (_, i) => recordOf(`key ${i}`, "x".repeat(i % 500)));
    writeFileSync(aside, joined(records));
    expect(await atoll("restore", aside, "--keyspace", "sessions")).toMatchObject({ code: 0, stderr: "" });
    expect(joined(doors.backups.restored.map((each) => each.records))).toEqual(joined(records));
    const [first] = doors.backups.restored;
    expect(first).toMatchObject({ keyspace: "sessions", options: { source: { shards: 0, births: [] } } });
    // It has to be there: what it is set to is not in the file.
    expect(doors.keyspaces.keyspaces()).toEqual([]);

    const before = doors.backups.restored.length;
    writeFileSync(aside, joined(records).subarray(0, -1));
    expect((await atoll("restore", aside)).stderr).toContain("(BACKUP_DAMAGED)");
    writeFileSync(aside, joined([...records, new Uint8Array(10)]));
    expect((await atoll("restore", aside)).stderr).toContain("(BACKUP_DAMAGED)");
    const flipped = joined(records);
    flipped[5000] = (flipped[5000] as number) ^ 1;
    writeFileSync(aside, flipped);
    expect((await atoll("restore", aside)).stderr).toContain("(BACKUP_DAMAGED)");
    expect(doors.backups.restored).toHaveLength(before);
  });
});

it("a backup that was taken is one that can be restored", async () => {
  doors.backups.parts = [partOf({ keyspace: "default", records: [recordOf("a", "v")] })];
  expect((await atoll("backup", file)).code).toBe(0);
  expect((await atoll("restore", file)).code).toBe(0);
  expect(doors.backups.restored[0]?.records).toEqual(doors.backups.parts[0]?.records);
});
