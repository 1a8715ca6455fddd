import { describe, expect, it } from "vitest";
import {
  COPIES_MAX,
  isRegionAllowed,
  type Policy,
  policyOf,
  REGIONS_MAX,
  ttlUnder,
} from "../../../src/cluster/placement/policy.ts";

const many = Array.from({ length: REGIONS_MAX + 1 }, (_, index) => `r${index}`);

describe("policyOf refuses", () => {
  it.each<[string, Policy, string]>([
    ["no copies", { replication: 0 }, "POLICY_BAD_REPLICATION"],
    ["half a copy", { replication: 1.5 }, "POLICY_BAD_REPLICATION"],
    ["more copies than there may be", { replication: COPIES_MAX + 1 }, "POLICY_BAD_REPLICATION"],
    ["no copies in a region", { replication: new Map([["eu", 0]]) }, "POLICY_BAD_REPLICATION"],
    ["replication by no region", { replication: new Map() }, "POLICY_BAD_REPLICATION"],
    ["replication by too many", { replication: new Map(many.map((name) => [name, 1])) }, "POLICY_BAD_REGION"],
    ["replication by a name that is none", { replication: new Map([["", 1]]) }, "POLICY_BAD_REGION"],
    ["no region", { replication: 2, regions: [] }, "POLICY_NO_REGION"],
    ["too many regions", { replication: 2, regions: many }, "POLICY_BAD_REGION"],
    ["a region twice", { replication: 2, regions: ["us", "eu", "us"] }, "POLICY_BAD_REGION"],
    ["a region's name that does not print", { replication: 2, regions: ["e\nu"] }, "POLICY_BAD_REGION"],
    ["a region's name that is too long", { replication: 2, regions: ["e".repeat(65)] }, "POLICY_BAD_REGION"],
    [
      "copies in a region that is not allowed",
      { replication: new Map([["us", 1]]), regions: ["eu"] },
      "POLICY_REGION_NOT_ALLOWED",
    ],
    [
      "an allowed region that gets none",
      { replication: new Map([["us", 1]]), regions: ["eu", "us"] },
      "POLICY_REGION_WITHOUT_COPIES",
    ],
    ["a time to live of nothing", { replication: "all", defaultTtlMs: 0 }, "BAD_TTL"],
    ["a maximum beyond ten years", { replication: "all", maxTtlMs: 1e15 }, "BAD_TTL"],
    [
      "a default over the maximum",
      { replication: "all", defaultTtlMs: 61_000, maxTtlMs: 60_000 },
      "POLICY_TTL_OVER_MAX",
    ],
    ["no memory", { replication: "all", memoryShare: 0 }, "POLICY_BAD_MEMORY_SHARE"],
    ["more than all of it", { replication: "all", memoryShare: 1.1 }, "POLICY_BAD_MEMORY_SHARE"],
    ["a share of five digits", { replication: "all", memoryShare: 0.12345 }, "POLICY_BAD_MEMORY_SHARE"],
    ["a share that is no number", { replication: "all", memoryShare: Number.NaN }, "POLICY_BAD_MEMORY_SHARE"],
  ])("%s", (_what, policy, code) => {
    expect(() => policyOf(policy)).toThrowError(expect.objectContaining({ code }));
  });
});

describe("a policy", () => {
  it("is kept sorted, and says of regions once what replication says", () => {
    const asked: Policy = {
      replication: new Map([
        ["us", 1],
        ["eu", 2],
      ]),
      regions: ["us", "eu"],
    };
    const kept = policyOf(asked);
    expect([...(kept.replication as ReadonlyMap<string, number>)]).toEqual([
      ["eu", 2],
      ["us", 1],
    ]);
    expect(kept.regions).toBe(undefined);
    expect(policyOf({ replication: 3, regions: ["us", "eu"] })).toEqual({ replication: 3, regions: ["eu", "us"] });
  });

  it.each<[string, Policy, readonly string[]]>([
    ["everywhere unless told", { replication: "all" }, ["ap", "eu", "us"]],
    ["in the allowed regions", { replication: 2, regions: ["eu", "us"] }, ["eu", "us"]],
    ["in the regions that replication names", { replication: new Map([["ap", 1]]) }, ["ap"]],
  ])("lets copies be %s", (_what, policy, expected) => {
    expect(["ap", "eu", "us"].filter((region) => isRegionAllowed(policyOf(policy), region))).toEqual(expected);
  });

  it.each<[string, Partial<Policy>, number | undefined, number | undefined]>([
    ["what was asked", {}, 5, 5],
    ["no end where none was asked", {}, undefined, undefined],
    ["the default where nothing was asked", { defaultTtlMs: 10, maxTtlMs: 20 }, undefined, 10],
    ["what was asked before the default", { defaultTtlMs: 10, maxTtlMs: 20 }, 20, 20],
    ["the maximum where there is no default", { maxTtlMs: 20 }, undefined, 20],
  ])("gives a put %s", (_what, times, asked, expected) => {
    expect(ttlUnder({ replication: "all", ...times }, asked)).toBe(expected);
  });

  it("refuses a time to live over its maximum", () => {
    expect(() => ttlUnder({ replication: "all", maxTtlMs: 20 }, 21)).toThrowError(
      expect.objectContaining({ code: "TTL_OVER_MAX" }),
    );
  });
});
