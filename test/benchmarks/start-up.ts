/**
 * Start-up from disk: a replica takes back a million registers of 16-byte keys and 100-byte values, against a bare loop
 * over the same LevelDB that reads and checks every record. Each in a fresh process, in turns.
 */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundle } from "../support/bundle.ts";
import { median } from "./median.ts";
import type { BenchmarkReport } from "./report.ts";

const REGISTERS = 1_000_000;
const ROUNDS = 5;

export async function run(): Promise<BenchmarkReport> {
  const child = await bundle(new URL("./start-up-child.ts", import.meta.url).href);
  const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
  const timeOf = async (way: "build" | "replica" | "bare"): Promise<number> => {
    const { stdout } = await promisify(execFile)(process.execPath, [child, way, folder, String(REGISTERS)]);
    return Number(stdout);
  };
  try {
    await timeOf("build");
    // Reads the files into the system's cache, for both alike.
    await timeOf("bare");
    const rounds: { readonly replica: number; readonly bare: number }[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const replica = await timeOf("replica");
      rounds.push({ replica, bare: await timeOf("bare") });
    }
    const rateOf = (ms: number) => (REGISTERS / ms) * 1000;
    return {
      name: "start-up from disk, 1 million registers",
      rows: [
        {
          what: "registers taken back",
          value: rateOf(median(rounds.map(({ replica }) => replica))),
          unit: "/s",
          against: `bare loop (${Math.round(rateOf(median(rounds.map(({ bare }) => bare)))).toLocaleString("en-US")}/s)`,
          ratio: median(rounds.map(({ replica, bare }) => bare / replica)),
          target: ">= 0.6x",
        },
        { what: "start-up", value: median(rounds.map(({ replica }) => replica)) / 1000, unit: "s" },
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
