import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { type AssignmentTask, assign } from "../../../src/cluster/placement/assignment.ts";

/** Every way to own the parts that keeps to the task; undefined where that is none. The obvious twin: it tries all. */
function cheapest(task: AssignmentTask): number | undefined {
  const members = task.regions.map((_, member) => member);
  const choices = subsets(members).filter((owners) => isSpread(task, owners));
  const search = (part: number, loads: readonly number[]): number | undefined => {
    if (part === task.parts) return 0;
    const totals = choices.flatMap((owners) => {
      const next = loads.map((load, member) => load + (owners.includes(member) ? 1 : 0));
      if (next.some((load, member) => load > (task.bounds[member] as number))) return [];
      const rest = search(part + 1, next);
      return rest === undefined ? [] : [rest + sum(owners.map((member) => reluctance(task, member, part)))];
    });
    return totals.length === 0 ? undefined : Math.min(...totals);
  };
  return search(0, members.map(() => 0)); // biome-ignore format: short
}

function isSpread({ regions, bases, extras }: AssignmentTask, owners: readonly number[]): boolean {
  const beyond = bases.map((base, region) => owners.filter((member) => regions[member] === region).length - base);
  return beyond.every((copies) => copies === 0 || copies === 1) && sum(beyond) === extras;
}

function subsets(members: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: 2 ** members.length }, (_, bits) => members.filter((member) => (bits >> member) & 1));
}

function reluctance(task: AssignmentTask, member: number, part: number): number {
  return task.reluctances[member * task.parts + part] as number;
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}

const smallTask = fc
  .record({
    seed: fc.nat(),
    parts: fc.integer({ min: 1, max: 4 }),
    regions: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
    copies: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
    extras: fc.nat(2),
    bounds: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 5, maxLength: 5 }),
  })
  .map(({ seed, parts, regions, copies, extras, bounds }): AssignmentTask => {
    const random = new SeededRandom(seed);
    const sizes = [0, 1, 2].map((region) => regions.filter((of) => of === region).length);
    return {
      parts,
      regions,
      bases: sizes.map((size, region) => Math.min(size, copies[region] as number)),
      bounds: bounds.slice(0, regions.length),
      extras,
      reluctances: Float64Array.from({ length: parts * regions.length }, () => random.uint32() / 2 ** 32),
    };
  });

/** Of chains of exchanges that end where they began, or lead to a member that has room (Floyd, Warshall). */
function cheapestCycle(task: AssignmentTask, owners: readonly (readonly number[])[]): number {
  const members = task.regions.map((_, member) => member);
  const world = members.length;
  const loads = members.map((member) => owners.filter((of) => of.includes(member)).length);
  const nodes = [...members, world];
  const ways = nodes.map((from) =>
    nodes.map((to) => {
      if (to === world) return (loads[from] ?? 0) < (task.bounds[from] ?? 0) ? 0 : Infinity;
      if (from === world) return 0;
      const exchanges = owners.flatMap((of, part) =>
        of.includes(from) && !of.includes(to) ? [reluctance(task, to, part) - reluctance(task, from, part)] : [],
      );
      return Math.min(...exchanges);
    }),
  );
  const way = (from: number, to: number) => ways[from]?.[to] as number;
  for (const by of nodes) {
    for (const from of nodes) {
      for (const to of nodes) {
        (ways[from] as number[])[to] = Math.min(way(from, to), way(from, by) + way(by, to));
      }
    }
  }
  return Math.min(...nodes.map((node) => way(node, node)));
}

describe("assign", () => {
  it("finds the least total reluctance within the bounds, over every small task", () => {
    let solved = 0;
    fc.assert(
      fc.property(smallTask, (task) => {
        const expected = cheapest(task);
        fc.pre(expected !== undefined);
        solved++;
        const owners = assign(task);
        for (const of of owners) expect(isSpread(task, of)).toBe(true);
        task.bounds.forEach((bound, member) => {
          expect(owners.filter((of) => of.includes(member)).length).toBeLessThanOrEqual(bound);
        });
        const total = sum(owners.map((of, part) => sum(of.map((member) => reluctance(task, member, part)))));
        expect(total).toBeCloseTo(expected as number, 9);
      }),
      { seed: 5, numRuns: 300 },
    );
    expect(solved).toBeGreaterThanOrEqual(300);
  });

  it("leaves no chain of exchanges that would lower the total, at tight bounds (Klein 1967: no negative cycle)", () => {
    for (let seed = 0; seed < 60; seed++) {
      const random = new SeededRandom(`chains ${seed}`);
      const [members, parts, copies] = [random.between(2, 8), random.between(10, 60), random.between(1, 2)];
      const bounds = Array.from({ length: members }, () => Math.ceil((parts * copies) / members) + random.below(2));
      const reluctances = Float64Array.from({ length: members * parts }, () => random.uint32() / 2 ** 32);
      const task = { parts, regions: bounds.map(() => 0), bases: [copies], bounds, extras: 0, reluctances };
      expect(cheapestCycle(task, assign(task))).toBeGreaterThan(-1e-9);
    }
  });

  it("says that it is our bug where nothing is within the bounds", () => {
    const task = { parts: 2, regions: [0], bases: [1], bounds: [1], extras: 0, reluctances: new Float64Array(2) };
    expect(() => assign(task)).toThrow("BUG: no assignment is within the bounds");
  });

  it("serves regions that greedy overflow cannot: two, three and five members, two copies, a tenth of slack", () => {
    const random = new SeededRandom("greedy");
    const regions = [0, 0, 1, 1, 1, 2, 2, 2, 2, 2];
    const bounds = regions.map(() => 56);
    const reluctances = Float64Array.from({ length: 2560 }, () => random.uint32() / 2 ** 32);
    const owners = assign({ parts: 256, regions, bases: [0, 0, 0], bounds, extras: 2, reluctances });
    expect(owners.every((of) => of.length === 2 && regions[of[0] as number] !== regions[of[1] as number])).toBe(true);
    expect(Math.max(...bounds.map((_, member) => owners.filter((of) => of.includes(member)).length))).toBe(56);
    // The same in the order of the parts, each where there is room: the last have none.
    const loads = regions.map(() => 0);
    const short = owners.filter((_, part) => {
      const wanted = regions
        .map((_, member) => member)
        .sort((a, b) => (reluctances[a * 256 + part] as number) - (reluctances[b * 256 + part] as number));
      const taken: number[] = [];
      for (const member of wanted) {
        const isFull = (loads[member] as number) >= 56 || taken.length === 2;
        if (isFull || taken.some((other) => regions[other] === regions[member])) continue;
        taken.push(member);
        loads[member] = (loads[member] as number) + 1;
      }
      return taken.length < 2;
    });
    expect(short.length).toBeGreaterThan(0);
  });
});
