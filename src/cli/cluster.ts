/**
 * `atoll cluster`: several replicas on this machine, each a process of its own, for trying things out. A replica that dies
 * is reported and left dead, so that one can be killed on purpose; ctrl-C stops the others.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { styleText } from "node:util";
import Table from "cli-table3";
import { Command } from "commander";
import { createPrettifier } from "../runtime/logger.ts";
import { CommandFailure } from "./command-failure.ts";
import { listenForStop } from "./stop-request.ts";
import { print, say } from "./terminal.ts";
import { UsageError } from "./usage-error.ts";

const PORT_STEP = 10;
const NODES_MAX = 32;
const STOP_TIMEOUT_MS = 10_000;
const COLOURS = ["cyan", "yellow", "green", "magenta", "blue", "red"] as const;

interface ClusterOptions {
  readonly nodes: string;
  readonly regions: string;
  readonly port: string;
  readonly data: string;
  readonly logLevel: string;
}

interface NodePlan {
  readonly id: string;
  readonly region: string;
  readonly port: number;
  readonly args: readonly string[];
}

interface RunningNode {
  readonly plan: NodePlan;
  readonly child: ChildProcess;
  /** Resolves to the replica's id when it serves; rejects when it ended before. */
  readonly ready: Promise<string>;
  readonly ended: Promise<void>;
}

export function clusterCommand(): Command {
  return new Command("cluster")
    .description("run several replicas on this machine, until ctrl-C")
    .option("--nodes <N>", "how many", "3")
    .option("--regions <LIST>", "their regions, in turn", "eu,us,ap")
    .option("--port <N>", "port of the first; each next one has 10 more", "7400")
    .option("--data <DIR>", "folder that holds their data folders, or none", "./atoll-data")
    .option("--log-level <LEVEL>", "debug, info, warn, error", "info")
    .action(cluster);
}

/** Who runs where, with the arguments of each one's `atoll start`. Throws `UsageError`. */
export function planCluster(options: ClusterOptions): readonly NodePlan[] {
  const nodes = Number(options.nodes);
  if (!/^\d{1,3}$/.test(options.nodes) || nodes < 1 || nodes > NODES_MAX) {
    throw new UsageError(`--nodes must be a whole number from 1 to ${NODES_MAX}, not ${JSON.stringify(options.nodes)}`);
  }
  const first = Number(options.port);
  const last = first + (nodes - 1) * PORT_STEP;
  if (!/^\d{1,5}$/.test(options.port) || first < 1 || last > 65_535) {
    throw new UsageError(`--port must leave room for ${nodes} ports up to 65535, not ${JSON.stringify(options.port)}`);
  }
  const regions = options.regions.split(",").map((region) => region.trim());
  if (!regions.every((region) => /^[A-Za-z0-9._-]{1,60}$/.test(region))) {
    throw new UsageError("--regions must be names of letters, digits, dots, underscores and hyphens, comma-separated");
  }
  const ports = Array.from({ length: nodes }, (_, index) => first + index * PORT_STEP);
  return ports.map((port, index) => {
    const region = regions[index % regions.length] ?? "local";
    const id = `${region}-${index + 1}`;
    const others = ports.filter((other) => other !== port).map((other) => `127.0.0.1:${other}`);
    const data = options.data === "none" ? "none" : resolve(options.data, `cluster-${id}-${port}`);
    const args = [
      ...["start", "--id", id, "--region", region, "--host", "127.0.0.1", "--port", String(port), "--redis-port", "0"],
      ...["--join", others.join(","), "--data", data, "--enable-faults", "--log-level", options.logLevel],
    ];
    return { id, region, port, args };
  });
}

async function cluster(options: ClusterOptions): Promise<void> {
  const plans = planCluster(options);
  const nodes = plans.map((plan, index) => launch(plan, COLOURS[index % COLOURS.length] ?? "cyan"));
  const allEnded = Promise.all(nodes.map((node) => node.ended));
  let isStopping = false;
  const stop = listenForStop({
    again: () => {
      for (const { child } of nodes) child.kill("SIGKILL");
    },
  });
  const interrupted = stop.requested.then(() => {
    isStopping = true;
    return "interrupted" as const;
  });
  try {
    const started = await Promise.race([Promise.all(nodes.map((node) => node.ready)), interrupted]);
    if (started !== "interrupted") {
      await print(
        describeCluster(nodes.map(({ plan, child }, i) => ({ plan, id: started[i] ?? plan.id, pid: child.pid }))),
      );
      for (const node of nodes) void node.ended.then(() => isStopping || reportDeath(node));
      if ((await Promise.race([allEnded, interrupted])) !== "interrupted") {
        throw new CommandFailure("no replica is left");
      }
    }
  } finally {
    isStopping = true;
    await stopAll(nodes);
  }
}

