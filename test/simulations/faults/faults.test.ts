import { describe, expect, it } from "vitest";
import { FaultApplier } from "../../../simulations/faults/applier.ts";
import { type CutShape, drawCut } from "../../../simulations/faults/cuts.ts";
import { describeFault, type Fault } from "../../../simulations/faults/fault.ts";
import { type FaultProfile, generateFaults, NO_FAULTS } from "../../../simulations/faults/generator.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { CALM, createBareWorld } from "../simulator/bench-world.ts";

const PROFILE: FaultProfile = {
  nodes: 4,
  fromMs: 100,
  untilMs: 60_000,
  meanGapMs: 100,
  types: Object.fromEntries(Object.keys(NO_FAULTS).map((type) => [type, 1])) as FaultProfile["types"],
  cuts: { halves: 1, isolate: 1, bridge: 1, ring: 1, "one-way": 1, pair: 1 },
  longestMs: 5000,
  clockJumpMs: 100,
};

function draw(shape: CutShape, nodes: number): string[] {
  return drawCut(new SeededRandom(shape), shape, nodes).paths.map((path) => path.join(">"));
}

describe("fault schedules", () => {
  it("are the same for the same seed and others for another", () => {
    const make = (seed: number): Fault[] => generateFaults(new SeededRandom(seed), PROFILE);
    expect(make(1)).toEqual(make(1));
    expect(make(1)).not.toEqual(make(2));
  });

  it("hold every type that is asked for, in order of time, and survive JSON", () => {
    const faults = generateFaults(new SeededRandom(1), PROFILE);
    const types = new Set(faults.map((fault) => fault.type));
    expect([...types].sort()).toEqual(
      Object.keys(NO_FAULTS)
        .filter((type) => type !== "flapping" && type !== "swizzle")
        .sort(),
    );
    expect(faults).toEqual(faults.toSorted((a, b) => a.at - b.at));
    expect(JSON.parse(JSON.stringify(faults))).toEqual(faults);
    for (const fault of faults) expect(describeFault(fault)).toContain(fault.type);
  });

  it("never name a node that is not there, nor a path from a node to itself", () => {
    for (let nodes = 2; nodes <= 5; nodes++) {
      for (const fault of generateFaults(new SeededRandom(nodes), { ...PROFILE, nodes })) {
        const named =
          "node" in fault ? [fault.node] : "path" in fault ? fault.path : "paths" in fault ? fault.paths.flat() : [];
        expect(named.every((node) => node >= 0 && node < nodes)).toBe(true);
        const pairs =
          "path" in fault ? [fault.path] : "paths" in fault ? fault.paths : "nodes" in fault ? [fault.nodes] : [];
        expect(pairs.every(([from, to]) => from !== to)).toBe(true);
      }
    }
  });
});

describe("cuts", () => {
  it("in halves and of one alone close both ways between the groups and nothing within them", () => {
    for (const shape of ["halves", "isolate"] as const) {
      const paths = draw(shape, 5);
      expect(paths.every((path) => paths.includes(path.split(">").reverse().join(">")))).toBe(true);
      expect([8, 12]).toContain(paths.length);
    }
  });

  it("one way leave the way back open", () => {
    const paths = draw("one-way", 4);
    expect(paths.some((path) => paths.includes(path.split(">").reverse().join(">")))).toBe(false);
  });

  it("with a bridge leave one node that sees everybody", () => {
    const cut = draw("bridge", 5).join(" ");
    const unharmed = [0, 1, 2, 3, 4].filter((node) => !cut.includes(String(node)));
    expect(unharmed).toHaveLength(1);
  });

  it("in a ring leave everybody a majority, nobody the same one", () => {
    const paths = draw("ring", 5);
    const seen = [0, 1, 2, 3, 4].map((node) =>
      [0, 1, 2, 3, 4].filter((other) => other === node || paths.includes(`${node}>${other}`) === false).join(),
    );
    expect(new Set(seen).size).toBe(5);
    expect(seen.every((who) => who.split(",").length >= 3)).toBe(true);
  });
});

