import { describe, expect, it } from "vitest";
import { SimulatedClock } from "../../../simulations/simulator/clock.ts";
import { ClockCourse } from "../../../simulations/simulator/clock-course.ts";

/** A clock that was 10 ms ahead, was put forward by 100 at 1000, ran twice as fast from 2000 to 3000, and was set right at 4000. */
function course(): ClockCourse {
  let now = 0;
  const clock = new SimulatedClock(() => now, 10);
  now = 1000;
  clock.jump(100);
  now = 2000;
  clock.drift(1_000_000);
  now = 3000;
  clock.drift(0);
  now = 4000;
  clock.repair();
  return new ClockCourse(clock.bends);
}

describe("the course of a clock", () => {
  it("is what the clock showed", () => {
    const offsets = [0, 999, 1000, 2500, 3500, 4000, 9000].map((at) => course().offsetAt(at));
    expect(offsets).toEqual([10, 10, 110, 610, 1110, 0, 0]);
  });

  it("has the least and the greatest offset between two moments, those just before a bend too", () => {
    expect(course().offsetsIn(0, 900)).toEqual({ min: 10, max: 10 });
    expect(course().offsetsIn(500, 1500)).toEqual({ min: 10, max: 110 });
    expect(course().offsetsIn(3900, 4000)).toEqual({ min: 0, max: 1110 });
    expect(course().offsetsIn(2900, 5000)).toEqual({ min: 0, max: 1110 });
    expect(course().offsetsIn(4000, 4000)).toEqual({ min: 0, max: 1110 });
  });

  it("has the greatest time that was shown so far, though the clock was put back since", () => {
    expect([500, 1500, 3999, 4500, 6000].map((at) => course().greatestUpTo(at))).toEqual([510, 1610, 5109, 5110, 6000]);
  });

  it("is even where nothing was put and it goes about as fast as time does", () => {
    expect(course().isEven(0, 999)).toBe(true);
    expect(course().isEven(500, 1000)).toBe(false);
    expect(course().isEven(2100, 2900)).toBe(false);
    expect(course().isEven(3000, 3999)).toBe(true);
  });

  it("is corrected from each correction on by that one alone", () => {
    const corrections = [
      { at: 1200, correctionMs: -110 },
      { at: 4200, correctionMs: 0 },
    ];
    const time = course().corrected(corrections);
    expect([1000, 1199, 1200, 2500, 4000, 4200].map((at) => time.offsetAt(at))).toEqual([110, 110, 0, 500, -110, 0]);
  });

  it("is unknown where nobody looked", () => {
    expect(new ClockCourse([]).isKnown).toBe(false);
    expect(course().isKnown).toBe(true);
  });
});
