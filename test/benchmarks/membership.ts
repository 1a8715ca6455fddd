/**
 * What it costs to watch over each other, and how soon who is gone is missed: 10, 100 and 1,000 members by themselves, with
 * production's settings, in virtual time. Deaths are silent: links stay, and nobody answers. Messages are those that
 * replicas send, counted without what TCP and WebSocket add. MEMBERSHIP_SIZES: other sizes.
 *
 * Processor time is that of the whole process, links and clocks of this bench included: what a member costs is less.
 */

import { SwimCluster, type SwimClusterOptions } from "../support/swim-cluster.ts";
import { quantile } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const SIZES = (process.env.MEMBERSHIP_SIZES ?? "10,100,1000").split(",").map(Number);
/** Before anything is measured: all links are up, and what is news of them is old. */
const WARM_UP_MS = 15_000;
/** Long enough for each to have compared its roster twice. */
const PEACE_MS = 60_000;
const LOSS_MS = 60_000;
const DEATHS = 10;
const PAUSE_MS = 6000;

interface Cost {
  readonly size: number;
  /** Sent by each, a second. */
  readonly peaceBytes: number;
  /** Processor time of each in a second of peace, and of loss, ms. */
  readonly peaceCpuMs: number;
  readonly lossCpuMs: number;
  /** The same while members die. */
  readonly deathBytes: number;
  readonly suspectedMs: readonly number[];
  readonly deadMs: readonly number[];
  /** Members that ran and were suspected, or declared dead by anybody, for each member and hour. */
  readonly lossSuspected: number;
  readonly lossDead: number;
  /** Members that ran all the time and were suspected, or declared dead, while a tenth of the others slept. */
  readonly pauseSuspected: number;
  readonly pauseDead: number;
}

function started(size: number, more: Partial<SwimClusterOptions> = {}): SwimCluster {
  const cluster = new SwimCluster({ size, seed: `membership ${size}`, ...more });
  cluster.run(WARM_UP_MS);
  return cluster;
}

function bytesOver(cluster: SwimCluster, run: () => void): number {
  const [before, from] = [cluster.bytes, cluster.now];
  run();
  return (cluster.bytes - before) / cluster.nodes.length / ((cluster.now - from) / 1000);
}

/** For each member and virtual second. */
function cpuMsOver(cluster: SwimCluster, run: () => void): number {
  const [before, from] = [process.cpuUsage(), cluster.now];
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / cluster.nodes.length / ((cluster.now - from) / 1000);
}

/** Kills one after the other, and waits until everybody else knows. */
function deathsOf(cluster: SwimCluster): Pick<Cost, "suspectedMs" | "deadMs" | "deathBytes"> {
  const [suspectedMs, deadMs]: [number[], number[]] = [[], []];
  const deathBytes = bytesOver(cluster, () => {
    for (let i = 1; i <= Math.min(DEATHS, cluster.nodes.length / 4); i++) {
      const from = cluster.now;
      cluster.kill(i, { isSilent: true });
      const others = cluster.running;
      cluster.runUntil(() => others.every((by) => cluster.stateOf(by, i) !== "alive"), 120_000);
      suspectedMs.push(cluster.now - from);
      cluster.runUntil(() => cluster.allSee("dead", others, [i]), 120_000);
      deadMs.push(cluster.now - from);
    }
  });
  return { suspectedMs, deadMs, deathBytes };
}

/** Of these members so many were so to anybody. */
function mistaken(cluster: SwimCluster, state: "suspect" | "dead", isMeant: (member: number) => boolean): number {
  const told = cluster.sightings.filter((sighting) => sighting.state === state && isMeant(sighting.of));
  return new Set(told.map(({ of }) => of)).size;
}

function measure(size: number): Cost {
  const cluster = started(size);
  let peaceBytes = 0;
  const peaceCpuMs = cpuMsOver(cluster, () => {
    peaceBytes = bytesOver(cluster, () => cluster.run(PEACE_MS));
  });
  const deaths = deathsOf(cluster);
  const lossy = started(size, { loss: 0.2, latencyMs: 40 });
  const lossCpuMs = cpuMsOver(lossy, () => lossy.run(LOSS_MS));
  const memberHours = (size * (LOSS_MS + WARM_UP_MS)) / 3_600_000;
  const sleepy = started(size);
  const isAwake = (member: number): boolean => member % 10 !== 0;
  for (let i = 0; i < size; i += 10) sleepy.pause(i, PAUSE_MS);
  sleepy.run(3 * PAUSE_MS);
  return {
    size,
    peaceBytes,
    peaceCpuMs,
    lossCpuMs,
    ...deaths,
    lossSuspected: mistaken(lossy, "suspect", () => true) / memberHours,
    lossDead: mistaken(lossy, "dead", () => true) / memberHours,
    pauseSuspected: mistaken(sleepy, "suspect", isAwake),
    pauseDead: mistaken(sleepy, "dead", isAwake),
  };
}

function rowsOf(cost: Cost, first: Cost): BenchmarkRow[] {
  const { size, suspectedMs, deadMs } = cost;
  const isTarget = size === 100;
  const row = (what: string, value: number, unit: string, target?: string): BenchmarkRow => ({
    what: `${size} members: ${what}`,
    value,
    unit,
    ...(target === undefined ? {} : { target }),
  });
  const against = `${first.size} members`;
  const traffic = row("sent by each in peace, a second", cost.peaceBytes, "B");
  return [
    cost === first ? traffic : { ...traffic, against, ratio: cost.peaceBytes / first.peaceBytes, target: "<= 2x" },
    row("sent by each while members die, a second", cost.deathBytes, "B"),
    row("a silent death is suspected everywhere, median", quantile(suspectedMs, 0.5), "ms"),
    row("the same, longest", Math.max(...suspectedMs), "ms", isTarget ? "< 5000 ms" : undefined),
    row("a silent death is declared everywhere, median", quantile(deadMs, 0.5), "ms"),
    row("the same, longest", Math.max(...deadMs), "ms", isTarget ? "< 15000 ms" : undefined),
    row("falsely suspected at 20% loss, by member and hour", cost.lossSuspected, ""),
    row("falsely declared dead at 20% loss, by member and hour", cost.lossDead, ""),
    row("processor time of each in peace, a second", cost.peaceCpuMs, "ms"),
    row("processor time of each at 20% loss, a second", cost.lossCpuMs, "ms"),
    row("awake, and suspected while a tenth sleeps 6 s", cost.pauseSuspected, "members"),
    row("awake, and declared dead while a tenth sleeps 6 s", cost.pauseDead, "members"),
  ];
}

export async function run(): Promise<BenchmarkReport> {
  const costs = SIZES.map(measure);
  const [first] = costs;
  return { name: "membership", rows: first === undefined ? [] : costs.flatMap((cost) => rowsOf(cost, first)) };
}
