import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { Placement } from "../../../src/cluster/placement/placement.ts";
import { createPlacementView, type PlacementMember } from "../../../src/cluster/placement/placement-view.ts";
import { type Policy, policyOf, type Replication } from "../../../src/cluster/placement/policy.ts";
import { SLACK_PARTS } from "../../../src/cluster/placement/shares.ts";
import { drawMember, leastMoved, loadsOf, member, movedBetween, PARTS, viewOf } from "../../support/placements.ts";

function place(members: readonly PlacementMember[], replication: Replication, rest: Partial<Policy> = {}): Placement {
  return new Placement(createPlacementView(members), policyOf({ replication, ...rest }), PARTS);
}

function ownersOfAll(placement: Placement): readonly (readonly string[])[] {
  return Array.from({ length: placement.parts }, (_, part) => placement.ownersOf(part));
}

/** How many owners of each part are in each region; by how many parts. */
function spreadOf(placement: Placement, members: readonly PlacementMember[]): ReadonlyMap<string, number> {
  const regions = [...new Set(members.map(({ region }) => region))].sort();
  const counts = new Map<string, number>();
  for (let part = 0; part < placement.parts; part++) {
    const spread = regions.map((region) => `${region} ${placement.ownersIn(part, region).length}`).join(", ");
    counts.set(spread, (counts.get(spread) ?? 0) + 1);
  }
  return counts;
}

const anyMembers = fc
  .record({
    seed: fc.nat(),
    count: fc.nat(24),
    regions: fc.integer({ min: 1, max: 5 }),
    weightMax: fc.constantFrom(1, 1, 4, 1000),
  })
  .map(({ seed, count, regions, weightMax }) => {
    const random = new SeededRandom(seed);
    return Array.from({ length: count }, () => drawMember(random, regions, weightMax));
  });

const anyReplication = fc.oneof(
  fc.constant("all" as const),
  fc.integer({ min: 1, max: 6 }),
  fc
    .dictionary(fc.constantFrom("region-0", "region-1", "region-2", "mars"), fc.integer({ min: 1, max: 3 }), {
      minKeys: 1,
    })
    .map((by) => new Map(Object.entries(by))),
);

