/**
 * `atoll bench`: load on a running replica. It writes keys of its own first, so that there is something to read, then keeps
 * connections busy (`bench/load.ts`), and deletes the keys in the end.
 */

import { randomBytes } from "node:crypto";
import type { Command } from "commander";
import { keyFromText } from "../base/key.ts";
import { SeededRandom } from "../base/random.ts";
import { grouped } from "./amounts.ts";
import { type Bench, type BenchOptions, checkBench } from "./bench/bench-options.ts";
import { type BenchReport, formatMs, formatReport, reportOf } from "./bench/bench-report.ts";
import { HttpConnection } from "./bench/http-connection.ts";
import { createKeyChoice } from "./bench/key-choice.ts";
import { Load, type LoadPlan, type LoadResult } from "./bench/load.ts";
import type { LoadConnection, LoadTarget } from "./bench/load-connection.ts";
import type { OperationType } from "./bench/operation-mix.ts";
import { clientCommand, connectClient } from "./client-options.ts";
import { CommandFailure } from "./command-failure.ts";
import { formatProgress } from "./progress-bar.ts";
import { ProgressLine } from "./progress-line.ts";
import { listenForStop, type StopRequest } from "./stop-request.ts";
import { print, say } from "./terminal.ts";

const SHOW_MS = 200;
/** As a shell has it of what ctrl-C ended. */
const EXIT_STOPPED = 130;

export function benchCommand(): Command {
  return clientCommand("bench")
    .description("put load on a replica, or on each of a list of --url, and show how it fared")
    .option("--connections <N>", "requests under way at once, each on a connection of its own", "50")
    .option("--duration <TIME>", "how long (default: 10s, unless there are --requests)")
    .option("--requests <N>", "stop after so many")
    .option("--mix <SHARES>", "shares of get, put and delete", "get=80,put=20")
    .option("--keys <N>", "how many keys there are", "10000")
    .option("--value-bytes <SIZE>", "length of values: 100, 4kb", "100")
    .option("--distribution <NAME>", "zipf (a few keys are asked for most of the time) or uniform", "zipf")
    .option("--rate <N>", "requests that fall due a second, however slow the answers; latency counts from when they do")
    .option("--protocol <NAME>", "http or websocket", "http")
    .option("--timeout <TIME>", "a request that takes longer has failed", "10s")
    .option("--prefix <TEXT>", "that keys begin with (default: bench/ and random letters)")
    .option("--no-fill", "write no keys before")
    .option("--keep", "leave the keys there")
    .option("--json", "the result as JSON")
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const checked = await checkBench(options);
  for (const url of checked.target.urls) {
    const client = await connectClient({ ...checked.target, urls: [url] }, options);
    // Whatever stands in the way of the first request is told in the words of every other command.
    await client.get(keyFromText(`${checked.prefix}0`));
  }
  const line = new ProgressLine();
  const stop = listenForStop({ again: () => process.exit(EXIT_STOPPED) });
  const connections = await openConnections(checked);
  try {
    const report = await measure({ checked, connections, line, stop }, async (measured) => {
      const shown = { ...facts(checked), isStopped: stop.isRequested(), ...measured };
      await print(options.json === true ? JSON.stringify(shown, null, 2) : formatReport(measured));
      for (const warning of measured.warnings) say(`atoll: ${warning}`);
    });
    if (report.all.requests === 0 && report.all.errors > 0) throw new CommandFailure("no request went well");
  } finally {
    for (const connection of connections) connection.close();
  }
}

/** What a load is run with. */
interface Bed {
  readonly checked: Bench;
  readonly connections: readonly LoadConnection[];
  readonly line: ProgressLine;
  readonly stop: StopRequest;
}

/** Shows what was measured, and only then deletes the keys, which may take a while. */
async function measure(bed: Bed, show: (report: BenchReport) => Promise<void>): Promise<BenchReport> {
  const { mix, keys, perSecond, isFilled } = bed.checked;
  const { stop } = bed;
  // So many of the keys may be there.
  let written = 0;
  try {
    if (isFilled && mix.has("get")) {
      const work = { type: "put", keys, name: "writing keys", stop } as const;
      await runAll(bed, work, (count) => {
        written = count;
      });
      if (stop.isRequested()) throw new CommandFailure("stopped before anything was measured", EXIT_STOPPED);
    }
    if (mix.has("put")) written = keys;
    const before = performance.eventLoopUtilization();
    const result = await runLoad(planOf(bed), { line: bed.line, name: "measuring", stop });
    const clientBusy = performance.eventLoopUtilization(before).utilization;
    const report = reportOf(result, { mix, clientBusy, ...(perSecond === undefined ? {} : { perSecond }) });
    await show(report);
    return report;
  } finally {
    await cleanUp(bed, written);
  }
}

