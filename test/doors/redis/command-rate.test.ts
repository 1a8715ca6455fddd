import { expect, test } from "vitest";
import { CommandRate, SAMPLE_MS } from "../../../src/doors/redis/command-rate.ts";

test("tells the rate of the last 16 samples, however long each took", () => {
  const rate = new CommandRate();
  expect(rate.perSecond).toBe(0);
  rate.sample(1000, 0);
  rate.sample(1000, 0);
  expect(rate.perSecond).toBe(0);
  rate.sample(1050, SAMPLE_MS);
  expect(rate.perSecond).toBe(500);
  rate.sample(1050, 4 * SAMPLE_MS);
  expect(rate.perSecond).toBe(125);
  for (let at = 5; at < 21; at++) rate.sample(1050 + 10 * (at - 4), at * SAMPLE_MS);
  expect(rate.perSecond).toBe(100);
});