describe("a placement", () => {
  it("is the same whatever the order its members came in", () => {
    fc.assert(
      fc.property(anyMembers, anyReplication, fc.nat(), (members, replication, seed) => {
        const shuffled = new SeededRandom(seed).shuffle([...members]);
        expect(ownersOfAll(place(shuffled, replication))).toEqual(ownersOfAll(place(members, replication)));
      }),
      { seed: 5, numRuns: 100 },
    );
  });

  it("is what it was: replicas of other versions must place alike", () => {
    const placement = place(viewOf(["eu", "us", "eu", "ap", "us", "eu"]).members, 2);
    expect(ownersOfAll(placement).slice(0, 4)).toEqual([
      ["member-1", "member-0"],
      ["member-5", "member-1"],
      ["member-0", "member-1"],
      ["member-4", "member-5"],
    ]);
  });

  it("gives every part as many owners as it can, each once, and says where that is too few", () => {
    fc.assert(
      fc.property(anyMembers, anyReplication, (members, replication) => {
        const placement = place(members, replication);
        const inRegion = (region: string) => members.filter((of) => of.region === region).length;
        const wanted =
          replication === "all"
            ? members.length
            : typeof replication === "number"
              ? Math.min(replication, members.length)
              : undefined;
        for (const owners of ownersOfAll(placement)) {
          expect(new Set(owners).size).toBe(owners.length);
          if (wanted !== undefined) expect(owners.length).toBe(wanted);
        }
        if (replication instanceof Map) {
          for (const [region, copies] of replication) {
            for (let part = 0; part < PARTS; part++) {
              expect(placement.ownersIn(part, region).length).toBe(Math.min(copies, inRegion(region)));
            }
          }
        }
        const short =
          replication === "all"
            ? members.length === 0
            : typeof replication === "number"
              ? members.length < replication
              : [...replication].some(([region, copies]) => inRegion(region) < copies);
        expect(placement.shortfalls.length > 0).toBe(short);
      }),
      { seed: 5, numRuns: 150 },
    );
  });

  it("lets no member own more than 1.1 times its share, or 3.5 parts more where that is less than 25 parts", () => {
    fc.assert(
      fc.property(anyMembers, anyReplication, (members, replication) => {
        const placement = place(members, replication);
        let shares = 0;
        const loads = loadsOf(placement);
        for (const { id } of members) {
          const share = placement.shareOf(id);
          shares += share;
          const bound = share >= 10 * SLACK_PARTS - 1e-6 ? share * 1.1 : share + SLACK_PARTS + 1;
          expect(loads.get(id) ?? 0).toBeLessThanOrEqual(Math.min(PARTS, bound + 1e-6));
        }
        const copies = ownersOfAll(placement).reduce((sum, owners) => sum + owners.length, 0);
        expect(shares).toBeCloseTo(copies, 6);
      }),
      { seed: 5, numRuns: 200 },
    );
  });

  it.each([1, 2, 3, 4, 5].flatMap((replication) => [1, 2, 5].map((regions) => [replication, regions] as const)))(
    "at ten equal members, %i copies and %i regions of equal size gives nobody more than 1.1 times a tenth",
    (replication, regions) => {
      const random = new SeededRandom(`ten ${replication} ${regions}`);
      for (let run = 0; run < 20; run++) {
        const members = Array.from({ length: 10 }, (_, index) => member(`r${random.uint32()}`, `${index % regions}`));
        const placement = place(members, replication);
        const share = (PARTS * replication) / 10;
        for (const { id } of members) expect(placement.shareOf(id)).toBeCloseTo(share, 6);
        expect(Math.max(...loadsOf(placement).values())).toBeLessThanOrEqual(share * 1.1);
      }
    },
  );

  it.each([
    ["to everybody", 1, 1],
    ["whatever the weights", 4, 1],
    ["whatever the regions", 1, 5],
    ["whatever weights and regions", 4, 5],
  ])(
    "moves at most 1.5 times what has to move when one of up to 21 joins or leaves, on average and at p95: %s",
    (_what, weightMax, regionsMax) => {
      const random = new SeededRandom(`moves ${weightMax} ${regionsMax}`);
      const ratios: number[] = [];
      while (ratios.length < 250) {
        const regions = random.between(1, regionsMax);
        const members = Array.from({ length: random.between(3, 21) }, () => drawMember(random, regions, weightMax));
        const replication = random.between(1, 5);
        const [fewer, more] = [place(members.slice(1), replication), place(members, replication)];
        const isJoin = random.chance(0.5);
        const [before, after] = isJoin ? [fewer, more] : [more, fewer];
        const least = leastMoved(before, after, members);
        if (least > 0) ratios.push(movedBetween(before, after) / least);
      }
      ratios.sort((a, b) => a - b);
      expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length).toBeLessThan(1.15);
      expect(ratios[Math.floor(ratios.length * 0.95)]).toBeLessThanOrEqual(1.5);
    },
  );

  it("spreads over regions first", () => {
    const members = viewOf(["eu", "eu", "eu", "eu", "us", "us", "ap"]).members;
    expect([...spreadOf(place(members, 3), members)]).toEqual([["ap 1, eu 1, us 1", PARTS]]);
    // Then one more where there are members for it, by the weight of the regions: none in ap.
    expect([...spreadOf(place(members, 4), members).keys()].sort()).toEqual(["ap 1, eu 1, us 2", "ap 1, eu 2, us 1"]);
    // Of two copies no two are in one region.
    expect([...spreadOf(place(members, 2), members).keys()].sort()).toEqual([
      "ap 0, eu 1, us 1",
      "ap 1, eu 0, us 1",
      "ap 1, eu 1, us 0",
    ]);
    expect([...spreadOf(place(members, 6), members).keys()].sort()).toEqual(["ap 1, eu 3, us 2"]);
  });

  it("gives every region its number, whatever its size", () => {
    const members = viewOf(["eu", "eu", "eu", "us", "us", "ap"]).members;
    const by = new Map([["eu", 2], ["us", 1]]); // biome-ignore format: short
    expect([...spreadOf(place(members, by), members)]).toEqual([["ap 0, eu 2, us 1", PARTS]]);
    expect(place(members, by).shareOf(member("member-5").id)).toBe(0);
  });

  it("keeps to the allowed regions", () => {
    const members = viewOf(["eu", "us", "ap", "eu", "us", "ap"]).members;
    expect([...spreadOf(place(members, "all", { regions: ["eu"] }), members)]).toEqual([["ap 0, eu 2, us 0", PARTS]]);
    expect([...spreadOf(place(members, 5, { regions: ["eu", "us"] }), members)]).toEqual([["ap 0, eu 2, us 2", PARTS]]);
  });

  it.each<[string, readonly string[], Replication, Partial<Policy>, unknown]>([
    ["nothing where there are enough", ["eu", "us"], 2, {}, []],
    ["too few members", ["eu", "us"], 3, {}, [{ wanted: 3, has: 2 }]],
    ["too few in the allowed regions", ["eu", "us"], 2, { regions: ["us", "mars"] }, [{ wanted: 2, has: 1 }]],
    ["too few in a region", ["eu", "us"], new Map([["eu", 2], ["us", 1]]), {}, [{ region: "eu", wanted: 2, has: 1 }]], // biome-ignore format: short
    ["an unknown region", ["eu"], new Map([["mars", 2]]), {}, [{ region: "mars", wanted: 2, has: 0 }]],
    ["nobody at all", [], "all", {}, [{ wanted: 1, has: 0 }]],
    ["nobody where all are to have it", ["eu"], "all", { regions: ["us"] }, [{ wanted: 1, has: 0 }]],
  ])("tells as its shortfall %s", (_what, regions, replication, rest, expected) => {
    const placement = place(viewOf(regions).members, replication, rest);
    expect(placement.shortfalls).toEqual(expected);
  });

  it("prefers owners, then all others that may own the part, each part in an order of its own", () => {
    const members = viewOf(["eu", "us", "eu", "us", "ap"]).members;
    const placement = place(members, 2, { regions: ["eu", "us"] });
    const orders = new Set<string>();
    for (let part = 0; part < PARTS; part++) {
      const preference = placement.preferenceOf(part);
      expect(preference.slice(0, 2)).toEqual(placement.ownersOf(part));
      expect([...preference].sort()).toEqual(["member-0", "member-1", "member-2", "member-3"]);
      orders.add(preference.join());
    }
    // Of the 24 orders of four, 8 begin with two of one region.
    expect(orders.size).toBe(16);
  });

  it("says of who owns a part that it does, and refuses parts that are not there as our bug", () => {
    const placement = place(viewOf(["eu", "eu", "eu"]).members, 1);
    for (const { id } of viewOf(["eu", "eu", "eu"]).members) {
      expect(placement.isOwner(7, id)).toBe(placement.ownersOf(7).includes(id));
    }
    expect(() => placement.ownersOf(PARTS)).toThrow("BUG: part 256 of 256");
  });
});
