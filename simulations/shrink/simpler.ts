/** Plans that are a little simpler than a plan, the boldest first: one change each, and no change to what is asked of it. */

import type { Key } from "../../src/base/ids.ts";
import type { Fault } from "../faults/fault.ts";
import type { Plan } from "../plan.ts";
import { type Operation, partsOf } from "../workload/operation.ts";

/** Gaps between events are not shortened below this. */
const GAP_MS_MIN = 20;
/** Before this, replicas are still finding each other. */
const FIRST_EVENT_MS = 1500;
const VALUE_BYTES_MIN = 12;

/** Steady paths, true clocks, one shard. */
export function* calmer(plan: Plan): Iterable<Plan> {
  const { bytesPerMs, ...water } = plan.water;
  if (water.jitter > 0 || water.loss > 0 || bytesPerMs !== undefined) {
    yield { ...plan, water: { ...water, jitter: 0, loss: 0 } };
    if (water.jitter > 0) yield { ...plan, water: { ...plan.water, jitter: 0 } };
    if (water.loss > 0) yield { ...plan, water: { ...plan.water, loss: 0 } };
    if (bytesPerMs !== undefined) yield { ...plan, water };
  }
  yield* changedNodes(plan, (node) => (node.clockOffsetMs === 0 ? node : { ...node, clockOffsetMs: 0 }));
  yield* changedNodes(plan, (node) => (node.startAt === 0 ? node : { ...node, startAt: 0 }));
  yield* changedNodes(plan, (node) => (node.durable ? node : { ...node, durable: true }));
  if (plan.replica.shards > 1) yield { ...plan, replica: { ...plan.replica, shards: 1 } };
}

type NodePlan = Plan["nodes"][number];

function* changedNodes(plan: Plan, change: (node: NodePlan) => NodePlan): Iterable<Plan> {
  const nodes = plan.nodes.map(change);
  if (nodes.some((node, i) => node !== plan.nodes[i])) yield { ...plan, nodes };
}

/** An earlier end, and less time between events. */
export function* shorter(plan: Plan): Iterable<Plan> {
  const times = [...new Set(eventsOf(plan).map(({ at }) => at))].sort((a, b) => a - b);
  const last = Math.ceil(times.at(-1) ?? 0);
  for (const afterMs of [1, 100, 1000, 5000]) {
    if (last + afterMs < plan.healAt) yield { ...plan, healAt: last + afterMs };
  }
  const starts = [FIRST_EVENT_MS, ...times];
  for (const [i, at] of times.entries()) {
    const gapMs = at - (starts[i] ?? 0);
    if (gapMs <= GAP_MS_MIN) continue;
    yield earlier(plan, at, gapMs - GAP_MS_MIN);
    if (gapMs > 4 * GAP_MS_MIN) yield earlier(plan, at, gapMs / 2);
  }
  yield* roundedTimes(plan);
}

function eventsOf({
  keyspace = [],
  operations,
  documents = [],
  commands = [],
  faults,
  backups = [],
  watches = [],
}: Plan): { readonly at: number }[] {
  const later = [...backups.flatMap(({ restores }) => restores), ...watches.flatMap(({ moves }) => moves)];
  return [...keyspace, ...operations, ...documents, ...commands, ...faults, ...backups, ...watches, ...later];
}

/** Everything from a moment on happens so much earlier. */
function earlier(plan: Plan, from: number, byMs: number): Plan {
  const moved = (at: number): number => (at >= from ? Math.max(0, at - byMs) : at);
  return retimed({ ...plan, healAt: moved(plan.healAt) }, moved);
}

function retimed(plan: Plan, moved: (at: number) => number): Plan {
  return {
    ...plan,
    ...(plan.keyspace !== undefined && {
      keyspace: plan.keyspace.map((change) => ({ ...change, at: moved(change.at) })),
    }),
    operations: plan.operations.map((operation) => ({ ...operation, at: moved(operation.at) })),
    ...(plan.documents !== undefined && {
      documents: plan.documents.map((operation) => ({ ...operation, at: moved(operation.at) })),
    }),
    ...(plan.commands !== undefined && {
      commands: plan.commands.map((operation) => ({ ...operation, at: moved(operation.at) })),
    }),
    faults: plan.faults.map((fault) => ({ ...fault, at: moved(fault.at) })),
    ...(plan.backups !== undefined && {
      backups: plan.backups.map((backup) => ({
        ...backup,
        at: moved(backup.at),
        restores: backup.restores.map((restore) => ({ ...restore, at: moved(restore.at) })),
      })),
    }),
    ...(plan.watches !== undefined && {
      watches: plan.watches.map((watch) => ({
        ...watch,
        at: moved(watch.at),
        moves: watch.moves.map((move) => ({ ...move, at: moved(move.at) })),
      })),
    }),
  };
}

/** Times that read well. Down only: what may go up and down again never ends. */
function* roundedTimes(plan: Plan): Iterable<Plan> {
  for (const unit of [100, 10, 1]) {
    const rounded = (at: number): number => Math.floor(at / unit) * unit;
    if (eventsOf(plan).every(({ at }) => at === rounded(at))) return;
    yield retimed(plan, rounded);
  }
}