describe("a swizzle", () => {
  it("takes links one after the other and brings them back in another order, all before the longest time is over", () => {
    for (let seed = 0; seed < 20; seed++) {
      const types = { ...NO_FAULTS, swizzle: 1 };
      const profile = { ...PROFILE, types, meanGapMs: 1e7, untilMs: 3e7, longestMs: 8000 };
      const [first, ...rest] = generateFaults(new SeededRandom(seed), profile);
      if (first?.type !== "cut") continue;
      const links = [first, ...rest.filter((fault) => fault.at < first.at + 8000)].flatMap((fault) =>
        fault.type === "cut"
          ? [{ link: fault.paths.flat().sort().join(), at: fault.at, until: fault.at + fault.forMs }]
          : [],
      );
      expect(links.length).toBeGreaterThanOrEqual(3);
      expect(new Set(links.map(({ link }) => link)).size).toBe(links.length);
      expect(new Set(links.map(({ at }) => at)).size).toBe(links.length);
      expect(new Set(links.map(({ until }) => until)).size).toBe(links.length);
      const lastGone = Math.max(...links.map(({ at }) => at));
      expect(links.every(({ until }) => until > lastGone && until <= first.at + 8000 + 1)).toBe(true);
    }
  });
});

describe("applying faults", () => {
  const bothWays = [
    [0, 1],
    [1, 0],
  ] as const;

  it("undoes each one after its time, overlapping ones too, in any order", async () => {
    const world = createBareWorld({});
    const { paths } = world.network;
    new FaultApplier(world, [
      { at: 10, type: "cut", shape: "pair", paths: bothWays, forMs: 100 },
      { at: 50, type: "cut", shape: "pair", paths: bothWays, forMs: 20 },
      { at: 20, type: "degrade", paths: bothWays, latencyMs: 500, forMs: 100 },
      { at: 30, type: "degrade", paths: bothWays, latencyMs: 700, loss: 0.5, forMs: 200 },
    ]);
    await world.run(80);
    expect([paths.isCut(0, 1), paths.quality(0, 1).latencyMs, paths.quality(0, 1).loss]).toEqual([true, 700, 0.5]);
    await world.run(150);
    expect([paths.isCut(0, 1), paths.quality(0, 1).latencyMs]).toEqual([false, 700]);
    await world.run(300);
    expect(paths.quality(0, 1)).toEqual(paths.base(0, 1));
  });

  it("strobes a clock ahead and back, and leaves it as it was", async () => {
    const world = createBareWorld({});
    const { clock } = world.node(1);
    new FaultApplier(world, [
      { at: 10, type: "clock-strobe", node: 1, amplitudeMs: 700, periodMs: 20, forMs: 85 },
      { at: 10, type: "clock-jump", node: 1, byMs: 30 },
    ]);
    const seen: number[] = [];
    for (let at = 15; at < 140; at += 10) {
      await world.run(at);
      seen.push(Math.round(clock.offset()));
    }
    expect(seen).toEqual([730, 30, 730, 30, 730, 30, 730, 30, 30, 30, 30, 30, 30]);
  });

  it("ends all of them when everything heals, those to come included", async () => {
    const world = createBareWorld({});
    const applier = new FaultApplier(world, [
      { at: 10, type: "cut", shape: "pair", paths: bothWays, forMs: 1e6 },
      { at: 10, type: "clock-jump", node: 0, byMs: 5000 },
      { at: 10, type: "clock-drift", node: 1, ppm: 1000, forMs: 1e6 },
      { at: 10, type: "disk-full", node: 0, forMs: 1e6 },
      { at: 10, type: "clock-strobe", node: 1, amplitudeMs: 700, periodMs: 30, forMs: 1e6 },
      { at: 10, type: "corrupt", path: [0, 1], probability: 1, forMs: 1e6 },
      { at: 10, type: "slow-consumer", node: 1, bytesPerMs: 1, forMs: 1e6 },
      { at: 200, type: "cut", shape: "pair", paths: bothWays, forMs: 1e6 },
    ]);
    await world.run(100);
    expect([world.node(0).clock.offset(), world.node(0).disk.failing]).toEqual([5000, Infinity]);
    applier.healAll();
    await world.run(300);
    expect([world.network.paths.isCut(0, 1), world.node(0).disk.failing]).toEqual([false, 0]);
    expect([world.network.corruptions.size, world.network.paths.quality(0, 1)]).toEqual([0, CALM]);
    expect([world.node(0).clock.offset(), world.node(1).clock.offset()]).toEqual([0, 0]);
  });
});
