import { expect, it } from "vitest";
import { LivedTime, STEP_MS_MAX } from "../../../src/cluster/swim/lived-time.ts";

const START = 1_800_000_000_000;

it("adds up what passes between ticks", () => {
  const time = new LivedTime();
  const slept = [0, 50, 100, 130].map((at) => time.step(START + at));
  expect([time.ms, slept]).toEqual([130, [false, false, false, false]]);
});

it("counts little of what was slept through, and says so; nothing of a clock that is put back or stands", () => {
  const time = new LivedTime();
  time.step(START);
  expect([time.step(START + 3_600_000), time.ms]).toEqual([true, STEP_MS_MAX]);
  expect([time.step(START), time.ms]).toEqual([false, STEP_MS_MAX]);
  expect([time.step(START), time.ms]).toEqual([false, STEP_MS_MAX]);
  expect([time.step(START + 500), time.ms]).toEqual([false, 2 * STEP_MS_MAX]);
});
