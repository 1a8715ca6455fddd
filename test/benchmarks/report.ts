/** What a benchmark returns, and how the runner shows it. */

import Table from "cli-table3";

export interface BenchmarkRow {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What it is measured against, in the same run, and how many times that it is. */
  readonly against?: string;
  readonly ratio?: number;
  /** Such as ">= 2.5x" (of `ratio`), "< 10 ms" (of `value`) or "<= 1.25" (of `ratio` where there is one, else of `value`). */
  readonly target?: string;
}

export interface BenchmarkReport {
  readonly name: string;
  readonly rows: readonly BenchmarkRow[];
}

export type Verdict = "met" | "missed" | "not judged";

const TARGET = /^(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*(\S*)$/;

/** Whether a row reached its target. A target in other words is shown and not judged. */
export function judge(row: BenchmarkRow): Verdict {
  const match = TARGET.exec(row.target ?? "");
  if (match === null) return "not judged";
  const isOfValue = match[3] !== "" && match[3] !== "x";
  const measured = isOfValue ? row.value : (row.ratio ?? row.value);
  const bound = Number(match[2]);
  switch (match[1]) {
    case "<=":
      return measured <= bound ? "met" : "missed";
    case ">=":
      return measured >= bound ? "met" : "missed";
    case "<":
      return measured < bound ? "met" : "missed";
    default:
      return measured > bound ? "met" : "missed";
  }
}

/** One table a benchmark. */
export function formatReport(report: BenchmarkReport): string {
  const table = new Table({
    head: [report.name, "", "", "against", "ratio", "target", ""],
    style: { head: [], border: [], compact: true },
    colAligns: ["left", "right", "left", "left", "right", "left", "left"],
  });
  for (const row of report.rows) {
    const verdict = judge(row);
    table.push([
      row.what,
      formatNumber(row.value),
      row.unit,
      row.against ?? "",
      row.ratio === undefined ? "" : row.ratio.toFixed(2),
      row.target ?? "",
      verdict === "not judged" ? "" : verdict,
    ]);
  }
  return table.toString();
}

/** Three digits and what separates thousands: 1,234,567 and 0.0123. */
function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const digits = Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return value.toLocaleString("en-US", digits);
}
