/**
 * The register table at 3 million registers of 16-byte keys and 100-byte values, spread over 256 tables that share one
 * arena, against objects in a `Map`. Each measurement is a fresh process; the median of three counts.
 */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Figures } from "./register-table-child.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const ROUNDS = 3;
const NODE_OPTIONS = [
  "--expose-gc",
  "--max-old-space-size=8000",
  // A young generation of fixed size, for all contestants: its growth would pass for bytes of registers.
  "--min-semi-space-size=16",
  "--max-semi-space-size=16",
];

const child = fileURLToPath(new URL("./register-table-child.mjs", import.meta.url));

async function measureOnce(contestant: string): Promise<Figures> {
  const { stdout } = await promisify(execFile)(process.execPath, [...NODE_OPTIONS, child, contestant]);
  return JSON.parse(stdout) as Figures;
}

function median(figures: readonly Figures[], pick: (figures: Figures) => number): number {
  return figures.map(pick).sort((a, b) => a - b)[figures.length >> 1] ?? Number.NaN;
}

/** Contestants take turns, so that a slow minute of the machine hits them all. */
async function measureAll(contestants: readonly string[]): Promise<Figures[]> {
  const rounds: Figures[][] = contestants.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, contestant] of contestants.entries()) rounds[i]?.push(await measureOnce(contestant));
  }
  return rounds.map((figures) => ({
    insertsPerSecond: median(figures, (each) => each.insertsPerSecond),
    overheadBytes: median(figures, (each) => each.overheadBytes),
    pauseMs: median(figures, (each) => each.pauseMs),
    overwritesPerSecond: median(figures, (each) => each.overwritesPerSecond),
  }));
}

export async function run(): Promise<BenchmarkReport> {
  const [table, map, pooled] = await measureAll(["table", "map", "map-pooled"]);
  if (table === undefined || map === undefined || pooled === undefined) throw new Error("BUG: no figures");
  const against = (
    rate: (figures: Figures) => number,
    twin: Figures,
    name: string,
  ): Pick<BenchmarkRow, "against" | "ratio"> => ({
    against: `${name} (${Math.round(rate(twin))}/s)`,
    ratio: rate(table) / rate(twin),
  });
  const inserts = (figures: Figures): number => figures.insertsPerSecond;
  const overwrites = (figures: Figures): number => figures.overwritesPerSecond;
  return {
    name: "register table, 3 million registers",
    rows: [
      { what: "insert", value: inserts(table), unit: "/s", ...against(inserts, map, "Map"), target: ">= 2.5x" },
      { what: "insert", value: inserts(table), unit: "/s", ...against(inserts, pooled, "Map, pooled values") },
      { what: "overwrite", value: overwrites(table), unit: "/s", ...against(overwrites, map, "Map") },
      {
        what: "overhead of a register",
        value: table.overheadBytes,
        unit: "B",
        against: `Map (${Math.round(map.overheadBytes)} B)`,
        ratio: table.overheadBytes / map.overheadBytes,
        target: "<= 60 B",
      },
      {
        what: "longest pause while overwriting",
        value: table.pauseMs,
        unit: "ms",
        against: `Map (${Math.round(map.pauseMs)} ms)`,
        ratio: table.pauseMs / map.pauseMs,
        target: "< 10 ms",
      },
    ],
  };
}
