/**
 * What 5 million keys of 16 bytes with values of 100 random bytes take of the machine's memory, by the system's own count, in a replica
 * with a disk, in one without, and in Redis; and how much longer a GET takes at a replica that holds them than at an empty one. Both
 * are asked the same, in turns, at a rate that they keep up with: a slow second of the machine hits both.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../src/base/random.ts";
import { HttpConnection } from "../../src/cli/bench/http-connection.ts";
import { createKeyChoice } from "../../src/cli/bench/key-choice.ts";
import type { LatencyHistogram } from "../../src/cli/bench/latency-histogram.ts";
import { Load } from "../../src/cli/bench/load.ts";
import type { Resident } from "../support/process-status.ts";
import { median } from "./median.ts";
import { MemoryProcess } from "./memory-process.ts";
import { Redis } from "./redis-process.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const KEYS = 5_000_000;
/** With the prefix, keys of 16 bytes. */
const FILLING = { prefix: "fill/", first: 10_000_000_000, count: KEYS, valueBytes: 100 };
/** Of the replica that is called empty: what is asked for has to be there. */
const FEW_KEYS = 1000;
const MEMORY_BYTES = 8 * 1024 ** 3;

const ROUNDS = 7;
const ROUND_MS = 4000;
const PER_SECOND = 2000;
const CONNECTIONS = 20;
const PUT_SHARE = 0.1;

export async function run(): Promise<BenchmarkReport> {
  const redis = await redisBytes();
  const folder = mkdtempSync(join(tmpdir(), "atoll-bench-memory-"));
  const full = await MemoryProcess.start({ data: join(folder, "full"), memoryBytes: MEMORY_BYTES });
  const empty = await MemoryProcess.start({ data: join(folder, "empty"), memoryBytes: MEMORY_BYTES });
  try {
    await full.fill(FILLING);
    await empty.fill({ ...FILLING, count: FEW_KEYS });
    const rows = memoryRows("with a disk", await full.restingResident(), redis);
    const latencies = await latencyRows(full, empty);
    return { name: "5 million keys", rows: [...rows, ...(await bareRows(redis)), ...latencies] };
  } finally {
    await full.kill();
    await empty.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface RedisBytes {
  readonly name: string;
  readonly resident: Resident;
}

async function redisBytes(): Promise<RedisBytes | undefined> {
  const redis = await Redis.start();
  if (redis === undefined) {
    process.stderr.write(
      "!! NO redis-server ON THIS MACHINE (apt-get install redis-server): NOTHING IS COMPARED WITH IT\n",
    );
    return undefined;
  }
  try {
    await redis.fill(FILLING);
    return { name: `Redis ${redis.version}`, resident: await redis.resident() };
  } finally {
    await redis.stop();
  }
}

async function bareRows(redis: RedisBytes | undefined): Promise<readonly BenchmarkRow[]> {
  const bare = await MemoryProcess.start({ data: "none", memoryBytes: MEMORY_BYTES });
  try {
    await bare.fill(FILLING);
    return memoryRows("without a disk", await bare.restingResident(), redis);
  } finally {
    await bare.kill();
  }
}

function memoryRows(which: string, { bytes, ownBytes }: Resident, redis: RedisBytes | undefined): BenchmarkRow[] {
  const row = (what: string, mine: number, other: number | undefined): BenchmarkRow => ({
    what: `${what} a key, ${which}`,
    value: mine / KEYS,
    unit: "B",
    ...(redis === undefined || other === undefined
      ? { against: "no Redis here" }
      : { against: `${redis.name}: ${Math.round(other / KEYS)} B`, ratio: mine / other, target: "<= 1.0x" }),
  });
  return [
    row("resident memory", bytes, redis?.resident.bytes),
    row("of that, no pages of files,", ownBytes, redis?.resident.ownBytes),
  ];
}

interface Round {
  readonly full: LatencyHistogram;
  readonly empty: LatencyHistogram;
}

async function latencyRows(full: MemoryProcess, empty: MemoryProcess): Promise<readonly BenchmarkRow[]> {
  // The code that answers is compiled before it counts.
  for (const replica of [full, empty]) await ask(replica, FEW_KEYS);
  await full.figures();
  await empty.figures();
  const rounds: Round[] = [];
  for (let i = 0; i < ROUNDS; i++) rounds.push({ full: await ask(full, KEYS), empty: await ask(empty, FEW_KEYS) });
  const { longestPauseMs } = await full.figures();
  const atEmpty = (await empty.figures()).longestPauseMs;
  return [
    latencyRow("p50", 0.5, rounds),
    latencyRow("p99", 0.99, rounds),
    { ...latencyRow("p99.9", 0.999, rounds), target: "<= 2.0x" },
    {
      what: "longest pause meanwhile",
      value: longestPauseMs,
      unit: "ms",
      against: `empty: ${atEmpty.toFixed(1)} ms`,
      ratio: longestPauseMs / atEmpty,
      target: "< 10 ms",
    },
  ];
}

function latencyRow(what: string, share: number, rounds: readonly Round[]): BenchmarkRow {
  const of = (pick: (round: Round) => LatencyHistogram) => median(rounds.map((round) => pick(round).quantileMs(share)));
  return {
    what: `GET over HTTP, ${what}`,
    value: of((round) => round.full),
    unit: "ms",
    against: `empty: ${of((round) => round.empty).toFixed(2)} ms`,
    ratio: median(rounds.map((round) => round.full.quantileMs(share) / round.empty.quantileMs(share))),
  };
}

/** Latencies of GETs, evenly spread over so many keys, with PUTs among them. */
async function ask({ port }: MemoryProcess, keys: number): Promise<LatencyHistogram> {
  const random = new SeededRandom("keys");
  const choose = createKeyChoice("uniform", keys);
  const target = {
    url: new URL(`http://127.0.0.1:${port}`),
    prefix: FILLING.prefix,
    value: "x".repeat(FILLING.valueBytes),
  };
  const connections = Array.from({ length: CONNECTIONS }, () => new HttpConnection(target));
  const load = new Load({
    connections,
    next: () => ({
      type: random.uint32() < PUT_SHARE * 2 ** 32 ? "put" : "get",
      key: FILLING.first + choose(random),
    }),
    requestsMax: Infinity,
    durationMs: ROUND_MS,
    perSecond: PER_SECOND,
    timeoutMs: Infinity,
  });
  const { tally } = await load.run();
  for (const connection of connections) connection.close();
  if (tally.errors > 0 || tally.misses > 0) throw new Error(`${tally.errors} errors, ${tally.misses} keys not found`);
  return tally.latencies.get;
}