function launch(plan: NodePlan, colour: (typeof COLOURS)[number]): RunningNode {
  const script = process.argv[1] ?? "";
  const child = spawn(process.execPath, [script, ...plan.args], {
    // A group of its own: ctrl-C is ours to handle, and would otherwise reach the replica twice.
    detached: true,
    // The channel tells us when it serves, and tells it when we are gone, however we went.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
  const ready = new Promise<string>((resolve, reject) => {
    child.once("message", (message: { readonly id?: string }) => resolve(message.id ?? plan.id));
    void ended.then(() => reject(new CommandFailure(`${plan.id} ended before it was ready (${endOf(child)})`)));
  });
  const usesColour = process.stderr.isTTY === true && process.env.NO_COLOR === undefined;
  const label = `${plan.id} |`;
  const prefix = usesColour ? styleText(colour, label) : label;
  const prettify = createPrettifier({ colour: usesColour });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream !== null) forwardLines(stream, (line) => process.stderr.write(`${prefix} ${prettify(line)}\n`));
  }
  return { plan, child, ready, ended };
}

function forwardLines(stream: Readable, forward: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on("line", forward);
}

function endOf(child: ChildProcess): string {
  if (child.signalCode !== null) return `killed by ${child.signalCode}`;
  return child.exitCode === null ? "it could not be started" : `exit code ${child.exitCode}`;
}

function reportDeath({ plan, child }: RunningNode): void {
  say(`atoll: ${plan.id} (port ${plan.port}) has ended: ${endOf(child)}. The others go on. To start it again:`);
  say(`  npx atoll ${plan.args.join(" ")}`);
}

async function stopAll(nodes: readonly RunningNode[]): Promise<void> {
  const running = nodes.filter(({ child }) => child.exitCode === null && child.signalCode === null);
  for (const { child } of running) child.kill("SIGTERM");
  const deadline = setTimeout(() => {
    for (const { child } of running) child.kill("SIGKILL");
  }, STOP_TIMEOUT_MS);
  await Promise.all(running.map((node) => node.ended));
  clearTimeout(deadline);
}

interface Started {
  readonly plan: NodePlan;
  /** A replica that keeps nothing on disk gets a new id with every life. */
  readonly id: string;
  readonly pid: number | undefined;
}

function describeCluster(nodes: readonly Started[]): string {
  const table = new Table({
    head: ["replica", "region", "URL", "pid"],
    style: { head: [], border: [], compact: true },
  });
  for (const { plan, id, pid } of nodes) table.push([id, plan.region, urlOf(plan), String(pid ?? "-")]);
  const [first, second] = nodes;
  const from = first === undefined ? "" : urlOf(first.plan);
  const to = second === undefined ? from : urlOf(second.plan);
  const cut = first === undefined || second === undefined ? [] : describeCut(first, nodes);
  return [
    table.toString(),
    "Try, in another terminal:",
    `  npx atoll put hello world --url ${from}`,
    `  npx atoll get hello --url ${to}`,
    `  npx atoll status --url ${from}`,
    ...cut,
    "Ctrl-C stops them all.",
  ].join("\n");
}

/** How to cut the first replica off, and how to heal. */
function describeCut(first: Started, nodes: readonly Started[]): readonly string[] {
  const others = nodes.map(({ id }) => id).filter((id) => id !== first.id);
  const put = (cut: readonly string[]) =>
    `  curl -X PUT ${urlOf(first.plan)}/v1/admin/faults -H 'content-type: application/json' -d '${JSON.stringify({ cut })}'`;
  return [`${put(others)}   # cut ${first.id} off`, `${put([])}   # heal`];
}

function urlOf(plan: NodePlan): string {
  return `http://127.0.0.1:${plan.port}`;
}
