/**
 * A new replica beside one that holds a million registers of 16-byte keys and 100-byte values, each in a process of its own:
 * from its start until `/readyz` says that it has them all. Beside it, in turns, what a link carries between two processes: the
 * same bytes over a bare WebSocket into bare register tables, and into shards. On a busy machine times tell little, for the
 * replica has more to lose to others than a bare link has: CPU times stand beside them.
 */

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { bundle } from "../support/bundle.ts";
import type { LinkFigures } from "./bootstrap-link-child.ts";
import { median } from "./median.ts";
import { type ReplicaProcess, startReplicaProcess } from "./replica-process.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const REGISTERS = 1_000_000;
/** Written last, and waited for: once the disk has them it is done with those before. */
const REGISTERS_WAITED_FOR = 10_000;
const ROUNDS = 3;
/** Each question costs the new replica a little as well. */
const POLL_MS = 25;
const READY_WITHIN_MS = 120_000;
/** Options of Node for the process of the new replica, such as `--cpu-prof`. */
const JOINER_OPTIONS = (process.env.BOOTSTRAP_NODE_OPTIONS ?? "").split(" ").filter((option) => option !== "");

type Way = "disk" | "none" | "table" | "shard";
/** `cpuMs`: of all threads of whoever took the registers in. */
type Round = Readonly<Record<Way, LinkFigures>>;

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function untilReady(address: string, from: number): Promise<number> {
  for (;;) {
    const { status } = await fetch(`http://${address}/readyz`);
    const took = performance.now() - from;
    if (status === 200) return took;
    if (took > READY_WITHIN_MS) throw new Error(`not ready after ${READY_WITHIN_MS} ms`);
    await pause(POLL_MS);
  }
}

async function checkHoldsAll(replica: ReplicaProcess): Promise<void> {
  const { registers } = await replica.state();
  if (registers !== REGISTERS) throw new Error(`ready with ${registers} of ${REGISTERS} registers`);
}

/** From the start of a new replica until it is ready. */
async function joinReplica(id: string, data: string, source: string): Promise<LinkFigures> {
  const joiner = await startReplicaProcess(JOINER_OPTIONS);
  try {
    const [host = "", port] = source.split(":");
    await joiner.load();
    const from = performance.now();
    const { address } = await joiner.start({ id, data, join: [{ host, port: Number(port) }] });
    const ms = await untilReady(address, from);
    const { cpuMs } = await joiner.load();
    await checkHoldsAll(joiner);
    // A replica that keeps nothing leaves for good with that: whoever joins next does not look for it.
    await joiner.stop();
    return { ms, cpuMs };
  } finally {
    joiner.kill();
  }
}

async function fetchBare(into: "table" | "shard"): Promise<LinkFigures> {
  const child = await bundle(new URL("./bootstrap-link-child.ts", import.meta.url).href);
  const { stdout } = await promisify(execFile)(process.execPath, [child, "send", String(REGISTERS), into]);
  return JSON.parse(stdout) as LinkFigures;
}

async function measureRound(folder: string): Promise<Round> {
  const source = await startReplicaProcess();
  try {
    const { address } = await source.start({ id: "source", data: join(folder, "source"), join: [] });
    await source.fill("boot", REGISTERS, REGISTERS_WAITED_FOR);
    const none = await joinReplica("forgetful", "none", address);
    const table = await fetchBare("table");
    const disk = await joinReplica("joiner", join(folder, "joiner"), address);
    const shard = await fetchBare("shard");
    return { disk, none, table, shard };
  } finally {
    source.kill();
  }
}

function rateOf(ms: number): number {
  return (REGISTERS / ms) * 1000;
}

export async function run(): Promise<BenchmarkReport> {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
    try {
      rounds.push(await measureRound(folder));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  const msOf = (way: Way) => median(rounds.map((round) => round[way].ms));
  const cpuMsOf = (way: Way) => median(rounds.map((round) => round[way].cpuMs));
  const rowsOf = (way: "disk" | "none", what: string): BenchmarkRow[] => [
    ...(["table", "shard"] as const).map((into) => ({
      what: `registers taken over, ${what}`,
      value: rateOf(msOf(way)),
      unit: "/s",
      against: `link and ${into} (${Math.round(rateOf(msOf(into))).toLocaleString("en-US")}/s)`,
      ratio: median(rounds.map((round) => round[into].ms / round[way].ms)),
      ...(way === "disk" && into === "table" ? { target: ">= 0.6x" } : {}),
    })),
    ...(["table", "shard"] as const).map((into) => ({
      what: `CPU time of the new replica, ${what}`,
      value: cpuMsOf(way) / 1000,
      unit: "s",
      against: `link and ${into} (${(cpuMsOf(into) / 1000).toFixed(2)} s)`,
      ratio: median(rounds.map((round) => round[into].cpuMs / round[way].cpuMs)),
    })),
  ];
  return {
    name: "bootstrap, 1 million registers",
    rows: [...rowsOf("disk", "on disk"), ...rowsOf("none", "--data none")],
  };
}
