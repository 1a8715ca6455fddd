import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes } from "../../../src/base/bytes.ts";
import { TTL_MS_MAX } from "../../../src/base/ttl.ts";
import { COPIES_MAX, type Policy, policyOf } from "../../../src/cluster/placement/policy.ts";
import { decodePolicy, encodePolicy } from "../../../src/cluster/placement/policy-codec.ts";

const region = fc.string({ minLength: 1, maxLength: 64, unit: fc.constantFrom("a", "B", "-", " ", "~") });
const copies = fc.integer({ min: 1, max: COPIES_MAX });

const anyPolicy: fc.Arbitrary<Policy> = fc
  .record(
    {
      replication: fc.oneof(
        fc.constant("all" as const),
        copies,
        fc
          .uniqueArray(fc.tuple(region, copies), { minLength: 1, maxLength: 5, selector: ([name]) => name })
          .map((entries) => new Map(entries)),
      ),
      regions: fc.uniqueArray(region, { minLength: 1, maxLength: 5 }),
      times: fc.tuple(fc.integer({ min: 1, max: TTL_MS_MAX }), fc.integer({ min: 1, max: TTL_MS_MAX })),
      share: fc.integer({ min: 1, max: 10_000 }),
    },
    { requiredKeys: ["replication"] },
  )
  .map(({ replication, regions, times, share }) =>
    policyOf({
      replication,
      ...(regions !== undefined && !(replication instanceof Map) && { regions }),
      ...(times !== undefined && { defaultTtlMs: Math.min(...times), maxTtlMs: Math.max(...times) }),
      ...(share !== undefined && { memoryShare: share / 10_000 }),
    }),
  );

describe("the encoding of a policy", () => {
  it("gives back what was encoded, from the same bytes each time", () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const bytes = encodePolicy(policy);
        expect(decodePolicy(bytes)).toEqual(policy);
        expect(encodePolicy(decodePolicy(bytes))).toEqual(bytes);
      }),
      { seed: 5 },
    );
  });

  it("is what it was: replicas of other versions read it", () => {
    const policy = policyOf({ replication: new Map([["us", 1], ["eu", 2]]), maxTtlMs: 1000, memoryShare: 0.25 }); // biome-ignore format: short
    expect(Buffer.from(encodePolicy(policy)).toString("hex")).toBe("010c02020265750202757301e807c413");
  });

  it("refuses every beginning of itself, and bytes behind it", () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        const bytes = encodePolicy(policy);
        for (let length = 0; length < bytes.length; length++) {
          expect(() => decodePolicy(bytes.subarray(0, length))).toThrow(BadBytes);
        }
        expect(() => decodePolicy(Uint8Array.of(...bytes, 0))).toThrow(BadBytes);
      }),
      { seed: 5 },
    );
  });

  it("of damaged and of random bytes is refused, or is that of a sound policy", () => {
    const damaged = fc
      .tuple(anyPolicy, fc.nat(), fc.nat(255))
      .map(([policy, at, byte]) => encodePolicy(policy).with(at % encodePolicy(policy).length, byte));
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 40 })), (bytes) => {
        let policy: Policy;
        try {
          policy = decodePolicy(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(BadBytes);
          return;
        }
        expect(encodePolicy(policyOf(policy))).toEqual(bytes);
      }),
      { seed: 5, numRuns: 3000 },
    );
  });

  it.each([
    ["another version", [2, 0, 0]],
    ["a flag that is not known", [1, 16, 0]],
    ["replication of a kind that is not known", [1, 0, 3]],
    ["no copies", [1, 0, 1, 0]],
    ["regions out of order", [1, 1, 0, 2, 1, 0x62, 1, 0x61]],
    ["a region twice in its replication", [1, 0, 2, 2, 1, 0x61, 1, 1, 0x61, 1]],
    ["a number longer than it need be", [1, 0, 1, 0x82, 0]],
    ["more regions than there may be", [1, 1, 0, 65]],
  ])("refuses %s", (_what, bytes) => {
    expect(() => decodePolicy(Uint8Array.from(bytes))).toThrow(BadBytes);
  });
});
