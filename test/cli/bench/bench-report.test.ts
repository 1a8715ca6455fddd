import { describe, expect, it } from "vitest";
import { formatMs, formatReport, reportOf } from "../../../src/cli/bench/bench-report.ts";
import { LatencyHistogram } from "../../../src/cli/bench/latency-histogram.ts";
import type { LoadResult } from "../../../src/cli/bench/load.ts";
import { parseMix } from "../../../src/cli/bench/operation-mix.ts";
import { Tally } from "../../../src/cli/bench/tally.ts";

const mix = parseMix("get=1,put=1");

function resultOf(requests: number, more: Partial<LoadResult> = {}): LoadResult {
  const tally = new Tally();
  for (let i = 0; i < requests; i++) tally.record("get", 2, undefined, i === 0);
  tally.record("put", 1500, "WRITE\u001b[2J", false);
  const answered = { get: requests, put: 0, delete: 0 };
  return { tally, elapsedMs: 10_000, answered, unsent: 0, lateness: new LatencyHistogram(), ...more };
}

describe("a report", () => {
  it("is a row for each operation of the mix, one for all, and what failed with which code", () => {
    const text = formatReport(reportOf(resultOf(20_000), { mix, clientBusy: 0.5 }));
    expect(text.replaceAll(/ +/g, " ").split("\n")).toEqual([
      expect.stringMatching(/^┌/),
      "│ │ requests │ a second │ mean │ p50 │ p90 │ p99 │ p99.9 │ max │ errors │",
      expect.stringMatching(/^├/),
      "│ get │ 20,000 │ 2,000 │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 0 │",
      "│ put │ 0 │ 0 │ - │ - │ - │ - │ - │ - │ 1 │",
      "│ all │ 20,000 │ 2,000 │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 2.00 ms │ 1 │",
      expect.stringMatching(/^└/),
      "10.0 s",
      "1 gets found nothing",
      "1 failed with WRITE\\u001b[2J",
    ]);
  });

  it("warns where this process may be the bottleneck", () => {
    const warningsOf = (clientBusy: number) => reportOf(resultOf(1), { mix, clientBusy }).warnings;
    expect(warningsOf(0.9)).toEqual([]);
    expect(warningsOf(0.97)).toEqual([expect.stringContaining("busy 97% of the time: it may be the bottleneck")]);
    expect(reportOf(resultOf(1, { elapsedMs: 500 }), { mix, clientBusy: 1 }).warnings).toEqual([]);
    const lateness = new LatencyHistogram();
    for (let i = 0; i < 100; i++) lateness.record(i < 90 ? 0.1 : 8);
    // To wait awake for what falls due makes a process busy that is not late.
    const open = reportOf(resultOf(10_000, { lateness }), { mix, clientBusy: 1, perSecond: 1000 });
    expect(open.warnings).toEqual([expect.stringContaining("sent 1% of requests over 8.00 ms late")]);
    const slow = reportOf(resultOf(5000, { unsent: 5000 }), { mix, clientBusy: 1, perSecond: 1000 });
    expect(slow.warnings).toEqual([expect.stringContaining("500 of 1,000 a second were answered, 5,000 never sent")]);
    expect(slow.open).toEqual({ perSecond: 1000, unsent: 5000, lateP99Ms: 0 });
  });

  it("is of zeros where nothing was sent", () => {
    const nothing = { tally: new Tally(), answered: { get: 0, put: 0, delete: 0 }, elapsedMs: 0 };
    const report = reportOf(resultOf(0, nothing), { mix, clientBusy: 0 });
    expect(report.all).toEqual({
      ...{ requests: 0, errors: 0, perSecond: 0, meanMs: 0 },
      ...{ p50Ms: 0, p90Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 },
    });
  });
});

it("times show the digits that matter", () => {
  expect([0.0712, 9.994, 12.34, 123.4, 9999, 12_345].map(formatMs)).toEqual([
    "0.07 ms",
    "9.99 ms",
    "12.3 ms",
    "123 ms",
    "9999 ms",
    "12.3 s",
  ]);
});
