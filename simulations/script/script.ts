/** A script: which replicas there are, what clients do and what goes wrong, as one writes it. It becomes a plan. */

import { SeededRandom } from "../../src/base/random.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import type { Fault } from "../faults/fault.ts";
import { nodesOf as nodesOfFault } from "../faults/touched.ts";
import { type NodePlan, type Plan, qualityOf, type ReplicaSettings, type WaterPlan } from "../plan.ts";
import { uniform } from "../simulator/draws.ts";
import { NETWORK_DEFAULTS } from "../simulator/network.ts";
import { countFrom } from "../workload/generator.ts";
import type { Operation } from "../workload/operation.ts";
import type { Act } from "./client.ts";
import { Cluster } from "./cluster.ts";
import { type DocumentAct, documentsOf } from "./document-act.ts";
import { type Duration, msOf } from "./duration.ts";
import type { ScriptFault } from "./faults.ts";
import { keyspaceChanges, type ScriptKeyspace } from "./keyspace.ts";
import { ScriptError } from "./script-error.ts";
import { type Watching, watchPlan } from "./watch.ts";
import { operationsOf, type Workload } from "./workload.ts";

/** The replicas of one region: how many, or more about them. */
export type Replicas =
  | number
  | {
      readonly count: number;
      /** False: they keep nothing on disk. */
      readonly disk?: boolean;
      /** Mean of what a write to the disk takes; `2ms` unless told. */
      readonly diskWrites?: Duration;
    };

export interface Script {
  /** For whoever reads the results; `script` unless told. */
  readonly name?: string;
  /** Which of the runs that the script may have; 1 unless told. The same one is the same, event for event. */
  readonly seed?: number | string;
  /** By region. Their names are `frankfurt-1`, `frankfurt-2`, `tokyo-1`, and so on. */
  readonly replicas: Readonly<Record<string, Replicas>>;
  /** Then every fault ends, and all replicas must become equal. */
  readonly lasts: Duration;
  /**
   * Some replicas keep each key: `{ replication: 2 }`, or several policies, each from its time on. One alone is set 2 s after
   * the start: what clients ask for before is refused. Absent: every replica keeps every key. Neither with `watchers` nor
   * with `documents`.
   */
  readonly keyspace?: ScriptKeyspace;
  readonly workload?: Workload | readonly Workload[];
  /** Single operations at given times. */
  readonly clients?: readonly Act[];
  /** What clients do with documents at given times. */
  readonly documents?: readonly DocumentAct[];
  /** Who follows what is written. */
  readonly watchers?: readonly Watching[];
  readonly faults?: readonly ScriptFault[];
  /** Paths: round trips of regions of one's own (ms), `jitter`, `loss`, `bytesPerMs`. Measured ones unless told. */
  readonly water?: Partial<WaterPlan>;
  /** What the replicas are configured with; what production has by default unless told. */
  readonly settings?: Partial<ReplicaSettings>;
  /** How long after the end all replicas must be equal; 2 minutes unless told. */
  readonly settlesWithin?: Duration;
}

const WATER: WaterPlan = { localMs: 0.5, jitter: 0.05, loss: 0 };
/** Clocks that are kept by NTP. */
const CLOCK_OFFSET_MS = 5;
const REPLICAS_MAX = 1000;

/** Throws `ScriptError`, which says where and why, for a script that cannot be. */
export function planOf(script: Script): Plan {
  const { name = "script", seed = 1, settlesWithin = "2m" } = script;
  const random = new SeededRandom(`${name} ${seed}`);
  const healAt = msOf(script.lasts, "lasts");
  const cluster = new Cluster(countsOf(script));
  const operations = operationsIn(script, cluster, random.fork("operations"), healAt);
  const documents = documentsOf(script.documents ?? [], {
    cluster,
    untilMs: healAt,
    firstId: operations.reduce((last, { id }) => Math.max(last, id), -1) + 1,
  });
  const plan: Plan = {
    scenario: name,
    seed: String(seed),
    nodes: nodesOf(script, cluster, random.fork("nodes")),
    replica: settingsOf(script),
    water: { ...WATER, ...script.water },
    heartbeatTimeoutMs: NETWORK_DEFAULTS.heartbeatTimeoutMs,
    healAt,
    settleMs: msOf(settlesWithin, "settlesWithin"),
    operations,
    ...(documents.length > 0 && { documents }),
    ...watchesIn(script, cluster, healAt),
    ...keyspaceIn(script, cluster, healAt),
    faults: (script.faults ?? []).flatMap((fault) => checked(fault.type, fault.resolve(cluster), { healAt, cluster })),
  };
  checkDistances(plan);
  return plan;
}

/** The operation ids of the acts, by name: acts come first. */
export function idsByName({ clients = [] }: Script): ReadonlyMap<string, number> {
  return new Map(clients.map(({ name }, id) => [name, id]));
}

