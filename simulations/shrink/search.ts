/**
 * The question that shrinking asks over and over: which is the first of these smaller plans that still fails? Several
 * are tried at once; the answer is the same as if they were tried one after the other.
 */

import type { Plan } from "../plan.ts";
import type { Crash } from "../workers/job.ts";
import type { Lane } from "../workers/lane.ts";

export interface Search {
  /** True when time is up: nothing fails any more. */
  readonly isOver: () => boolean;
  /** The first of the candidates that still fails; undefined when none does, or time is up. */
  first(candidates: Iterable<Plan>): Promise<Plan | undefined>;
  /** When the nodes of a plan crash. */
  crashesOf(plan: Plan): Promise<readonly Crash[]>;
}

export interface SearchOptions {
  readonly lanes: readonly Lane[];
  /** A smaller plan counts as failing when this checker reports a violation, whatever it says. */
  readonly checker: string;
  readonly isOver: () => boolean;
  /** Told after each round of tries how many there were so far. */
  readonly tried?: (runs: number) => void;
}

export function createSearch({ lanes, checker, isOver, tried }: SearchOptions): Search {
  let runs = 0;
  const isFailing = async (lane: Lane, plan: Plan): Promise<boolean> => {
    const { violations } = await lane.run({ run: { plan }, json: false });
    return violations.some((violation) => violation.checker === checker);
  };
  return {
    isOver,
    async crashesOf(plan) {
      const outcome = await lanes[0]?.run({ run: { plan }, json: false, crashes: true });
      return outcome?.crashes ?? [];
    },
    async first(candidates) {
      for (const round of roundsOf(candidates, lanes.length)) {
        if (isOver()) return undefined;
        const fails = await Promise.all(round.map((plan, i) => isFailing(lanes[i] as Lane, plan)));
        runs += round.length;
        tried?.(runs);
        const hit = fails.indexOf(true);
        if (hit !== -1) return round[hit];
      }
      return undefined;
    },
  };
}

function* roundsOf<Item>(items: Iterable<Item>, size: number): Iterable<Item[]> {
  let round: Item[] = [];
  for (const item of items) {
    round.push(item);
    if (round.length < size) continue;
    yield round;
    round = [];
  }
  if (round.length > 0) yield round;
}
