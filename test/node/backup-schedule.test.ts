import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readArchive } from "../../src/archive/archive-reader.ts";
import { AtollError } from "../../src/base/errors.ts";
import { BackupSchedule } from "../../src/node/backup-schedule.ts";
import type { LogLevel } from "../../src/replica/ports.ts";
import { partOf, recordOf } from "../support/archives.ts";
import { FakeBackups } from "../support/fake-backups.ts";

const HOUR_MS = 3_600_000;
const START = Date.UTC(2026, 0, 1);

let folder: string;
let now: number;
let timers: { readonly at: number; readonly run: () => void }[];
let logged: { readonly level: LogLevel; readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
let store: FakeBackups;

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "atoll-schedule-")), "backups");
  now = START;
  timers = [];
  logged = [];
  store = new FakeBackups();
});

afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

function schedule(name = "a"): BackupSchedule {
  return new BackupSchedule({
    ...{ folder, everyMs: HOUR_MS, keep: 3, store, name: () => name, clock: { now: () => now } },
    scheduler: {
      after: (delayMs, run) => {
        const timer = { at: now + delayMs, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((each) => each !== timer);
        };
      },
      soon: (run) => run(),
    },
    log: (level, event, fields) => logged.push({ level, event, fields }),
  });
}

/** Lets time pass, and all that is due happen. */
async function pass(ms: number): Promise<void> {
  for (const until = now + ms; ; ) {
    await expect.poll(() => timers.length, { interval: 1 }).toBe(1);
    const [timer] = timers;
    if (timer === undefined || timer.at > until) {
      now = until;
      return;
    }
    now = timer.at;
    timers = [];
    timer.run();
  }
}

const files = () => readdirSync(folder).sort();
const metric = (of: BackupSchedule, name: string) => of.statistics().find((each) => each.name === name)?.samples;

describe("backups by themselves", () => {
  it("are made when they are due, whole and for nobody else to read, and the latest stay", async () => {
    const made = schedule();
    made.start();
    await pass(1500);
    expect(files()).toEqual(["a-20260101T000001.000Z.backup"]);
    const [file = ""] = files();
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const items: string[] = [];
    const bytes = (async function* () {
      yield readFileSync(join(folder, file));
    })();
    for await (const { type } of readArchive(bytes)) items.push(type);
    expect(items).toEqual(["header", "chunk", "end"]);
    writeFileSync(join(folder, "somebody-elses"), "");
    writeFileSync(join(folder, ".a-x.backup.01234567.atoll-partial"), "");
    await pass(4 * HOUR_MS);
    const hours = ["02", "03", "04"].map((hour) => `a-20260101T${hour}0001.000Z.backup`);
    expect(files()).toEqual([...hours, "somebody-elses"]);
    expect(metric(made, "backups_total")).toEqual([
      { labels: { outcome: "done" }, value: 5 },
      { labels: { outcome: "failed" }, value: 0 },
    ]);
    expect(metric(made, "backup_last_time_seconds")).toEqual([
      { labels: {}, value: (START + 4 * HOUR_MS + 1000) / 1000 },
    ]);
    expect(metric(made, "backup_last_bytes")?.[0]?.value).toBe(statSync(join(folder, hours[2] ?? "")).size);
    await made.stop();
    expect(timers).toEqual([]);
  });

  it("go on over a restart as if there had been none, and beside those of another replica", async () => {
    const first = schedule();
    first.start();
    await pass(1500);
    await first.stop();
    const second = schedule();
    second.start();
    await pass(HOUR_MS - 10_000);
    expect(files()).toHaveLength(1);
    await pass(70_000);
    expect(files()).toHaveLength(2);
    await second.stop();
    const other = schedule("b");
    other.start();
    await pass(1500);
    expect(files().map((name) => name[0])).toEqual(["a", "a", "b"]);
    await other.stop();
  });

  it("that fail are told, leave nothing behind, and are tried again soon", async () => {
    const made = schedule();
    store.failure = new AtollError("OWNERS_UNREACHABLE", "nobody keeps it");
    made.start();
    await pass(1500);
    expect(files()).toEqual([]);
    expect(logged).toEqual([
      {
        level: "error",
        event: "backup-failed",
        fields: { folder, code: "OWNERS_UNREACHABLE", reason: "nobody keeps it" },
      },
    ]);
    expect(metric(made, "backups_total")?.[1]).toEqual({ labels: { outcome: "failed" }, value: 1 });
    store.failure = undefined;
    await pass(60_000);
    expect(files()).toHaveLength(1);
    await made.stop();
  });

  it("that cannot be written are told as well", async ({ skip }) => {
    if (process.getuid?.() === 0) writeFileSync(folder, "a file where the folder should be");
    else if (process.platform === "win32") skip("SKIPPED: needs permissions of Unix");
    else chmodSync(join(folder, ".."), 0o500);
    const made = schedule();
    made.start();
    await pass(1500);
    expect(logged.map(({ event }) => event)).toEqual(["backup-failed"]);
    await made.stop();
    if (process.getuid?.() !== 0) chmodSync(join(folder, ".."), 0o700);
  });

  it("are given up when the replica stops, and nothing of them stays", async () => {
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const part = partOf({ keyspace: "default", records: [recordOf("a", "v")] });
    const { facts } = await store.backup();
    store.backup = async () => ({
      facts,
      parts: (async function* () {
        yield part;
        await held;
        yield part;
      })(),
    });
    const made = schedule();
    made.start();
    const [timer] = timers;
    timers = [];
    timer?.run();
    await expect.poll(() => readdirSync(join(folder, ".."))).toEqual(["backups"]);
    await expect.poll(() => files()).toHaveLength(1);
    // Though what it waits for does not come.
    await made.stop();
    release();
    expect(files()).toEqual([]);
    expect(logged).toEqual([]);
    expect(timers).toEqual([]);
  });
});
