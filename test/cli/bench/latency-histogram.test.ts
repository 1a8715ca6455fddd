import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LatencyHistogram } from "../../../src/cli/bench/latency-histogram.ts";

function histogramOf(all: readonly number[]): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (const ms of all) histogram.record(ms);
  return histogram;
}

describe("a histogram of latencies", () => {
  it("tells quantiles to within 1% and a microsecond, and count, mean and greatest exactly", () => {
    const latency = fc.double({ min: 0, max: 1_000_000, noNaN: true });
    const small = fc.double({ min: 0, max: 5, noNaN: true });
    const latencies = fc.array(fc.oneof(latency, small), { minLength: 1, maxLength: 300 });
    const share = fc.constantFrom(0, 0.001, 0.5, 0.9, 0.99, 0.999, 1);
    fc.assert(
      fc.property(latencies, share, (all, of) => {
        const histogram = histogramOf(all);
        const sorted = [...all].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(of * all.length)) - 1] ?? 0;
        expect(Math.abs(histogram.quantileMs(of) - exact)).toBeLessThanOrEqual(exact * 0.01 + 0.001);
        expect(histogram.count).toBe(all.length);
        expect(histogram.maxMs).toBe(sorted.at(-1));
        expect(histogram.meanMs).toBeCloseTo(all.reduce((sum, ms) => sum + ms, 0) / all.length, 6);
      }),
    );
  });

  it("added to another is that of all", () => {
    const sum = histogramOf([1, 2, 3]);
    sum.add(histogramOf([4, 100]));
    for (const share of [0, 0.5, 0.75, 1]) {
      expect(sum.quantileMs(share)).toBe(histogramOf([1, 2, 3, 4, 100]).quantileMs(share));
    }
    expect([sum.count, sum.meanMs, sum.maxMs]).toEqual([5, 22, 100]);
  });

  it("is 0 of nothing, and takes what is beyond its range for the greatest", () => {
    const none = new LatencyHistogram();
    expect([none.count, none.meanMs, none.maxMs, none.quantileMs(0.5)]).toEqual([0, 0, 0, 0]);
    const beyond = histogramOf([-1, 1e9]);
    expect(beyond.quantileMs(0.5)).toBe(0);
    expect(beyond.quantileMs(1)).toBeGreaterThan(2_000_000);
    expect(beyond.maxMs).toBe(1e9);
  });
});
