/**
 * Random schedules of the model, each from its seed: replicas write, crash, are cut off, given up and placed elsewhere while
 * what they say is late or lost; then all is healed, and what must hold is looked at. Schedules aim: most steps finish
 * what others began, since what is purged or dropped takes several, few replicas do most of it, and few keys are
 * written often.
 */

import { SeededRandom } from "../../../src/base/random.ts";
import { ACTS } from "./acts.ts";
import type { Holds } from "./rules.ts";
import { World } from "./world.ts";

/** The numbers of the steps of a schedule. */
export function stepsOf(seed: number): readonly number[] {
  return Array.from({ length: 10 + new SeededRandom(`${seed}/length`).below(60) }, (_, at) => at);
}

/** Runs one schedule; what does not hold at its end, or undefined. */
export function runSchedule(seed: number, rules: Holds, steps = stepsOf(seed)): string | undefined {
  return runWorld(seed, new World(seed, rules), steps).violation();
}

/** What happened, step by step, with what does not hold at the end. */
export function traceOf(seed: number, rules: Holds, steps = stepsOf(seed)): readonly string[] {
  const world = runWorld(seed, new World(seed, rules, { traces: true }), steps);
  return [...world.trace, world.violation() ?? "all holds"];
}

function runWorld(seed: number, world: World, steps: readonly number[]): World {
  const weights = weightsOf(seed);
  for (const number of steps) {
    world.beginStep(number);
    pickAct(world, weights)(world);
    world.watch();
  }
  world.settle();
  return world;
}

/** Every schedule has weights of its own, so that some do without what others do all the time. */
function weightsOf(seed: number): readonly number[] {
  const random = new SeededRandom(`${seed}/weights`);
  return ACTS.map(([weight, , isNeeded]) => weight * random.pick(isNeeded ? [1, 3] : [0, 0, 1, 3]));
}

function pickAct(world: World, weights: readonly number[]): (world: World) => void {
  let at = world.random.below(weights.reduce((sum, weight) => sum + weight, 0));
  const found = ACTS.find((_, number) => {
    at -= weights[number] as number;
    return at < 0;
  });
  return (found as (typeof ACTS)[number])[1];
}

/** The least part of a schedule that still breaks something. */
export function shrink(seed: number, rules: Holds): readonly number[] {
  let steps = stepsOf(seed);
  for (let size = steps.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at < steps.length; ) {
      const fewer = [...steps.slice(0, at), ...steps.slice(at + size)];
      if (runSchedule(seed, rules, fewer) === undefined) at += size;
      else steps = fewer;
    }
  }
  return steps;
}