/** Each fault with each of its figures smaller; a cut of fewer paths; a crash that waits for nothing. */
export function* simplerFaults(plan: Plan): Iterable<Plan> {
  for (const [i, fault] of plan.faults.entries()) {
    for (const simpler of simplerFault(fault)) {
      yield { ...plan, faults: plan.faults.map((each, k) => (k === i ? simpler : each)) };
    }
  }
}

function* simplerFault(fault: Fault): Iterable<Fault> {
  if ("paths" in fault && fault.paths.length > 1) {
    for (const left of fault.paths) yield { ...fault, paths: fault.paths.filter((path) => path !== left) };
  }
  if ("aim" in fault && fault.aim !== "now") yield { ...fault, aim: "now" };
  for (const [name, value] of Object.entries(fault)) {
    if (typeof value !== "number" || name === "at" || name === "node") continue;
    for (const figure of smallerFigures(value)) yield { ...fault, [name]: figure };
  }
}

/** A tenth, a half, then the same without its fraction; shares of one stay as they are. */
function* smallerFigures(value: number): Iterable<number> {
  if (Math.abs(value) <= 1) return;
  for (const part of [10, 2]) {
    const smaller = Math.trunc(value / part);
    if (smaller !== 0) yield smaller;
  }
  if (!Number.isInteger(value)) yield Math.ceil(value);
}

/** Each operation as a plainer one. */
export function* simplerOperations(plan: Plan): Iterable<Plan> {
  for (const [i, operation] of plan.operations.entries()) {
    for (const simpler of simplerOperation(operation)) {
      yield { ...plan, operations: plan.operations.map((each, k) => (k === i ? simpler : each)) };
    }
  }
}

function* simplerOperation(operation: Operation): Iterable<Operation> {
  const { alsoKeys, ttlMs, session, expects, ...plain } = operation;
  const rest = {
    ...(alsoKeys !== undefined && { alsoKeys }),
    ...(ttlMs !== undefined && { ttlMs }),
    ...(session !== undefined && { session }),
    ...(expects !== undefined && { expects }),
  };
  // An invalidation is of all that carry its tag.
  if (alsoKeys !== undefined && operation.type !== "invalidate") yield { ...operation, alsoKeys: alsoKeys.slice(1) };
  if (operation.type === "batch" && (alsoKeys?.length ?? 0) === 0) yield alone(operation);
  if (operation.type === "update" || operation.type === "put-absent")
    yield { ...without(operation, "expects"), type: "put" };
  if (expects !== undefined) yield without(operation, "expects");
  if (operation.ack !== "memory") yield { ...operation, ack: "memory" };
  if (session !== undefined) yield without(operation, "session");
  if (ttlMs !== undefined) {
    yield without(operation, "ttlMs");
    for (const figure of smallerFigures(ttlMs)) yield { ...plain, ...rest, ttlMs: figure };
  }
  if (operation.valueBytes > VALUE_BYTES_MIN) yield { ...operation, valueBytes: VALUE_BYTES_MIN };
}

/** What is left of a batch of one key. */
function alone(operation: Operation): Operation {
  const isDelete = partsOf(operation)[0]?.isDelete === true;
  const { alsoKeys: _, deletedKeys: __, session: ___, ...plain } = operation;
  return { ...plain, type: isDelete ? "delete" : "put" };
}

function without(operation: Operation, field: "session" | "ttlMs" | "expects"): Operation {
  const { [field]: _gone, ...rest } = operation;
  return rest;
}

/** Each watch with each of its moves left out, and without a pause over its events. */
export function* simplerWatches(plan: Plan): Iterable<Plan> {
  for (const [i, watch] of (plan.watches ?? []).entries()) {
    const changed = (change: Partial<typeof watch>): Plan => ({
      ...plan,
      watches: plan.watches?.map((each, k) => (k === i ? { ...watch, ...change } : each)) ?? [],
    });
    for (const left of watch.moves) yield changed({ moves: watch.moves.filter((move) => move !== left) });
    if (watch.handlingMs > 0) yield changed({ handlingMs: 0 });
  }
}

/** Keys that print, as long as it does not matter which they are. */
export function* plainerKeys(plan: Plan): Iterable<Plan> {
  const { documents } = plan;
  const ofValues = plan.operations.flatMap(({ key, alsoKeys = [] }) => [key, ...alsoKeys]);
  const keys = [...new Set([...ofValues, ...(documents ?? []).map(({ key }) => key)])];
  const plainer = new Map(keys.map((key, i) => [key, `key-${i + 1}` as Key]));
  if (keys.every((key) => plainer.get(key) === key)) return;
  const renamed = (key: Key): Key => plainer.get(key) ?? key;
  yield {
    ...plan,
    operations: plan.operations.map((operation) => ({
      ...operation,
      key: renamed(operation.key),
      ...(operation.alsoKeys !== undefined && { alsoKeys: operation.alsoKeys.map(renamed) }),
      ...(operation.deletedKeys !== undefined && { deletedKeys: operation.deletedKeys.map(renamed) }),
    })),
    ...(documents !== undefined && { documents: documents.map((each) => ({ ...each, key: renamed(each.key) })) }),
  };
}
