import { describe, expect, it } from "vitest";
import { type Plan, qualityOf } from "../../simulations/plan.ts";
import { REGIONS, ROUND_TRIPS_MS, roundTripMs } from "../../simulations/regions.ts";
import { findScenario } from "../../simulations/scenarios/scenarios.ts";

/** Light in glass. */
const FIBRE_KM_PER_MS = 200;
/** Whole degrees are near enough for a lower bound. */
const PLACES: Readonly<Record<(typeof REGIONS)[number], readonly [latitude: number, longitude: number]>> = {
  virginia: [37, -79],
  california: [37, -122],
  toronto: [44, -79],
  "sao-paulo": [-24, -47],
  dublin: [53, -6],
  frankfurt: [50, 9],
  johannesburg: [-26, 28],
  dubai: [25, 55],
  mumbai: [19, 73],
  singapore: [1, 104],
  tokyo: [36, 140],
  sydney: [-34, 151],
};

function kilometres(one: keyof typeof PLACES, other: keyof typeof PLACES): number {
  const [[a, b], [c, d]] = [PLACES[one], PLACES[other]].map((place) =>
    place.map((degrees) => (degrees * Math.PI) / 180),
  ) as [[number, number], [number, number]];
  return 6371 * Math.acos(Math.sin(a) * Math.sin(c) + Math.cos(a) * Math.cos(c) * Math.cos(b - d));
}

function planWith(regions: readonly [string, string], water: Partial<Plan["water"]> = {}): Plan {
  const plan = findScenario("split-brain")?.plan("1") as Plan;
  const nodes = regions.map((region) => ({ ...(plan.nodes[0] as Plan["nodes"][number]), region }));
  return { ...plan, nodes, water: { ...plan.water, ...water } };
}

describe("round trips", () => {
  it("are known for every pair of regions, the same both ways, and no faster than light in fibre", () => {
    for (const [i, one] of REGIONS.entries()) {
      for (const other of REGIONS.slice(i + 1)) {
        const ms = roundTripMs(one, other);
        expect(roundTripMs(other, one)).toBe(ms);
        expect(ms, `${one} ${other}`).toBeGreaterThan((2 * kilometres(one, other)) / FIBRE_KM_PER_MS);
        expect(ms, `${one} ${other}`).toBeLessThan(400);
      }
    }
    expect(Object.values(ROUND_TRIPS_MS).flatMap((row) => Object.keys(row))).toHaveLength(66);
  });

  it("are refused for a region that nobody knows, with the word of how to tell it", () => {
    expect(() => roundTripMs("frankfurt", "ship")).toThrow(/"frankfurt" and "ship": give it as water\.roundTripsMs/);
  });

  it("are a plan's own where it gives some, in either order", () => {
    const own = { ship: { frankfurt: 600 }, tokyo: { sydney: 5 } };
    expect([roundTripMs("frankfurt", "ship", own), roundTripMs("sydney", "tokyo", own)]).toEqual([600, 5]);
    expect(roundTripMs("sydney", "tokyo")).toBe(101);
  });
});

describe("the water of a plan", () => {
  it("gives half of the round trip each way, with jitter in proportion, and its own figure within a region", () => {
    const path = qualityOf(planWith(["frankfurt", "tokyo"], { jitter: 0.5 }), 0, 1);
    expect([path.latencyMs, path.jitterMs]).toEqual([108.5, 54.25]);
    expect(qualityOf(planWith(["tokyo", "tokyo"], { localMs: 2 }), 0, 1).latencyMs).toBe(2);
  });

  it("has no path to a region that it knows nothing of", () => {
    expect(() => qualityOf(planWith(["frankfurt", "atlantis"]), 0, 1)).toThrow("atlantis");
  });

  it("puts the nodes of a scenario into two to five regions", () => {
    const counts = new Set<number>();
    for (let seed = 0; seed < 100; seed++) {
      const nodes = findScenario("swarm")?.plan(String(seed)).nodes ?? [];
      counts.add(new Set(nodes.map((node) => node.region)).size);
    }
    expect([...counts].sort()).toEqual([2, 3, 4, 5]);
  });
});
