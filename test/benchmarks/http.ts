/**
 * What the HTTP door costs: server CPU time a request, GET and PUT of 100 bytes on 50 connections with tokens and
 * metrics on, against a bare `node:http` server that drains the same bodies and answers a constant. The two take turns
 * in the same run, each in its own process, and the median of their ratios counts: what else the machine does meanwhile
 * falls on both.
 */

import { type ChildProcess, fork } from "node:child_process";
import autocannon from "autocannon";
import { bundle } from "../support/bundle.ts";
import { BENCH_TOKEN } from "./http-token.ts";

export interface BenchRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: string;
  readonly ratio?: number;
  readonly target?: string;
}

const ROUNDS = 5;
const SECONDS = 2;
const WARM_UP_SECONDS = 2;
const CONNECTIONS = 50;

interface Measured {
  readonly cpuMicroseconds: number;
  readonly perSecond: number;
}

type Method = "GET" | "PUT";

/** The rows of the bench table. */
export async function run(): Promise<{ name: string; rows: readonly BenchRow[] }> {
  const bare = await startChild("./http-bare-child.ts");
  const door = await startChild("./http-door-child.ts");
  try {
    for (const server of [bare, door]) for (const method of methods) await load(server, method, WARM_UP_SECONDS);
    const rows: BenchRow[] = [];
    for (const method of methods) rows.push(...(await compare(bare, door, method)));
    return { name: "http", rows };
  } finally {
    bare.process.kill();
    door.process.kill();
  }
}

/** PUT first: the GETs then find a value. */
const methods: readonly Method[] = ["PUT", "GET"];

async function compare(bare: Child, door: Child, method: Method): Promise<readonly BenchRow[]> {
  const rounds: { readonly bare: Measured; readonly door: Measured }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ bare: await measure(bare, method), door: await measure(door, method) });
  }
  const against = "bare node:http";
  return [
    {
      what: `${method} of 100 bytes: server CPU a request`,
      value: median(rounds.map((round) => round.door.cpuMicroseconds)),
      unit: "us",
      against: `${against} ${median(rounds.map((round) => round.bare.cpuMicroseconds)).toFixed(1)} us`,
      ratio: median(rounds.map((round) => round.door.cpuMicroseconds / round.bare.cpuMicroseconds)),
      target: "<= 1.25",
    },
    {
      what: `${method} of 100 bytes: throughput`,
      value: median(rounds.map((round) => round.door.perSecond)),
      unit: "requests/s",
      against: `${against} ${median(rounds.map((round) => round.bare.perSecond)).toFixed(0)}`,
      ratio: median(rounds.map((round) => round.door.perSecond / round.bare.perSecond)),
    },
  ];
}

async function measure(server: Child, method: Method): Promise<Measured> {
  const before = await cpuOf(server);
  const requests = await load(server, method, SECONDS);
  return { cpuMicroseconds: ((await cpuOf(server)) - before) / requests, perSecond: requests / SECONDS };
}

async function load(server: Child, method: Method, duration: number): Promise<number> {
  const result = await autocannon({
    url: `http://127.0.0.1:${server.port}/v1/kv/session-0000000001`,
    method,
    connections: CONNECTIONS,
    duration,
    headers: { authorization: `Bearer ${BENCH_TOKEN}`, "content-type": "application/octet-stream" },
    ...(method === "PUT" ? { body: "x".repeat(100) } : {}),
  });
  if (result.non2xx > 0 || result.errors > 0) throw new Error(`${result.non2xx + result.errors} requests failed`);
  return result.requests.total;
}

interface Child {
  readonly process: ChildProcess;
  readonly port: number;
}

async function startChild(entry: string): Promise<Child> {
  const child = fork(await bundle(new URL(entry, import.meta.url).href), { execArgv: [] });
  const { port } = await nextMessage<{ port: number }>(child);
  return { process: child, port };
}

/** User and system time so far, in microseconds. */
async function cpuOf(server: Child): Promise<number> {
  server.process.send("cpu");
  const { user, system } = await nextMessage<NodeJS.CpuUsage>(server.process);
  return user + system;
}

function nextMessage<T>(child: ChildProcess): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`the server ended with ${code}`));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message as T);
    });
  });
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
