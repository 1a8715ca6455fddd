/**
 * Makes a failing plan small: fewer faults, operations and nodes by delta debugging, then shorter times and simpler
 * operations, as property-based testing does (MacIver and Donaldson, "Test-case reduction via test-case generation", 2020),
 * round after round until nothing can be taken away or time is up. A smaller plan is kept when it still fails; the search
 * says what that means. The same plan and code shrink to the same, as long as there is time.
 *
 * What is left out shifts the chances of all that follows: a crash that hit a write now misses it. So a candidate that
 * does not fail is tried again with other seeds before it is given up.
 */

import type { BackupPlan } from "../backups/backup-plan.ts";
import { renumberFault } from "../faults/touched.ts";
import { nameOf, type Plan } from "../plan.ts";
import { partsOf } from "../workload/operation.ts";
import type { WatchPlan } from "../workload/watch-plan.ts";
import { ddmin } from "./ddmin.ts";
import type { Search } from "./search.ts";
import { calmer, plainerKeys, shorter, simplerFaults, simplerOperations, simplerWatches } from "./simpler.ts";
import { simplerDocuments } from "./simpler-documents.ts";
import { timedCrashes } from "./timed-crashes.ts";

type Pass = (plan: Plan, search: Search) => Promise<Plan>;

/** Seeds that a candidate is tried with, its own included. */
const SEEDS_MAX = 3;

/** What takes the most away comes first; what changes nothing of what comes before it, before all. */
const PASSES: readonly Pass[] = [
  (plan, search) => keepTrying(plan, search, cutShort),
  withTimedCrashes,
  (plan, search) => keepTrying(plan, search, calmer),
  (plan, search) => keepTrying(plan, search, withOneKey),
  (plan, search) => withFewer("faults", plan, search),
  (plan, search) => withFewer("watches", plan, search),
  (plan, search) => withFewer("operations", plan, search),
  (plan, search) => withFewer("documents", plan, search),
  (plan, search) => withFewer("commands", plan, search),
  (plan, search) => withFewer("backups", plan, search),
  (plan, search) => withFewer("tenants", plan, search),
  (plan, search) => keepTrying(plan, search, withoutEachChange),
  (plan, search) => keepTrying(plan, search, withoutEachNode),
  (plan, search) => keepTrying(plan, search, shorter),
  (plan, search) => keepTrying(plan, search, simplerFaults),
  (plan, search) => keepTrying(plan, search, simplerOperations),
  (plan, search) => keepTrying(plan, search, simplerDocuments),
  (plan, search) => keepTrying(plan, search, simplerWatches),
  (plan, search) => keepTrying(plan, search, plainerKeys),
];

/** The smallest plan that was found to fail; the plan itself when nothing can be left out. */
export async function shrinkPlan(plan: Plan, search: Search): Promise<Plan> {
  let smallest = plan;
  for (;;) {
    const before = smallest;
    for (const pass of PASSES) smallest = await pass(smallest, search);
    if (smallest === before || search.isOver()) return smallest;
  }
}

/** Takes the first candidate that fails and looks for candidates of that one, until none fails. */
async function keepTrying(plan: Plan, search: Search, candidatesOf: (plan: Plan) => Iterable<Plan>): Promise<Plan> {
  let smallest = plan;
  for (;;) {
    const smaller = await firstWithAnySeed([...candidatesOf(smallest)], search);
    if (smaller === undefined) return smallest;
    smallest = smaller;
  }
}

/**
 * Crashes that wait for a moment, at the time at which they came: they come as well without what they waited for. The last
 * ones are the likeliest to matter.
 */
async function withTimedCrashes(plan: Plan, search: Search): Promise<Plan> {
  let timed = plan;
  const crashes = await search.crashesOf(plan);
  for (let i = plan.faults.length - 1; i >= 0; i--) {
    const fault = timed.faults[i];
    if (fault === undefined) continue;
    const candidates = timedCrashes(fault, timed.faults, crashes).map((other) => ({
      ...timed,
      faults: timed.faults.map((each, k) => (k === i ? other : each)),
    }));
    timed = (await search.first(candidates)) ?? timed;
  }
  return timed;
}

type Part = "faults" | "operations" | "documents" | "commands" | "backups" | "tenants" | "watches";

async function withFewer(part: Part, plan: Plan, search: Search): Promise<Plan> {
  let smallest = plan;
  await ddmin<unknown>(plan[part] ?? [], async (lists) => {
    const candidates = [...lists].map((list) => ({ ...smallest, [part]: list }));
    const found = await firstWithAnySeed(candidates, search);
    smallest = found ?? smallest;
    return found?.[part];
  });
  return smallest;
}

