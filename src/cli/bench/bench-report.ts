/** What a load came to, as data and as a table. */

import Table from "cli-table3";
import { grouped } from "../amounts.ts";
import { printable } from "../terminal.ts";
import type { LatencyHistogram } from "./latency-histogram.ts";
import type { LoadResult } from "./load.ts";
import { OPERATION_TYPES, type OperationMix, type OperationType } from "./operation-mix.ts";

export interface OperationReport {
  /** Went well, and their latencies; those of others are not among them. */
  readonly requests: number;
  readonly errors: number;
  readonly perSecond: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export interface BenchReport {
  readonly seconds: number;
  readonly operations: Readonly<Partial<Record<OperationType, OperationReport>>>;
  readonly all: OperationReport;
  /** Gets that found nothing; no errors. */
  readonly misses: number;
  readonly errorsByCode: Readonly<Record<string, number>>;
  /** Share of the time that this process was busy. */
  readonly clientBusy: number;
  /** With a rate: requests that fell due and were never sent, and how late others went though there was a connection. */
  readonly open?: { readonly perSecond: number; readonly unsent: number; readonly lateP99Ms: number };
  readonly warnings: readonly string[];
}

/** Of which the table tells that it is rather this process that is measured. */
const BUSY_MAX = 0.95;
/** In less time that tells nothing. */
const BUSY_SECONDS_MIN = 1;
const LATE_MS_MAX = 2;
/** Of the rate that was asked for. */
const REACHED_MIN = 0.99;

export interface Circumstances {
  readonly mix: OperationMix;
  /** 0 to 1. */
  readonly clientBusy: number;
  readonly perSecond?: number;
}

export function reportOf(result: LoadResult, { mix, clientBusy, perSecond }: Circumstances): BenchReport {
  const { tally, answered, elapsedMs } = result;
  const operations: Partial<Record<OperationType, OperationReport>> = {};
  for (const type of OPERATION_TYPES) {
    if (!mix.has(type)) continue;
    operations[type] = operationReport(tally.latencies[type], tally.failed[type], (answered[type] / elapsedMs) * 1000);
  }
  const all = answered.get + answered.put + answered.delete;
  const open =
    perSecond === undefined
      ? undefined
      : { perSecond, unsent: result.unsent, lateP99Ms: result.lateness.quantileMs(0.99) };
  const report = {
    seconds: elapsedMs / 1000,
    operations,
    all: operationReport(tally.total(), tally.errors, elapsedMs === 0 ? 0 : (all / elapsedMs) * 1000),
    misses: tally.misses,
    errorsByCode: Object.fromEntries([...tally.errorsByCode].sort(([, a], [, b]) => b - a)),
    clientBusy,
    ...(open === undefined ? {} : { open }),
  };
  return { ...report, warnings: warningsOf(report) };
}

function operationReport(latencies: LatencyHistogram, errors: number, perSecond: number): OperationReport {
  return {
    requests: latencies.count,
    errors,
    perSecond: Number.isFinite(perSecond) ? perSecond : 0,
    meanMs: latencies.meanMs,
    p50Ms: latencies.quantileMs(0.5),
    p90Ms: latencies.quantileMs(0.9),
    p99Ms: latencies.quantileMs(0.99),
    p999Ms: latencies.quantileMs(0.999),
    maxMs: latencies.maxMs,
  };
}

function warningsOf({ all, seconds, clientBusy, open }: Omit<BenchReport, "warnings">): readonly string[] {
  const warnings: string[] = [];
  if (open === undefined) {
    if (clientBusy > BUSY_MAX && seconds >= BUSY_SECONDS_MIN) {
      const share = `${Math.round(clientBusy * 100)}%`;
      warnings.push(
        `this process was busy ${share} of the time: it may be the bottleneck, not the replica; run several at once`,
      );
    }
    return warnings;
  }
  if (open.lateP99Ms > LATE_MS_MAX) {
    const late = formatMs(open.lateP99Ms);
    warnings.push(
      `this process sent 1% of requests over ${late} late: it may be the bottleneck; ask for a lower --rate`,
    );
  }
  if (open.unsent > 0 || all.perSecond < REACHED_MIN * open.perSecond) {
    const counts = `${grouped(all.perSecond)} of ${grouped(open.perSecond)} a second were answered`;
    warnings.push(`${counts}, ${grouped(open.unsent)} never sent as all connections were busy: see --connections`);
  }
  return warnings;
}

export function formatReport(report: BenchReport): string {
  const table = new Table({
    head: ["", "requests", "a second", "mean", "p50", "p90", "p99", "p99.9", "max", "errors"],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", ...Array.from({ length: 9 }, () => "right" as const)],
  });
  const rows = Object.entries(report.operations);
  for (const [type, each] of rows) table.push([type, ...cells(each)]);
  if (rows.length !== 1) table.push(["all", ...cells(report.all)]);
  const lines = [table.toString(), `${report.seconds.toFixed(1)} s`];
  if (report.misses > 0) lines.push(`${grouped(report.misses)} gets found nothing`);
  for (const [code, count] of Object.entries(report.errorsByCode)) {
    lines.push(`${grouped(count)} failed with ${printable(code)}`);
  }
  return lines.join("\n");
}

function cells({ requests, perSecond, errors, ...latencies }: OperationReport): readonly string[] {
  const { meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs } = latencies;
  const times = [meanMs, p50Ms, p90Ms, p99Ms, p999Ms, maxMs].map((ms) => (requests === 0 ? "-" : formatMs(ms)));
  return [grouped(requests), grouped(perSecond), ...times, grouped(errors)];
}

/** Three digits that matter. */
export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 1 : 2)} ms`;
}
