/** Receipts against the truth, on random schedules: what is noted is a conflict, and what a file header calls noted is. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { ConflictWorld } from "./conflicts/world.ts";

const K = "k" as Key;
const L = "l" as Key;
const REPLICAS = 3;
const never = () => false;
const place = fc.nat(REPLICAS - 1);
const key = fc.constantFrom(K, L);
const value = fc.constantFrom("x", "y", undefined);

const steps = {
  write: fc.record({ type: fc.constant("write" as const), at: place, key, value, lost: fc.nat(7) }),
  deliver: fc.record({ type: fc.constant("deliver" as const), from: place, to: place }),
  tell: fc.record({ type: fc.constant("tell" as const), from: place, to: place }),
  fetch: fc.record({ type: fc.constant("fetch" as const), from: place, to: place }),
  goOn: fc.record({ type: fc.constant("goOn" as const), which: fc.nat(7), isGivenUp: fc.boolean() }),
  pass: fc.record({ type: fc.constant("pass" as const), ms: fc.nat(3) }),
};
type Step = typeof steps extends Record<string, fc.Arbitrary<infer T>> ? T : never;

function take(world: ConflictWorld, step: Step, isLossy: boolean): void {
  if (step.type === "pass") return world.pass(step.ms);
  if (step.type === "goOn") return world.goOn(step.which, step.isGivenUp);
  if (step.type === "write") {
    // One push in eight is lost, to either of the others.
    return world.write(step.at, step.key, step.value, (to) => isLossy && step.lost === to);
  }
  if (step.from === step.to) return;
  world[step.type](step.from, step.to);
}

const many = (...arbitraries: fc.Arbitrary<Step>[]) =>
  fc.array(fc.oneof(...arbitraries), { minLength: 5, maxLength: 60, size: "max" });

describe("receipts", () => {
  it("are of writes that did not know each other, whatever was lost, came late, came twice or came half", () => {
    const { write, deliver, tell, fetch, goOn, pass } = steps;
    let found = 0;
    let lostHere = 0;
    fc.assert(
      fc.property(many(write, write, deliver, deliver, tell, fetch, goOn, goOn, pass), (schedule) => {
        const world = new ConflictWorld(REPLICAS);
        for (const step of schedule) take(world, step, true);
        for (const { loser, winner } of world.found) expect(world.areConcurrent(loser, winner)).toBe(true);
        const sides = world.found.map(({ by, loser, winner }) => `${by} ${loser} ${winner}`);
        expect(new Set(sides).size).toBe(sides.length);
        found += world.found.length;
        lostHere += world.found.filter(({ isLostHere }) => isLostHere).length;
      }),
      { numRuns: 5_000 },
    );
    expect(found).toBeGreaterThan(1_000);
    expect(lostHere).toBeGreaterThan(50);
  });

  it("are given for every loser that a push brings to who made the winner, where nobody else writes", () => {
    const { deliver, pass } = steps;
    const ofTwo = fc.nat(1);
    const writes = fc.record({ type: fc.constant("write" as const), at: ofTwo, key, value, lost: fc.constant(7) });
    let expected = 0;
    fc.assert(
      fc.property(many(writes, deliver, deliver, pass), (schedule) => {
        const world = new ConflictWorld(REPLICAS);
        for (const step of schedule) take(world, step, false);
        expect(world.found).toEqual(world.expected.map((each) => ({ ...each, isLostHere: false })));
        expected += world.expected.length;
      }),
      { numRuns: 2_000 },
    );
    expect(expected).toBeGreaterThan(1_000);
  });

  it("are given for nearly every loser that a push brings to who made the winner, where a third writes as well", () => {
    const { write, deliver, pass } = steps;
    let expected = 0;
    let found = 0;
    fc.assert(
      fc.property(many(write, deliver, deliver, pass), (schedule) => {
        const world = new ConflictWorld(REPLICAS);
        for (const step of schedule) take(world, step, false);
        expected += world.expected.length;
        found += world.found.length;
      }),
      { numRuns: 2_000, seed: 1 },
    );
    expect(found / expected).toBeGreaterThan(0.8);
  });

  it("are given to who made the loser where the winner comes from who had said that it lacks it", () => {
    const world = new ConflictWorld(REPLICAS);
    world.write(0, K, "x", never);
    world.pass(10);
    world.write(1, K, "y", never);
    world.tell(1, 0);
    world.deliver(1, 0);
    expect(world.found).toMatchObject([{ by: 0, isLostHere: true }]);
    // The loser comes as well, and the other side has its own word of it.
    world.deliver(0, 1);
    expect(world.found).toMatchObject([
      { by: 0, isLostHere: true },
      { by: 1, isLostHere: false },
    ]);
    expect(world.receiptsOf(0)).toEqual(world.receiptsOf(1));
  });

  it("are not given where the winner was made over what somebody else had made of the loser", () => {
    for (const isEarly of [false, true]) {
      const world = new ConflictWorld(REPLICAS);
      world.write(0, K, "x", never);
      world.deliver(0, 2);
      world.pass(10);
      // What comes behind a gap is seen, and not covered.
      if (isEarly) world.write(2, L, "lost on the way", () => true);
      world.write(2, K, "y", never);
      world.deliver(2, 1);
      world.pass(10);
      world.write(1, K, "z", never);
      world.tell(1, 0);
      world.deliver(1, 0);
      expect(world.found).toEqual([]);
      world.deliver(0, 1);
      expect(world.found).toEqual([]);
    }
  });

  it("are not given where the winner goes back to the loser by two others, of whom one had not seen it either", () => {
    const world = new ConflictWorld(4);
    world.write(0, K, "w", never);
    for (const [from, to, value] of [
      [0, 3, "x"],
      [3, 2, "y"],
      [2, 1, "z"],
    ] as const) {
      world.deliver(from, to);
      world.pass(20);
      world.write(to, K, value, never);
    }
    world.tell(2, 0);
    world.tell(1, 0);
    world.deliver(1, 0);
    expect(world.found).toEqual([]);
  });
});
