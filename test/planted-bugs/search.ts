/** The search for a planted bug: seed after seed until the simulator finds it, at most as many as are allowed. */

import { hunt, type TaskPool } from "./hunt.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { bundlePatched } from "./planting.ts";

export interface Search {
  readonly bug: PlantedBug;
  /** Those that were run; the last one found it, if any did. */
  readonly seeds: readonly number[];
  /** Those that saw it, in the order in which they look; empty: nobody did. */
  readonly checkers: readonly string[];
  readonly message: string;
  /** Why it could not go on: a patch that does not fit, a run without an end. */
  readonly failure: string | undefined;
}

/** Where the seeds of a bug begin, and which of them is tried first: the one that found it before. */
export interface Start {
  readonly seed: number;
  readonly foundBy?: number | undefined;
}

/** Searches all bugs, so many at a time; each promise resolves, whatever comes of its search. */
export function searchAll(
  bugs: readonly PlantedBug[],
  startOf: (bug: PlantedBug) => Start,
  pool: TaskPool,
): ReadonlyMap<string, Promise<Search>> {
  return new Map(bugs.map((bug) => [bug.name, pool.run(() => search(bug, seedsOf(bug, startOf(bug))))]));
}

function seedsOf({ seedsMax }: PlantedBug, { seed, foundBy }: Start): number[] {
  const inOrder = Array.from({ length: seedsMax }, (_, i) => seed + i);
  if (foundBy === undefined || !inOrder.includes(foundBy)) return inOrder;
  return [foundBy, ...inOrder.filter((each) => each !== foundBy)];
}

async function search(bug: PlantedBug, seeds: readonly number[]): Promise<Search> {
  const nothing = { bug, seeds: [], checkers: [], message: "" };
  try {
    const script = await bundlePatched(bug.patches);
    const order = { scenario: bug.scenario, seeds, untilSeenBy: bug.checkers };
    const { verdicts, failure } = await hunt(script, order);
    const last = verdicts.at(-1);
    if (last === undefined) return { ...nothing, failure };
    const { checkers, message } = last;
    return { bug, seeds: verdicts.map(({ seed }) => seed), checkers, message, failure };
  } catch (error) {
    return { ...nothing, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Of each scenario, the seeds that were run against some bug: the replica as it is has to pass them. */
export function seedsByScenario(searches: readonly Search[]): ReadonlyMap<string, readonly number[]> {
  const byScenario = new Map<string, Set<number>>();
  for (const { bug, seeds } of searches) {
    const run = byScenario.get(bug.scenario) ?? new Set();
    byScenario.set(bug.scenario, run);
    for (const seed of seeds) run.add(seed);
  }
  return new Map([...byScenario].map(([scenario, seeds]) => [scenario, [...seeds]]));
}
