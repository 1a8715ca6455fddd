import { describe, expect, it } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { roundingOf, writeReluctances } from "../../../src/cluster/placement/affinity.ts";
import { drawMember, member, PARTS } from "../../support/placements.ts";

function reluctancesOf(of: Parameters<typeof writeReluctances>[0]): Float64Array {
  const into = new Float64Array(PARTS);
  writeReluctances(of, PARTS, into, 0);
  return into;
}

describe("reluctances", () => {
  it("are finite for any number of parts, and differ from part to part and from member to member", () => {
    for (const parts of [1, 2, 256, 65_536]) {
      const into = new Float64Array(2 * parts);
      writeReluctances(member("a"), parts, into, 0);
      writeReluctances(member("b"), parts, into, parts);
      expect(into.every(Number.isFinite)).toBe(true);
      expect(new Set(into).size).toBe(2 * parts);
    }
  });

  it("are to the bit what they were: replicas of other versions must agree", () => {
    expect(Array.from(reluctancesOf(member("a", "eu", 3)).slice(0, 3))).toEqual([
      -2.5087655974133534, -2.00075339642108, -2.253904665294372,
    ]);
    expect(roundingOf(member("a"))).toBe(0.9595292962621897);
  });

  it("do not depend on the region, and with weight on nothing but the weight", () => {
    const light = reluctancesOf(member("a", "eu", 1));
    expect(reluctancesOf(member("a", "us", 1))).toEqual(light);
    reluctancesOf(member("a", "eu", 7)).forEach((value, part) => {
      expect(value).toBeCloseTo((light[part] as number) - Math.log(7), 9);
    });
  });

  it("let each own in proportion to its weight (Schindelhauer, Schomaker 2005)", () => {
    const random = new SeededRandom("weights");
    const owned = [0, 0];
    for (let run = 0; run < 200; run++) {
      const [one, three] = [1, 3].map((weight) => reluctancesOf({ ...drawMember(random, 1), weight }));
      one?.forEach((value, part) => {
        const winner = value < (three?.[part] as number) ? 0 : 1;
        owned[winner] = (owned[winner] as number) + 1;
      });
    }
    expect((owned[1] as number) / (owned[0] as number)).toBeCloseTo(3, 1);
  });

  it("spread the parts of ten members with little more than half the variance of independent numbers", () => {
    const random = new SeededRandom("variance");
    let squares = 0;
    const runs = 200;
    for (let run = 0; run < runs; run++) {
      const members = Array.from({ length: 10 }, () => reluctancesOf(drawMember(random, 1)));
      const loads = members.map(() => 0);
      for (let part = 0; part < PARTS; part++) {
        const values = members.map((of) => of[part] as number);
        const winner = values.indexOf(Math.min(...values));
        loads[winner] = (loads[winner] as number) + 1;
      }
      for (const load of loads) squares += (load - PARTS / 10) ** 2;
    }
    const binomial = PARTS * 0.1 * 0.9;
    expect(squares / (10 * runs) / binomial).toBeLessThan(0.6);
  });
});
