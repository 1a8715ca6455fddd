import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { ClockGuard, medianOf } from "../../src/cluster/clock-guard.ts";

const BOUND_MS = 500;
const HOUR_MS = 3_600_000;
const id = (name: string) => name as ReplicaId;

/** A guard that heard peers whose wall clocks are ahead by these, over links of 10 ms. */
function hearing(...offsetsMs: number[]): ClockGuard {
  const guard = new ClockGuard(BOUND_MS);
  for (const [at, offsetMs] of offsetsMs.entries()) guard.note(id(`p${at}`), { rttMs: 10, offsetMs });
  return guard;
}

describe("whom it believes", () => {
  it.each([
    { others: [HOUR_MS, HOUR_MS], members: 3, correctionMs: HOUR_MS },
    { others: [-HOUR_MS, -HOUR_MS + 20, -HOUR_MS + 40], members: 4, correctionMs: -HOUR_MS + 40 },
    // It is one of the two others that is wrong.
    { others: [HOUR_MS, 20], members: 3, correctionMs: 0 },
    // Nobody knows who is wrong.
    { others: [HOUR_MS], members: 2, correctionMs: 0 },
    // No majority.
    { others: [HOUR_MS, HOUR_MS], members: 6, correctionMs: 0 },
    // Two against two.
    { others: [HOUR_MS, HOUR_MS, 0], members: 4, correctionMs: 0 },
  ])("$others of $members members: corrected by $correctionMs", ({ others, members, correctionMs }) => {
    const guard = hearing(...others);
    expect(guard.evaluate(members)).toBe(correctionMs !== 0);
    expect(guard.correctionMs).toBe(correctionMs);
  });

  it("hears a process that begins again and again as another replica once", () => {
    const guard = hearing(20);
    for (const life of ["a", "b", "c"]) {
      guard.note(id(`r1-${life}`), { rttMs: 10, offsetMs: -HOUR_MS }, (other) => other.startsWith("r1-"));
      guard.evaluate(3);
    }
    expect(guard.correctionMs).toBe(0);
    expect(guard.sampleOf(id("r1-b"))).toBeUndefined();
    expect(guard.sampleOf(id("r1-c"))?.offsetMs).toBe(-HOUR_MS);
  });

  it("does not take the word of those whose link went, and keeps its last correction without a majority", () => {
    const guard = hearing(HOUR_MS, HOUR_MS);
    guard.evaluate(3);
    guard.forget(id("p0"));
    expect(guard.evaluate(3)).toBe(false);
    expect(guard.offsetMs).toBeUndefined();
    expect(guard.correctionMs).toBe(HOUR_MS);
  });
});

describe("samples", () => {
  it("go by the least round trip of the last eight", () => {
    const guard = new ClockGuard(BOUND_MS);
    const sample = (rttMs: number, offsetMs: number) => guard.note(id("p"), { rttMs, offsetMs });
    sample(4, 1);
    for (let late = 0; late < 7; late++) sample(800, 300);
    expect(guard.sampleOf(id("p"))?.offsetMs).toBe(1);
    sample(600, 200);
    expect(guard.sampleOf(id("p"))?.offsetMs).toBe(200);
  });

  it("count no more once a later one contradicts them: a clock jumped in between", () => {
    const guard = new ClockGuard(BOUND_MS);
    guard.note(id("p"), { rttMs: 1, offsetMs: 0 });
    guard.note(id("p"), { rttMs: 100, offsetMs: HOUR_MS });
    expect(guard.sampleOf(id("p"))?.offsetMs).toBe(HOUR_MS);
  });

  it("are none when a clock went back between question and answer", () => {
    const guard = new ClockGuard(BOUND_MS);
    guard.note(id("p"), { rttMs: -HOUR_MS, offsetMs: HOUR_MS / 2 });
    expect(guard.sampleOf(id("p"))).toBeUndefined();
  });
});

describe("its own clock", () => {
  const START_MS = 1_700_000_000_000;

  /** Of four others two are heard again since the own clock stepped, whose last looks these were. */
  function steppedBetween(beforeMs: number, afterMs: number): ClockGuard {
    const guard = hearing(0, 0, 0, 0);
    guard.look(beforeMs);
    guard.evaluate(5);
    guard.look(afterMs);
    for (const peer of ["p0", "p1"]) guard.note(id(peer), { rttMs: 10, offsetMs: beforeMs - afterMs });
    guard.evaluate(5);
    return guard;
  }

  it.each([-4000, -600, 600, 4000])("that steps by %d ms makes what was measured before count no more", (stepMs) => {
    expect(steppedBetween(START_MS, START_MS + stepMs).correctionMs).toBe(-stepMs);
  });

  it.each([0, 50, 500])("that runs on by %d ms does not", (stepMs) => {
    const guard = steppedBetween(START_MS, START_MS + stepMs);
    expect(guard.sampleOf(id("p2"))).toEqual({ rttMs: 10, offsetMs: 0 });
  });
});

/** What three peers that agree make of a correction. */
function follow(guard: ClockGuard, offsetMs: number, rttMs = 0): number {
  for (const peer of ["p", "q", "r"]) {
    guard.forget(id(peer));
    guard.note(id(peer), { rttMs, offsetMs });
  }
  guard.evaluate(4);
  return guard.correctionMs;
}

describe("the correction", () => {
  it.each([
    [[500], 0],
    [[501], 501],
    [[501.4], 501],
    [[501, 400], 501],
    [[501, 370], 370],
    [[501, 376], 501],
    [[501, 300, 250], 300],
    [[501, 250], 0],
    [[-501, -250], 0],
    [[-501, -800], -800],
    [[HOUR_MS, 0], 0],
  ])("after offsets of %j ms is %d", (offsets, correctionMs) => {
    const guard = new ClockGuard(BOUND_MS);
    expect(offsets.map((offset) => follow(guard, offset)).at(-1)).toBe(correctionMs);
  });

  it("does not flap at the bound: an offset that trembles there changes it once", () => {
    const guard = new ClockGuard(BOUND_MS);
    const corrections = [495, 505, 495, 505, 490, 510].map((offset) => follow(guard, offset));
    expect(corrections).toEqual([0, 505, 505, 505, 505, 505]);
  });

  it("does not come of a path that is slower one way than the other", () => {
    const guard = new ClockGuard(BOUND_MS);
    expect(follow(guard, 900, 1800)).toBe(0);
    expect(follow(guard, 1500, 1800)).toBe(1500);
    expect(follow(guard, 700, 1800)).toBe(1500);
  });

  it("is of the two in the middle what the own clock is nearer to", () => {
    expect(medianOf([0, 10, 900, 1000])).toBe(10);
    expect(medianOf([-1000, -900, -10, 0])).toBe(-10);
    expect(medianOf([0])).toBe(0);
  });
});
