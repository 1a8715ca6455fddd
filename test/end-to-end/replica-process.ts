/**
 * A replica as these tests run it: a real process with real doors, links and LevelDB, that can be stopped gently,
 * killed, paused and started again on its folder and port. All that are alive when a test file ends are killed.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { JoinTarget } from "../../src/base/join-target.ts";
import type { ClusterStatus } from "../../src/cluster-status.ts";
import { SCOPES, type StartConfig } from "../../src/node/node-config.ts";
import type { LogLevel } from "../../src/replica/ports.ts";
import { bundle } from "../support/bundle.ts";
import { HttpClient } from "./http-client.ts";
import type { PlainDump } from "./plain-dump.ts";
import { untilTrue } from "./until.ts";

/** What travels to the child: as the node takes it, but for the secret, which JSON cannot carry. */
export type ChildConfig = Omit<StartConfig, "secret"> & { readonly secret?: string };

export interface LogLine {
  readonly type: "log";
  /** Unix ms. */
  readonly at: number;
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** All that is ever asked of a child: what it holds. */
export interface ChildRequest {
  readonly id: number;
}

export type ChildMessage =
  | LogLine
  | { readonly type: "dump"; readonly request: number; readonly dump: PlainDump }
  | { readonly type: "ready"; readonly id: string; readonly address: string }
  | { readonly type: "failed"; readonly code: string; readonly message: string };

interface Inspection {
  readonly resolve: (dump: PlainDump) => void;
  readonly reject: (error: Error) => void;
}

/** How its process is started, where plain Node on this machine's loopback will not do. */
export interface Launch {
  /** A bundle of `replica-child.ts` other than the usual one. */
  readonly script?: string;
  /** The program, with its arguments, that starts Node. */
  readonly through?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where its doors are reached from here. */
  readonly doorHost?: string;
}

export class StartFailure extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

const START_MS_MAX = 30_000;
const LOGS_IN_REPORT = 12;
/** Below the range from which systems take ports for outgoing connections: one that was free stays so over a restart. */
const PORT_FIRST = 18_000;
const PORTS = 12_000;

const alive = new Set<ChildProcess>();
const folders: string[] = [];
const killAll = () => {
  for (const child of alive) child.kill("SIGKILL");
};
process.on("exit", killAll);
afterAll(async () => {
  const exits = [...alive].map((child) => once(child, "exit"));
  killAll();
  await Promise.all(exits);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** What runs in the process of a replica, to be bundled. */
export const REPLICA_CHILD = new URL("./replica-child.ts", import.meta.url).href;

let bundled: Promise<string> | undefined;
let nextPort = PORT_FIRST + ((process.pid * 37) % PORTS);

/** A port of this machine that nobody uses. */
export async function freePort(): Promise<number> {
  for (;;) {
    nextPort = nextPort + 3 < PORT_FIRST + PORTS ? nextPort + 2 : PORT_FIRST;
    const port = nextPort;
    if ((await isFree(port)) && (await isFree(port + 1))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isBound = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return isBound;
}

/** A folder that goes when the test file has run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "atoll-end-to-end-"));
  folders.push(folder);
  return folder;
}

export class ReplicaProcess {
  /** One that keeps nothing on disk takes another at each start. */
  id: string;
  readonly port: number;
  config: ChildConfig;
  readonly http: HttpClient;
  /** What it logged in all its runs. */
  readonly logs: LogLine[] = [];
  /** How often it was killed: what it answered from memory before is no promise any more. */
  kills = 0;
  /** Of its last run; `null` when a signal ended it. */
  exitCode: number | null = null;
  readonly #launch: Launch;
  #child: ChildProcess | undefined;
  #spawned: (child: ChildProcess) => void = () => {};
  /** Its process, once its next start has begun. */
  spawned: Promise<ChildProcess> = this.#nextSpawn();
  #errors = "";
  #lastRequest = 0;
  readonly #inspections = new Map<number, Inspection>();

  constructor(config: ChildConfig, launch: Launch = {}) {
    this.id = config.id ?? "";
    this.port = config.port;
    this.config = config;
    this.#launch = launch;
    this.http = new HttpClient(this.port, launch.doorHost, this.token);
  }

  get process(): ChildProcess {
    if (this.#child === undefined) throw new Error(`replica ${this.id} does not run`);
    return this.#child;
  }

  /** One that may do everything, where one is asked for. */
  get token(): string | undefined {
    return this.config.tokens.find(({ scopes, prefix }) => scopes.length === SCOPES.length && prefix === undefined)
      ?.token;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Starts it, on what its folder holds. Throws `StartFailure`. */
  async start(): Promise<void> {
    bundled ??= bundle(REPLICA_CHILD);
    const script = this.#launch.script ?? (await bundled);
    const { through = [], environment } = this.#launch;
    const [program = process.execPath, ...words] = [...through, process.execPath, "--enable-source-maps", script];
    const child = spawn(program, words, {
      env: {
        ...process.env,
        ...environment,
        ATOLL_CHILD: JSON.stringify(this.config),
        ATOLL_CHILD_OF: String(process.pid),
      },
      stdio: ["ignore", "inherit", "pipe", "ipc"],
      serialization: "advanced",
    });
    alive.add(child);
    this.#child = child;
    this.#spawned(child);
    this.spawned = this.#nextSpawn();
    this.#errors = "";
    child.stderr?.on("data", (chunk: Buffer) => (this.#errors += chunk.toString()));
    child.once("exit", (code) => {
      this.exitCode = code;
      alive.delete(child);
      if (this.#child === child) this.#child = undefined;
      for (const { reject } of this.#inspections.values()) reject(new Error(`${this.id} has ended`));
      this.#inspections.clear();
      this.http.reset();
    });
    await this.#started(child);
  }

  /** Asks it to leave gently, and waits until it has. Returns its exit code. */
  async stop(): Promise<number | null> {
    return this.#end("SIGTERM");
  }

  async kill(): Promise<void> {
    this.kills++;
    await this.#end("SIGKILL");
  }

  /** It is about to be killed by somebody else. */
  dies(): ChildProcess {
    this.kills++;
    return this.process;
  }

  /** Where its data is from its next start on. */
  moveTo(data: string): void {
    this.config = { ...this.config, data };
  }

  pause(): void {
    this.process.kill("SIGSTOP");
  }

  resume(): void {
    this.process.kill("SIGCONT");
  }

  async status(): Promise<ClusterStatus> {
    const { status, body } = await this.http.send({ method: "GET", path: "/v1/cluster" });
    if (status !== 200) throw new Error(`/v1/cluster of ${this.id}: ${status}`);
    return JSON.parse(body.toString()) as ClusterStatus;
  }

  /** What helps to understand a test that waits in vain. */
  async report(): Promise<unknown> {
    const said = this.logs.filter(({ event }) => event !== "shard-reconciled").slice(-LOGS_IN_REPORT);
    const logs = said.map(({ at, event, fields }) => `${at} ${event} ${JSON.stringify(fields)}`);
    return { status: await this.status().catch(String), logs };
  }

  async isReady(): Promise<boolean> {
    return (await this.http.send({ method: "GET", path: "/readyz" })).status === 200;
  }

  async ready(withinMs = 30_000): Promise<void> {
    await untilTrue(`${this.id} is ready`, () => this.isReady(), { withinMs, describe: () => this.report() });
  }

  /** Cuts its links to these replicas, both ways, and heals all others. */
  async cut(from: readonly ReplicaProcess[]): Promise<void> {
    const body = JSON.stringify({ cut: from.map((other) => other.id) });
    const { status } = await this.http.send({ method: "PUT", path: "/v1/admin/faults", body });
    if (status !== 200) throw new Error(`cutting at ${this.id}: ${status}`);
  }

  /** Sum of the samples of a metric, of those whose labels hold all of `labels`. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const { body } = await this.http.send({ method: "GET", path: "/metrics" });
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    let sum = 0;
    for (const line of body.toString().split("\n")) {
      const match = /^([a-z_]+)(\{.*\})? (\S+)$/.exec(line);
      if (match?.[1] !== name || !wanted.every((pair) => match[2]?.includes(pair) === true)) continue;
      sum += Number(match[3]);
    }
    return sum;
  }

  /** All that it holds. */
  inspect(): Promise<PlainDump> {
    const id = ++this.#lastRequest;
    return new Promise((resolve, reject) => {
      this.#inspections.set(id, { resolve, reject });
      this.process.send({ id } satisfies ChildRequest);
    });
  }

  loggedSince(mark: number): readonly string[] {
    return this.logs.slice(mark).map((line) => line.event);
  }

  #nextSpawn(): Promise<ChildProcess> {
    return new Promise((resolve) => {
      this.#spawned = resolve;
    });
  }

  async #started(child: ChildProcess): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${this.id} did not start: ${this.#errors}`)), START_MS_MAX);
      const settle = (act: () => void) => {
        clearTimeout(timer);
        act();
      };
      child.on("message", (message: ChildMessage) => {
        if (message.type === "log") this.logs.push(message);
        else if (message.type === "dump") {
          this.#inspections.get(message.request)?.resolve(message.dump);
          this.#inspections.delete(message.request);
        } else if (message.type === "ready") {
          this.id = message.id;
          settle(resolve);
        } else settle(() => reject(new StartFailure(message.code, message.message)));
      });
      child.once("exit", (code, signal) => {
        settle(() => reject(new Error(`${this.id} ended (${code ?? signal}): ${this.#errors}`)));
        // A crash of its own is never part of a test.
        if (this.#errors !== "") process.stderr.write(`${this.id} ended with ${code ?? signal}: ${this.#errors}\n`);
      });
    });
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    if (child === undefined) return null;
    const exit = once(child, "exit") as Promise<[number | null]>;
    child.kill(signal);
    return (await exit)[0];
  }
}

export interface ReplicaOptions extends Partial<Omit<ChildConfig, "id" | "data">> {
  readonly data?: string;
}

/** A configuration with what these tests have in common. */
export async function createReplica(
  id: string,
  options: ReplicaOptions = {},
  launch: Launch = {},
): Promise<ReplicaProcess> {
  const config: ChildConfig = {
    region: "here",
    host: "127.0.0.1",
    redisPort: 0,
    join: [],
    cluster: "end-to-end",
    shards: 256,
    memoryBytes: 1 << 30,
    tokens: [],
    allowOrigins: [],
    insecure: false,
    compressRegions: false,
    maxClockOffsetMs: 500,
    retentionMs: 24 * 3_600_000,
    enableFaults: true,
    logLevel: "info",
    secret: "the secret of the end-to-end tests",
    ...options,
    id: id as NonNullable<ChildConfig["id"]>,
    port: options.port ?? (await freePort()),
    data: options.data ?? join(temporaryFolder(), id),
  };
  return new ReplicaProcess(config, launch);
}

export function joinTo(replicas: readonly ReplicaProcess[]): readonly JoinTarget[] {
  return replicas.map(({ port }) => ({ type: "address", host: "127.0.0.1", port }));
}

/** Replicas that know each other, not started yet; `options` may differ by place. */
export async function createCluster(
  ids: readonly string[],
  options: (place: number) => ReplicaOptions = () => ({}),
): Promise<ReplicaProcess[]> {
  const replicas: ReplicaProcess[] = [];
  for (const [place, id] of ids.entries()) {
    replicas.push(await createReplica(id, { join: joinTo(replicas), ...options(place) }));
  }
  return replicas;
}

export async function startAll(replicas: readonly ReplicaProcess[]): Promise<void> {
  await Promise.all(replicas.map((replica) => replica.start()));
  await untilLinked(replicas);
}

export function reportsOf(replicas: readonly ReplicaProcess[]): Promise<readonly unknown[]> {
  return Promise.all(replicas.map((replica) => replica.report()));
}

/** Waits until each is ready and sees all others. */
export async function untilLinked(replicas: readonly ReplicaProcess[], withinMs = 30_000): Promise<void> {
  const isLinked = async (replica: ReplicaProcess) => {
    const { members, ready } = await replica.status();
    const isAlive = (other: ReplicaProcess) =>
      members.some(({ id, state }) => id === other.id && (state === "alive" || state === "self"));
    return ready && replicas.every(isAlive);
  };
  await untilTrue("all are linked", async () => (await Promise.all(replicas.map(isLinked))).every(Boolean), {
    withinMs,
    describe: () => reportsOf(replicas),
  });
}

/** Waits until all hold the same, and returns how long that took, in ms. */
export async function untilEqual(replicas: readonly ReplicaProcess[], withinMs = 30_000): Promise<number> {
  const begun = performance.now();
  await untilTrue(
    "all digests are equal",
    async () => {
      const statuses = await Promise.all(replicas.map((replica) => replica.status()));
      return new Set(statuses.map(({ digest }) => digest)).size === 1 && statuses.every(({ ready }) => ready);
    },
    { withinMs, describe: () => reportsOf(replicas) },
  );
  return performance.now() - begun;
}
