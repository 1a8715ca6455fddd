import { expect, it } from "vitest";
import { createPlacementView } from "../../../src/cluster/placement/placement-view.ts";
import { Placements } from "../../../src/cluster/placement/placements.ts";
import { viewOf } from "../../support/placements.ts";

const eu = ["eu", "eu", "eu"];

it("placements are worked out once for all policies that place alike", () => {
  const placements = new Placements(16);
  placements.setView(viewOf(eu));
  const two = placements.of({ replication: 2 });
  expect(placements.of({ replication: 2, maxTtlMs: 1000, memoryShare: 0.5 })).toBe(two);
  expect(placements.of({ replication: 1 })).not.toBe(two);
  expect(placements.of({ replication: 2, regions: ["eu"] })).not.toBe(two);
  expect(two.parts).toBe(16);
});

it("placements are worked out anew when the view changes, and only then", () => {
  const placements = new Placements(16);
  expect(placements.of({ replication: 2 }).ownersOf(0)).toEqual([]);
  expect(placements.setView(viewOf(eu))).toBe(true);
  const before = placements.of({ replication: 2 });
  expect(before.ownersOf(0).length).toBe(2);
  expect(placements.setView(createPlacementView([...viewOf(eu).members].reverse()))).toBe(false);
  expect(placements.of({ replication: 2 })).toBe(before);
  const policy = { replication: 2 };
  expect(placements.of(policy)).toBe(before);
  expect(placements.setView(viewOf([...eu, "us"]))).toBe(true);
  expect(placements.of(policy)).not.toBe(before);
  expect(placements.of({ replication: 2 })).toBe(placements.of(policy));
});
