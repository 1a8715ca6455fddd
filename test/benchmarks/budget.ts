/**
 * A replica with 256 MB is written 4 GB by real clients, of all sizes and times to live, and killed in the middle: what the system says
 * that it took at most, and whether all was there in the end (`test/memory-budget/budget-run.ts`).
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BudgetRunOutcome, runBudget } from "../memory-budget/budget-run.ts";
import type { Habits } from "../memory-budget/client.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const MIB = 1024 ** 2;
const MEMORY_BYTES = 256 * MIB;
const BYTES = 4096 * MIB;
const CLIENTS = 8;

const MIXED: Habits = {
  valueBytesMin: 10,
  valueBytesMax: MIB,
  longBytes: 16 * MIB,
  longShare: 1 / 2000,
  ttlMs: [2000, 20_000],
};

export async function run(): Promise<BenchmarkReport> {
  const data = mkdtempSync(join(tmpdir(), "atoll-bench-budget-"));
  try {
    const outcome = await runBudget({
      seed: "budget",
      program: new URL("./budget-child.ts", import.meta.url),
      data,
      memoryBytes: MEMORY_BYTES,
      bytes: BYTES,
      clients: CLIENTS,
      habits: MIXED,
      tell: (line) => process.stderr.write(`${line}\n`),
    });
    for (const failure of outcome.failures) process.stderr.write(`!! ${failure}\n`);
    return { name: "256 MB of memory, 4 GB written, killed in the middle", rows: rowsOf(outcome) };
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

function rowsOf(outcome: BudgetRunOutcome): BenchmarkRow[] {
  const { samples } = outcome;
  const most = (bytes: readonly number[]) => Math.max(...bytes) / MIB;
  const own = samples.map(({ ownBytes }) => ownBytes);
  const over = samples.filter(({ ownBytes }) => ownBytes > MEMORY_BYTES).length;
  return [
    {
      what: "memory of its own at most",
      value: most(own),
      unit: "MB",
      against: "the bound",
      ratio: most(own) / (MEMORY_BYTES / MIB),
      target: "<= 1.15x",
    },
    { what: "samples above the bound", value: (100 * over) / samples.length, unit: "%" },
    { what: "pages of files included", value: most(samples.map(({ bytes }) => bytes)), unit: "MB" },
    { what: "not as it was promised", value: outcome.failures.length, unit: "", target: "<= 0" },
    { what: "writes", value: outcome.writes, unit: "", against: `${outcome.refused} tries refused` },
    { what: "reads that were checked", value: outcome.reads, unit: "" },
    { what: "keys there in the end", value: outcome.keysThere, unit: "", against: `${outcome.keysGone} gone` },
    {
      what: "acknowledged from memory only, lost with the kill",
      value: outcome.lost,
      unit: "",
      against: `up to ${outcome.lostBeforeMs} ms before it`,
    },
    { what: "ready again after the kill", value: outcome.restartMs, unit: "ms" },
    { what: "all of it", value: outcome.seconds, unit: "s" },
  ];
}
