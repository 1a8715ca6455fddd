import { expect, it } from "vitest";
import { LocalHealth } from "../../../src/cluster/swim/local-health.ts";

it("stretches what it is asked for between once and one more than its bound (Lifeguard, section IV.A)", () => {
  const health = new LocalHealth(8);
  health.improve();
  expect(health.multiplier).toBe(1);
  health.worsen(3);
  health.improve();
  expect(health.multiplier).toBe(3);
  health.worsen(100);
  expect(health.multiplier).toBe(9);
});
