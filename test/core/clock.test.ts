import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Timestamp } from "../../src/base/ids.ts";
import { HybridClock, msOfTimestamp, timestampFromMs } from "../../src/core/clock.ts";

const NOW = 1_800_000_000_000;
const BOUND_MS = 500;
const stamp = (ms: number) => timestampFromMs(ms);

describe("a hybrid logical clock (Kulkarni et al. 2014, section 3)", () => {
  it("never gives the same or a lower stamp, whatever the wall clock does and whatever it follows", () => {
    const step = fc.record({
      now: fc.integer({ min: NOW - 5000, max: NOW + 5000 }),
      ahead: fc.integer({ min: -900, max: 900 }),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.boolean()), { maxLength: 60 }), (steps) => {
        const clock = new HybridClock(BOUND_MS);
        let last = 0;
        for (const [{ now, ahead }, isLocal] of steps) {
          if (isLocal) {
            const next = clock.next(now);
            expect(next).toBeGreaterThan(last);
            expect(next).toBeGreaterThanOrEqual(stamp(now));
            last = next;
          } else {
            const told = stamp(now + ahead);
            clock.observe(told, now);
            if (ahead <= BOUND_MS) last = Math.max(last, told);
          }
        }
      }),
    );
  });

  it("follows a stamp at the bound, and only counts one beyond", () => {
    const clock = new HybridClock(BOUND_MS);
    clock.observe(stamp(NOW + BOUND_MS), NOW);
    expect(clock.next(NOW)).toBe(stamp(NOW + BOUND_MS) + 1);
    clock.observe((stamp(NOW + BOUND_MS) + 2) as Timestamp, NOW);
    expect(clock.next(NOW)).toBe(stamp(NOW + BOUND_MS) + 2);
    expect(clock.beyondBound).toBe(1);
  });

  it("lends from the next milliseconds when one has more stamps than its counter, and gives nothing out twice", () => {
    const clock = new HybridClock(BOUND_MS);
    const stamps = Array.from({ length: 10_000 }, () => clock.next(NOW));
    expect(new Set(stamps).size).toBe(10_000);
    expect(msOfTimestamp(stamps[9999] ?? (0 as Timestamp))).toBe(NOW + 2);
    expect(clock.next(NOW + 3)).toBe(stamp(NOW + 3));
  });

  it("goes on from the reading of a wall clock that was put back, a tick a stamp, until time has caught up", () => {
    const clock = new HybridClock(BOUND_MS);
    const ahead = clock.next(NOW + 600_000);
    expect([clock.next(NOW), clock.next(NOW + 1000), clock.next(NOW + 599_999)]).toEqual(
      [1, 2, 3].map((n) => ahead + n),
    );
    clock.observe(stamp(NOW + 400), NOW);
    expect([clock.next(NOW + 400), clock.next(NOW + 600_001)]).toEqual([ahead + 4, stamp(NOW + 600_001)]);
    expect(clock.beyondBound).toBe(0);
  });

  it("ends in 2089: a wall clock beyond that makes stamps that peers still take, each greater than the last", () => {
    const clock = new HybridClock(BOUND_MS);
    const stamps = [clock.next(Date.UTC(2100, 0, 1)), clock.next(8.64e15), clock.next(NOW)];
    expect(stamps.every((each) => Number.isSafeInteger(each + 2 ** 39))).toBe(true);
    expect([...stamps].sort((a, b) => a - b)).toEqual(stamps);
  });

  it("holds whole milliseconds from 2020 to 2089 exactly", () => {
    const [from, to] = [Date.UTC(2020, 0, 1), Date.UTC(2089, 0, 1)];
    fc.assert(
      fc.property(fc.integer({ min: from, max: to }), (ms) => {
        expect(msOfTimestamp(stamp(ms))).toBe(ms);
        expect(Number.isSafeInteger(stamp(ms) + 4095)).toBe(true);
      }),
    );
    expect(stamp(Date.UTC(1999, 0, 1))).toBe(0);
  });
});
