/**
 * The rules by which shards move, held against a model of them (`movement/`): random schedules of a few replicas must lose
 * nothing, bring nothing back and leave nothing behind; with any one of the rules broken they do. To see what happens in
 * one: `traceOf(seed, rules)`, and `shrink` for the least part of it that still goes wrong.
 */

import { expect, test } from "vitest";
import { COUNTER_EXAMPLES } from "./movement/counter-examples.ts";
import { ALL_HOLD, type Rule, without } from "./movement/rules.ts";
import { runSchedule, shrink, traceOf } from "./movement/schedule.ts";
import { playScript, SCRIPTED } from "./movement/scripts.ts";

const SCHEDULES = 500;

test(`nothing is lost, comes back or stays behind in schedules 0 to ${SCHEDULES - 1}`, () => {
  for (let seed = 0; seed < SCHEDULES; seed++) {
    const violation = runSchedule(seed, ALL_HOLD);
    expect(violation, violation === undefined ? "" : told(seed)).toBeUndefined();
  }
});

test.each(Object.entries(COUNTER_EXAMPLES))("without the rule '%s' something does, as in schedule %d", (rule, seed) => {
  expect(runSchedule(seed, ALL_HOLD)).toBeUndefined();
  expect(runSchedule(seed, without(rule as Rule))).toBeDefined();
});

test.each(SCRIPTED)("without the rule '%s' something does, in a script", (rule) => {
  expect(playScript(rule, ALL_HOLD)).toBeUndefined();
  expect(playScript(rule, without(rule))).toBeDefined();
});

function told(seed: number): string {
  return [`schedule ${seed}`, ...traceOf(seed, ALL_HOLD, shrink(seed, ALL_HOLD))].join("\n");
}