function countsOf({ replicas }: Script): Record<string, number> {
  const counts = Object.entries(replicas).map(([region, given]): [string, number] => {
    const count = typeof given === "number" ? given : given.count;
    if (Number.isInteger(count) && count >= 1 && count <= REPLICAS_MAX) return [region, count];
    throw new ScriptError(`replicas.${region}: must be a whole number from 1 to ${REPLICAS_MAX}, not ${count}`);
  });
  if (counts.length === 0) throw new ScriptError("replicas: there are none");
  return Object.fromEntries(counts);
}

function nodesOf({ replicas }: Script, cluster: Cluster, random: SeededRandom): NodePlan[] {
  const regions = Object.entries(replicas).flatMap(([region, given]) => {
    const { count, disk = true, diskWrites = "2ms" } = typeof given === "number" ? { count: given } : given;
    const node = { region, durable: disk, diskMeanMs: msOf(diskWrites, `replicas.${region}.diskWrites`) };
    return Array.from({ length: count }, () => node);
  });
  return regions.map((node, i) => ({
    ...node,
    name: cluster.names[i] ?? "",
    clockOffsetMs: Math.round(uniform(random, -CLOCK_OFFSET_MS, CLOCK_OFFSET_MS)),
    startAt: uniform(random, 0, 200),
  }));
}

function settingsOf({ settings }: Script): ReplicaSettings {
  const { shards, antiEntropyMs, housekeepingMs, sweepMs, settleMs, retentionMs, maxClockOffsetMs } = replicaDefaults;
  return { shards, antiEntropyMs, housekeepingMs, sweepMs, settleMs, retentionMs, maxClockOffsetMs, ...settings };
}

function operationsIn(script: Script, cluster: Cluster, random: SeededRandom, untilMs: number): Operation[] {
  const { workload = [] } = script;
  const nextId = countFrom(0);
  const nextSession = countFrom(0);
  const acts = actsIn(script, { cluster, untilMs, nextId, nextSession });
  const workloads = Array.isArray(workload) ? (workload as readonly Workload[]) : [workload as Workload];
  const rest = workloads.flatMap((each, i) =>
    operationsOf(each, { random: random.fork(`workload ${i}`), cluster, untilMs, nextId, nextSession }),
  );
  return [...acts, ...rest].sort((a, b) => a.at - b.at);
}

function actsIn(
  script: Script,
  context: {
    readonly cluster: Cluster;
    readonly untilMs: number;
    readonly nextId: () => number;
    readonly nextSession: () => number;
  },
): Operation[] {
  const { clients = [] } = script;
  const { cluster, untilMs, nextId, nextSession } = context;
  const ids = idsByName(script);
  if (ids.size < clients.length) throw new ScriptError("clients: two have the same name");
  const sessions = new Map<string, number>();
  const sessionOf = (client: string): number => {
    const known = sessions.get(client) ?? nextSession();
    sessions.set(client, known);
    return known;
  };
  const acts = clients.map((act) => act.resolve({ cluster, idOf: (name) => ids.get(name), sessionOf }, nextId()));
  checkTimes("client", clients, acts, untilMs);
  return acts;
}

/** Absent where all keep everything. */
function keyspaceIn(script: Script, cluster: Cluster, untilMs: number): Pick<Plan, "keyspace"> {
  const { keyspace, documents = [] } = script;
  if (keyspace === undefined) return {};
  if (documents.length > 0) throw new ScriptError("documents: there are none in a keyspace that some replicas keep");
  return { keyspace: keyspaceChanges(keyspace, cluster, untilMs) };
}

/** Absent where nobody watches. */
function watchesIn({ watchers = [] }: Script, cluster: Cluster, untilMs: number): Pick<Plan, "watches"> {
  if (watchers.length === 0) return {};
  if (new Set(watchers.map(({ name }) => name)).size < watchers.length)
    throw new ScriptError("watchers: two have the same name");
  const watches = watchers.map((watching, id) => watchPlan(watching, id, cluster));
  checkTimes("watcher", watchers, watches, untilMs);
  return { watches };
}

function checkTimes(
  what: string,
  names: readonly { readonly name: string }[],
  events: readonly { readonly at: number }[],
  untilMs: number,
): void {
  const late = names.find((_, i) => (events[i]?.at ?? 0) >= untilMs);
  if (late !== undefined)
    throw new ScriptError(`${what} ${JSON.stringify(late.name)}: acts after the end of the script`);
}

function checked(
  type: string,
  faults: readonly Fault[],
  { healAt, cluster }: { readonly healAt: number; readonly cluster: Cluster },
): readonly Fault[] {
  const late = faults.find(({ at }) => at >= healAt);
  if (late !== undefined) {
    throw new ScriptError(`${type}: begins at ${late.at / 1000} s, but the script lasts ${healAt / 1000} s`);
  }
  const stranger = faults.flatMap(nodesOfFault).find((node) => node >= cluster.names.length);
  if (stranger === undefined) return faults;
  throw new ScriptError(`${type}: there is no replica number ${stranger}, only ${cluster.names.length} replicas`);
}

function checkDistances(plan: Plan): void {
  for (const i of plan.nodes.keys()) {
    for (const k of plan.nodes.keys()) {
      try {
        qualityOf(plan, i, k);
      } catch (error) {
        throw new ScriptError(error instanceof Error ? error.message : String(error));
      }
    }
  }
}