async function firstWithAnySeed(candidates: readonly Plan[], search: Search): Promise<Plan | undefined> {
  for (let i = 0; i < SEEDS_MAX; i++) {
    const found = await search.first(candidates.map((plan) => ({ ...plan, seed: seedAfter(plan.seed, i) })));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** "7", "7~1", "7~2", ... */
function seedAfter(seed: string, by: number): string {
  const [first = "", count = "0"] = seed.split("~");
  return Number(count) + by === 0 ? first : `${first}~${Number(count) + by}`;
}

/** An earlier end. Up to there everything is as it was. */
function* cutShort(plan: Plan): Iterable<Plan> {
  const times = [...plan.operations, ...(plan.documents ?? []), ...(plan.commands ?? []), ...plan.faults]
    .map(({ at }) => at)
    .sort((a, b) => a - b);
  for (const part of [0.25, 0.5, 0.75, 0.9, 0.97]) {
    const from = times[Math.floor(times.length * part)];
    if (from === undefined || times.length < 2) return;
    const operations = plan.operations.filter(({ at }) => at < from);
    const faults = plan.faults.filter(({ at }) => at < from);
    const documents = plan.documents?.filter(({ at }) => at < from);
    const commands = plan.commands?.filter(({ at }) => at < from);
    const backups = plan.backups?.filter(({ at }) => at < from);
    const watches = plan.watches?.filter(({ at }) => at < from);
    const also = {
      ...(documents !== undefined && { documents }),
      ...(commands !== undefined && { commands }),
      ...(backups !== undefined && { backups }),
      ...(watches !== undefined && { watches }),
    };
    yield { ...plan, healAt: from, operations, faults, ...also };
  }
}

/** What happens to one key alone: most failures know one only. */
function* withOneKey(plan: Plan): Iterable<Plan> {
  const keysOf = (operation: Plan["operations"][number]): string[] => partsOf(operation).map(({ key }) => key);
  const { documents, commands } = plan;
  const others = [...(documents ?? []), ...(commands ?? [])];
  const keys = new Set([...plan.operations.flatMap(keysOf), ...others.map(({ key }) => key)]);
  if (keys.size < 2) return;
  for (const key of keys) {
    const operations = plan.operations.filter((operation) => keysOf(operation).includes(key));
    const ofKey = documents?.filter((operation) => operation.key === key);
    const given = commands?.filter((operation) => operation.key === key);
    const left = operations.length + (ofKey?.length ?? 0) + (given?.length ?? 0);
    if (left === plan.operations.length + others.length) continue;
    const also = { ...(ofKey !== undefined && { documents: ofKey }), ...(given !== undefined && { commands: given }) };
    yield { ...plan, operations, ...also };
  }
}

/** Without one of the changes of the keyspace that follow its definition. */
function* withoutEachChange(plan: Plan): Iterable<Plan> {
  const { keyspace = [] } = plan;
  for (const left of keyspace.slice(1)) yield { ...plan, keyspace: keyspace.filter((change) => change !== left) };
}

function* withoutEachNode(plan: Plan): Iterable<Plan> {
  if (plan.nodes.length < 2) return;
  for (let node = plan.nodes.length - 1; node >= 0; node--) yield withoutNode(plan, node);
}

/** The plan without a node, and without what happens at it. The others keep their names, and with them their ids. */
export function withoutNode(plan: Plan, gone: number): Plan {
  const to = (node: number): number | undefined => (node === gone ? undefined : node > gone ? node - 1 : node);
  return {
    ...plan,
    nodes: plan.nodes.map((node, i) => ({ ...node, name: nameOf(plan, i) })).filter((_, i) => i !== gone),
    operations: plan.operations.flatMap((operation) => moved(operation, to)),
    ...(plan.documents !== undefined && { documents: plan.documents.flatMap((operation) => moved(operation, to)) }),
    ...(plan.commands !== undefined && { commands: plan.commands.flatMap((operation) => moved(operation, to)) }),
    faults: plan.faults.flatMap((fault) => renumberFault(fault, to) ?? []),
    ...(plan.backups !== undefined && { backups: plan.backups.map((backup) => renumberBackup(backup, to)) }),
    ...(plan.tenants !== undefined && {
      tenants: plan.tenants.map((tenant) => ({ ...tenant, acts: tenant.acts.flatMap((each) => moved(each, to)) })),
    }),
    ...(plan.watches !== undefined && { watches: plan.watches.flatMap((watch) => renumberWatch(watch, to)) }),
    // Whoever is asked first: it is carried out by somebody.
    ...(plan.keyspace !== undefined && {
      keyspace: plan.keyspace.map((change) => ({ ...change, node: to(change.node) ?? 0 })),
    }),
  };
}

function moved<T extends { readonly node: number }>(operation: T, to: (node: number) => number | undefined): T[] {
  const node = to(operation.node);
  return node === undefined ? [] : [{ ...operation, node }];
}

/** Whoever is asked first: somebody else is where that one is not there. */
function renumberBackup(backup: BackupPlan, to: (node: number) => number | undefined): BackupPlan {
  const moved = <T extends { readonly node: number }>(each: T): T => ({ ...each, node: to(each.node) ?? 0 });
  const restores = backup.restores.map((restore) => ({
    ...moved(restore),
    interruptions: restore.interruptions.map(moved),
  }));
  return { ...moved(backup), restores };
}

function renumberWatch(watch: WatchPlan, to: (node: number) => number | undefined): WatchPlan[] {
  const node = to(watch.node);
  if (node === undefined) return [];
  const moves = watch.moves.flatMap((move) => {
    const target = to(move.node);
    return target === undefined ? [] : [{ ...move, node: target }];
  });
  return [{ ...watch, node, moves }];
}
