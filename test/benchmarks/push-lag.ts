/**
 * How long a write takes to show at the other replicas: three of them, each in its own process and on disk, 5,000 writes a
 * second between them, spread evenly. From the call of `put` to the watch event elsewhere. Bare sockets between the same
 * processes, written to at the same pace, tell what the machine adds.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median, quantile } from "./median.ts";
import { type ReplicaProcess, startReplicaProcess } from "./replica-process.ts";
import type { BenchmarkRow } from "./report.ts";

const REPLICAS = 3;
const WRITES_PER_SECOND = 5000;
/** Short rounds, the two in turns: a bad moment of the machine spoils one and not the median. */
const SECONDS = 1;
const ROUNDS = 11;
const WARM_UP_SECONDS = 8;

interface Lag {
  readonly p50: number;
  readonly p99: number;
}

async function measureLag(replicas: readonly ReplicaProcess[], way: "store" | "bare", seconds: number): Promise<Lag> {
  await Promise.all(replicas.map((replica) => replica.pace(way, WRITES_PER_SECOND / REPLICAS, seconds)));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const lags = (await Promise.all(replicas.map((replica) => replica.lags()))).flat();
  const wanted = Math.floor((WRITES_PER_SECOND / REPLICAS) * seconds) * REPLICAS * (REPLICAS - 1);
  if (lags.length < wanted * 0.99) throw new Error(`only ${lags.length} of ${wanted} writes arrived`);
  return { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99) };
}

/** Starts replicas that all know each other and waits until they do. */
async function startAll(folder: string): Promise<ReplicaProcess[]> {
  const replicas: ReplicaProcess[] = [];
  const targets: { host: string; port: number }[] = [];
  const barePorts: number[] = [];
  for (let i = 0; i < REPLICAS; i++) {
    const replica = await startReplicaProcess();
    replicas.push(replica);
    const { address, barePort } = await replica.start({ id: `r${i}`, data: join(folder, `r${i}`), join: targets });
    targets.push({ host: "127.0.0.1", port: Number(address.split(":")[1]) });
    barePorts.push(barePort);
  }
  for (const [i, replica] of replicas.entries()) {
    while ((await replica.state()).alive < REPLICAS - 1) await new Promise((resolve) => setTimeout(resolve, 50));
    await replica.meet(barePorts.filter((_, other) => other !== i));
  }
  return replicas;
}

export async function measurePushLag(): Promise<BenchmarkRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "atoll-bench-"));
  const replicas = await startAll(folder);
  try {
    const rounds: { readonly store: Lag; readonly bare: Lag }[] = [];
    await measureLag(replicas, "store", WARM_UP_SECONDS);
    const loads: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      for (const replica of replicas) await replica.load();
      const store = await measureLag(replicas, "store", SECONDS);
      for (const replica of replicas) loads.push((await replica.load()).cpuMs / SECONDS / 10);
      rounds.push({ store, bare: await measureLag(replicas, "bare", SECONDS) });
    }
    const rows = (["p50", "p99"] as const).map((each) => ({
      what: `push lag ${each}, 3 replicas, 5,000 writes/s`,
      value: median(rounds.map(({ store }) => store[each])),
      unit: "ms",
      against: `bare sockets (${median(rounds.map(({ bare }) => bare[each])).toFixed(2)} ms)`,
      ratio: median(rounds.map(({ store, bare }) => store[each] / bare[each])),
      ...(each === "p99" ? { target: "< 5 ms" } : {}),
    }));
    return [
      ...rows,
      { what: "CPU of each replica meanwhile, disk and watch included", value: median(loads), unit: "%" },
    ];
  } finally {
    for (const replica of replicas) replica.kill();
    await rm(folder, { recursive: true, force: true });
  }
}
