import { expect, it } from "vitest";
import { Reports } from "../../src/cluster/reports.ts";
import { id } from "../support/machines.ts";

it("goes by the clock that a member reported last: once put back, it has not passed what it had", () => {
  const reports = new Reports(1);
  expect(reports.clockOf(id("a"))).toBe(-Infinity);
  for (const clock of [1000, 9000, 2000]) reports.noteClock(id("a"), { lives: 0, epoch: 0, clock });
  expect(reports.clockOf(id("a"))).toBe(2000);
});
