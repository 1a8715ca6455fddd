/** The search for a planted bug: from a first seed on until the simulator finds it, at most as many seeds as are allowed. */

import { hunt, type TaskPool } from "./hunt.ts";
import type { PlantedBug } from "./planted-bug.ts";
import { bundlePatched } from "./planting.ts";

export interface Search {
  readonly bug: PlantedBug;
  readonly seeds: readonly number[];
  /** Seeds that were run; the last one found it, if any did. */
  readonly needed: number;
  /** Those that saw it, in the order in which they look; empty: nobody did. */
  readonly checkers: readonly string[];
  readonly message: string;
  /** Why it could not go on: a patch that does not fit, a run without an end. */
  readonly failure: string | undefined;
}

/** Searches all bugs, so many at a time; each promise resolves, whatever comes of its search. */
export function searchAll(
  bugs: readonly PlantedBug[],
  firstSeed: number,
  pool: TaskPool,
): ReadonlyMap<string, Promise<Search>> {
  return new Map(bugs.map((bug) => [bug.name, pool.run(() => search(bug, firstSeed))]));
}

async function search(bug: PlantedBug, firstSeed: number): Promise<Search> {
  const seeds = Array.from({ length: bug.seedsMax }, (_, i) => firstSeed + i);
  const nothing = { bug, seeds, needed: 0, checkers: [], message: "" };
  try {
    const script = await bundlePatched(bug.patches);
    const order = { scenario: bug.scenario, seeds, untilSeenBy: bug.checkers };
    const { verdicts, failure } = await hunt(script, order);
    const last = verdicts.at(-1);
    if (last === undefined) return { ...nothing, failure };
    return { ...nothing, needed: verdicts.length, checkers: last.checkers, message: last.message, failure };
  } catch (error) {
    return { ...nothing, failure: error instanceof Error ? error.message : String(error) };
  }
}

/** Of each scenario, the seeds that were run against some bug: the replica as it is has to pass them. */
export function seedsByScenario(searches: readonly Search[]): ReadonlyMap<string, readonly number[]> {
  const byScenario = new Map<string, readonly number[]>();
  for (const { bug, seeds, needed } of searches) {
    const run = seeds.slice(0, needed);
    if (run.length > (byScenario.get(bug.scenario)?.length ?? 0)) byScenario.set(bug.scenario, run);
  }
  return byScenario;
}
