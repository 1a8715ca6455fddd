/**
 * The Redis door with replication to two peers on, and a Redis of this machine, under `redis-benchmark`: SET and GET of 100 bytes,
 * 100,000 keys, 50 connections, one command at a time and 16. They take turns in the same run, and the median of their ratios
 * counts. What replication costs the replica that is asked is its CPU time for a SET beside that of one without peers.
 *
 * All share the machine's cores with the client and, in Atoll's case, with the peers: on two cores the three replicas of a write
 * and the client have two thirds of a core each at most, where Redis and the client have one each. So what Atoll does without
 * peers is shown beside, and what a bare server in Node does that reads commands and keeps values in a map: no more can be had there.
 */

import { type ChildProcess, execFile, fork } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { bundle } from "../support/bundle.ts";
import { median } from "./median.ts";
import { freePort, Redis } from "./redis-process.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const ROUNDS = 3;
const COMMANDS = 100_000;
const PIPELINES = [1, 16];
const TESTS = ["SET", "GET"] as const;

type Test = (typeof TESTS)[number];
type Contender = "redis" | "bare" | "alone" | "linked";

interface Server {
  readonly redisPort: number;
  readonly child: ChildProcess;
}

export async function run(): Promise<BenchmarkReport> {
  const redis = await Redis.start();
  if (redis === undefined) return { name: "redis", rows: [] };
  const port = await freePort();
  const group = [await startServer(port)];
  group.push(await startServer(await freePort(), port), await startServer(await freePort(), port));
  const alone = await startServer(await freePort());
  const bare = await startBare();
  try {
    const linked = group[0] as Server;
    const ports = { redis: redis.port, bare: bare.redisPort, alone: alone.redisPort, linked: linked.redisPort };
    for (const at of Object.values(ports)) for (const test of TESTS) await load(at, test, 1);
    const rows: BenchmarkRow[] = [];
    for (const pipeline of PIPELINES)
      for (const test of TESTS) rows.push(await compare(redis.version, ports, test, pipeline));
    rows.push(await cost(linked, alone));
    return { name: "redis", rows };
  } finally {
    for (const { child } of [...group, alone, bare]) child.kill("SIGKILL");
    await redis.stop();
  }
}

async function compare(
  version: string,
  ports: Readonly<Record<Contender, number>>,
  test: Test,
  pipeline: number,
): Promise<BenchmarkRow> {
  const rounds: Record<Contender, number>[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [redis, bare] = [await load(ports.redis, test, pipeline), await load(ports.bare, test, pipeline)];
    const alone = await load(ports.alone, test, pipeline);
    rounds.push({ redis, bare, alone, linked: await load(ports.linked, test, pipeline) });
  }
  const ratioOf = (who: Contender): number => median(rounds.map((round) => round[who] / round.redis));
  const redis = median(rounds.map((round) => round.redis)).toFixed(0);
  return {
    what: `${test} of 100 bytes, ${pipeline} at a time, two peers`,
    value: median(rounds.map(({ linked }) => linked)),
    unit: "commands/s",
    against: `Redis ${version} ${redis}; no peers ${ratioOf("alone").toFixed(2)}x, bare Node ${ratioOf("bare").toFixed(2)}x`,
    ratio: ratioOf("linked"),
    target: ">= 0.65",
  };
}

async function cost(linked: Server, alone: Server): Promise<BenchmarkRow> {
  const rounds: { readonly linked: number; readonly alone: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const without = await cpuOfCommand(alone);
    rounds.push({ alone: without, linked: await cpuOfCommand(linked) });
  }
  return {
    what: "SET of 100 bytes, 16 at a time: server CPU a command, two peers",
    value: median(rounds.map((round) => round.linked)),
    unit: "us",
    against: `no peers ${median(rounds.map((round) => round.alone)).toFixed(1)} us`,
    ratio: median(rounds.map((round) => round.linked / round.alone)),
    target: "<= 1.4",
  };
}

async function cpuOfCommand(server: Server): Promise<number> {
  const before = await cpuOf(server);
  await load(server.redisPort, "SET", 16);
  return ((await cpuOf(server)) - before) / (16 * COMMANDS * COMMANDS_SHARE);
}

/** Sixteen at a time are sooner done, but not sixteen times as soon. */
const COMMANDS_SHARE = 1 / 4;

/** Commands a second. */
async function load(port: number, test: Test, pipeline: number): Promise<number> {
  const count = pipeline === 1 ? COMMANDS : COMMANDS * pipeline * COMMANDS_SHARE;
  const options = { p: port, t: test.toLowerCase(), n: count, r: 100_000, d: 100, c: 50, P: pipeline };
  const words = Object.entries(options).flatMap(([name, value]) => [`-${name}`, String(value)]);
  const { stdout } = await promisify(execFile)("redis-benchmark", [...words, "--csv"]);
  const perSecond = Number(new RegExp(`^"${test}","([\\d.]+)"`, "m").exec(stdout)?.[1]);
  if (!(perSecond > 0)) throw new Error(`redis-benchmark: ${stdout.slice(0, 500)}`);
  return perSecond;
}

async function startServer(port: number, join?: number): Promise<Server> {
  const redisPort = await freePort();
  const words = [redisPort, port, ...(join === undefined ? [] : [join])].map(String);
  const child = fork(await bundle(new URL("./redis-door-child.ts", import.meta.url).href), words, { execArgv: [] });
  await once(child, "message");
  return { redisPort, child };
}

async function startBare(): Promise<Server> {
  const redisPort = await freePort();
  const child = fork(await bundle(new URL("./redis-bare-child.ts", import.meta.url).href), [String(redisPort)], {
    execArgv: [],
  });
  await once(child, "message");
  return { redisPort, child };
}

/** User and system time so far, in microseconds. */
async function cpuOf({ child }: Server): Promise<number> {
  child.send("cpu");
  const [{ user, system }] = (await once(child, "message")) as [NodeJS.CpuUsage];
  return user + system;
}