/** Deletes the keys that may be there. */
async function cleanUp(bed: Bed, keys: number): Promise<void> {
  const { prefix, isKept } = bed.checked;
  if (keys === 0) return;
  if (isKept) return say(`atoll: kept up to ${grouped(keys)} keys under ${prefix}`);
  try {
    await runAll(bed, { type: "delete", keys, name: "deleting keys" });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    say(`atoll: keys under ${prefix} may be left: ${error.message}`);
  }
}

interface ForAll {
  readonly type: OperationType;
  readonly keys: number;
  readonly name: string;
  /** Absent: it is seen through to its end. */
  readonly stop?: StopRequest;
}

/**
 * Does the same to the first so many keys, as fast as it goes; `began` is told with how many it has begun. Throws
 * `CommandFailure` where that fails of one.
 */
async function runAll(bed: Bed, work: ForAll, began: (count: number) => void = () => {}): Promise<void> {
  const { type, keys, name, stop } = work;
  const { connections, line, checked } = bed;
  let key = 0;
  const next = () => {
    began(key + 1);
    return { type, key: key++ };
  };
  const plan = { connections, next, requestsMax: keys, durationMs: Infinity, timeoutMs: checked.timeoutMs };
  const { tally } = await runLoad(plan, { line, name, ...(stop === undefined ? {} : { stop }) });
  if (tally.errors === 0) return;
  const codes = [...tally.errorsByCode].map(([code, count]) => `${grouped(count)} failed with ${code}`);
  throw new CommandFailure(`${name}: of ${grouped(keys)} ${codes.join(", ")}`);
}

interface Watching {
  readonly line: ProgressLine;
  readonly name: string;
  readonly stop?: StopRequest;
}

async function runLoad(plan: LoadPlan, { line, name, stop }: Watching): Promise<LoadResult> {
  const load = new Load(plan);
  const showing = setInterval(() => line.show(progressOf(load, plan, name)), SHOW_MS);
  const running = load.run();
  if (stop?.isRequested() === true) load.stop();
  void stop?.requested.then(() => load.stop());
  try {
    return await running;
  } finally {
    clearInterval(showing);
    line.clear();
  }
}

function progressOf(load: Load, { requestsMax, durationMs }: LoadPlan, name: string): string {
  const { tally, started, elapsedMs } = load;
  const hasAnswers = tally.succeeded > 0;
  const facts = [
    `${grouped((tally.succeeded / Math.max(1, elapsedMs)) * 1000)}/s`,
    hasAnswers ? `p99 ${formatMs(tally.total().quantileMs(0.99))}` : "",
    tally.errors === 0 ? "" : `${grouped(tally.errors)} errors`,
  ];
  return formatProgress({ name, share: Math.max(started / requestsMax, elapsedMs / durationMs), facts });
}

function planOf({ checked, connections }: Bed): LoadPlan {
  const { mix, requestsMax, durationMs, timeoutMs, perSecond } = checked;
  const random = new SeededRandom(randomBytes(8).toString("hex"));
  const choose = createKeyChoice(checked.distribution, checked.keys);
  return {
    connections,
    next: () => ({ type: mix.pick(random), key: choose(random) }),
    requestsMax,
    durationMs,
    timeoutMs,
    ...(perSecond === undefined ? {} : { perSecond }),
  };
}

/** Spread evenly over the replicas. */
async function openConnections(checked: Bench): Promise<readonly LoadConnection[]> {
  const { target, protocol, prefix, valueBytes, connections } = checked;
  const { urls, caFile, ...others } = target;
  const ca =
    caFile === undefined ? undefined : (await import("./private-file.ts")).readPem(caFile, "--tls-ca", "CERTIFICATE");
  const value = randomText(valueBytes);
  const targets = urls.map((url): LoadTarget => {
    return { ...others, url: new URL(url), prefix, value, ...(ca === undefined ? {} : { ca }) };
  });
  const create = await connectionsOf(protocol);
  return Array.from({ length: connections }, (_, i) => create(targets[i % targets.length] as LoadTarget));
}

async function connectionsOf(protocol: Bench["protocol"]): Promise<(target: LoadTarget) => LoadConnection> {
  if (protocol === "http") return (target) => new HttpConnection(target);
  const { WebSocketConnection } = await import("./bench/websocket-connection.ts");
  return (target) => new WebSocketConnection(target);
}

/** Hardly to be compressed. */
function randomText(length: number): string {
  return randomBytes(Math.ceil((length * 3) / 4))
    .toString("base64url")
    .slice(0, length);
}

function facts(checked: Bench) {
  const { target, protocol, connections, mix, keys, valueBytes, distribution } = checked;
  const { urls, keyspace = "default" } = target;
  return { urls, keyspace, protocol, connections, mix: mix.shares, keys, valueBytes, distribution };
}
