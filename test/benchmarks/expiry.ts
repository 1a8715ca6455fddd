/**
 * A million keys that expire in the same second, at two replicas with disks: for how long either holds its event loop, when the last
 * watcher is told, and when the keys have left listings, memory, tombstones and disk.
 */

import { mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import type { Figures } from "./memory-child.ts";
import { MemoryProcess } from "./memory-process.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const KEYS = 1_000_000;
const FILLING = { prefix: "fill/", first: 10_000_000_000, count: KEYS, valueBytes: 100 };
/** From which it is told how long all of them will take. */
const SAMPLE = 50_000;
const SAMPLE_TTL_MS = 10_000;
const SPARE_MS = 20_000;
const WITHIN_MS = 180_000;
const LOOK_MS = 250;
const MEMORY_BYTES = 1024 ** 3;

export async function run(): Promise<BenchmarkReport> {
  const folder = mkdtempSync(join(tmpdir(), "atoll-bench-expiry-"));
  const folders = ["a", "b"].map((name) => join(folder, name));
  const replicas: MemoryProcess[] = [];
  try {
    for (const data of folders) {
      const [first] = replicas;
      const join = first === undefined ? {} : { join: `127.0.0.1:${first.port}` };
      replicas.push(await MemoryProcess.start({ data, memoryBytes: MEMORY_BYTES, ...join }));
    }
    return { name: "1 million keys expire in one second", rows: await measure(replicas, folders) };
  } finally {
    for (const replica of replicas) await replica.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(replicas: readonly MemoryProcess[], folders: readonly string[]): Promise<BenchmarkRow[]> {
  const [first] = replicas as [MemoryProcess];
  for (const replica of replicas) await replica.watch(FILLING.prefix);
  const expiresAt = await fill(first);
  await until("all hold all", async () => (await figuresOf(replicas)).every(({ registers }) => registers >= KEYS));
  const full = { own: owns(replicas), disk: folders.map(bytesIn) };
  if (Date.now() > expiresAt) throw new Error("this machine is too slow: keys expired before all were there");
  await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() - LOOK_MS));
  // Pauses before are not what is measured.
  const held = await figuresOf(replicas);
  let pauseMs = 0;
  const isAfter = async (isSo: (figures: Figures) => boolean) => {
    const figures = await figuresOf(replicas);
    pauseMs = Math.max(pauseMs, longestPause(figures));
    return figures.every(isSo);
  };
  const isTold = async (replica: MemoryProcess) => (await replica.events()).counts.expire === KEYS;
  await until("all are told", async () => (await Promise.all(replicas.map(isTold))).every(Boolean));
  const told = await Promise.all(replicas.map((replica) => replica.events()));
  await until("none is left", () => isAfter(({ registers, tombstones }) => registers + tombstones === 0));
  const goneMs = Date.now() - expiresAt;
  const after = await figuresOf(replicas);
  const listed = await Promise.all(replicas.map((replica) => replica.listed(FILLING.prefix)));
  const bytesOf = (figures: readonly Figures[]) => megabytes(figures.map(({ registerBytes }) => registerBytes));
  const against = (full: number) => ({ against: `full: ${Math.round(full)} MB` });
  return [
    { what: "longest pause until all are gone", value: pauseMs, unit: "ms", target: "< 10 ms" },
    {
      what: "last watcher told of the last",
      value: Math.max(...told.map(({ lastAt }) => lastAt)) - expiresAt,
      unit: "ms",
    },
    { what: "neither key nor tombstone left", value: goneMs, unit: "ms" },
    { what: "keys listed then", value: Math.max(...listed), unit: "", target: "<= 0" },
    { what: "bytes of registers then", value: bytesOf(after), unit: "MB", ...against(bytesOf(held)) },
    { what: "own memory then", value: megabytes(owns(replicas)), unit: "MB", ...against(megabytes(full.own)) },
    { what: "on disk then", value: megabytes(folders.map(bytesIn)), unit: "MB", ...against(megabytes(full.disk)) },
    ...(await compactedRows(replicas, folders)),
  ];
}

/** `level` declares less of classic-level than there is. */
type Compactable = Level<Uint8Array, Uint8Array> & { compactRange(from: Uint8Array, to: Uint8Array): Promise<void> };

/** What LevelDB has let go of goes from the disk when it comes to merge its tables. */
async function compactedRows(replicas: readonly MemoryProcess[], folders: readonly string[]): Promise<BenchmarkRow[]> {
  for (const replica of replicas) await replica.stop();
  let entries = 0;
  for (const folder of folders) {
    const options = { keyEncoding: "view", valueEncoding: "view" } as const;
    const database = new Level<Uint8Array, Uint8Array>(join(folder, "db"), options) as Compactable;
    await database.compactRange(Uint8Array.of(0), new Uint8Array(40).fill(255));
    entries = Math.max(entries, (await database.keys().all()).length);
    await database.close();
  }
  return [
    { what: "on disk once LevelDB has merged its tables", value: megabytes(folders.map(bytesIn)), unit: "MB" },
    { what: "entries of the database then: heads of shards and what they need", value: entries, unit: "" },
  ];
}

/** When they expire, unix ms. */
async function fill(replica: MemoryProcess): Promise<number> {
  const begun = performance.now();
  const sample = { ...FILLING, count: SAMPLE, prefix: "sample/" };
  await replica.fill({ ...sample, expiresAt: Date.now() + SAMPLE_TTL_MS });
  const neededMs = ((performance.now() - begun) * KEYS) / SAMPLE;
  const expiresAt = Math.ceil((Date.now() + 2 * neededMs + SPARE_MS) / 1000) * 1000;
  await replica.fill({ ...FILLING, expiresAt });
  return expiresAt;
}

function figuresOf(replicas: readonly MemoryProcess[]): Promise<readonly Figures[]> {
  return Promise.all(replicas.map((replica) => replica.figures()));
}

function longestPause(figures: readonly Figures[]): number {
  return Math.max(...figures.map(({ longestPauseMs }) => longestPauseMs));
}

function megabytes(numbers: readonly number[]): number {
  return Math.max(...numbers) / 2 ** 20;
}

function owns(replicas: readonly MemoryProcess[]): number[] {
  return replicas.map((replica) => replica.resident().ownBytes);
}

function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    return sum + (entry.isDirectory() ? bytesIn(path) : (statSync(path, { throwIfNoEntry: false })?.size ?? 0));
  }, 0);
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > WITHIN_MS) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
