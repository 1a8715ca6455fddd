import { describe, expect, it } from "vitest";
import { swimDefaults } from "../../../src/cluster/swim/settings.ts";
import { confirmationsWanted, suspicionMs } from "../../../src/cluster/swim/suspicion.ts";

const lasts = (members: number, witnesses: number): number => suspicionMs({ members, witnesses }, swimDefaults);

describe("a suspicion", () => {
  it("of one witness lasts longest, and of enough of them shortest (Lifeguard, section IV.B)", () => {
    expect(lasts(100, 1)).toBe(6 * 8000);
    expect(lasts(100, 3)).toBe(8000);
    expect(lasts(100, 50)).toBe(8000);
  });

  it("falls with the logarithm of the witnesses: the first confirmation counts most", () => {
    expect(lasts(100, 2)).toBeCloseTo(48_000 - (Math.log(2) / Math.log(3)) * 40_000);
  });

  it("grows with the logarithm of the cluster, and not below ten members", () => {
    expect([2, 10, 100, 1000].map((members) => lasts(members, 9))).toEqual([4000, 4000, 8000, 12_000]);
  });

  it("needs no confirmation where there is nobody to give one", () => {
    expect([1, 2, 3, 4].map((members) => confirmationsWanted(members, swimDefaults))).toEqual([0, 0, 0, 2]);
    expect(lasts(3, 1)).toBe(4000);
  });
});
