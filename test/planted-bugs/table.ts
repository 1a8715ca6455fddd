/** The table of planted bugs: what was broken, where it is sought, and how soon it was found. */

import type { PlantedBug } from "./planted-bug.ts";
import type { Search } from "./search.ts";

const HEAD = ["bug", "rule", "what was broken", "scenario", "seeds at most", "needed", "seen by"] as const;
/** Columns that follow from the list; those behind them were measured. */
const LISTED = 5;

export function listedCells({ name, rule, broken, scenario, seedsMax }: PlantedBug): string[] {
  return [name, rule, broken, scenario, String(seedsMax)];
}

/** Rows for people: one line a bug, in columns. */
export function renderLines(searches: readonly Search[]): string[] {
  const rows = searches.map(({ bug, ...found }) => [bug.name, bug.rule, bug.scenario, ...measuredCells(found)]);
  const all = [["bug", "rule", "scenario", "seeds", "seen by"], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
}

export function renderMarkdown(searches: readonly Search[]): string {
  const rows = searches.map(({ bug, ...found }) => [...listedCells(bug), ...measuredCells(found)]);
  return [HEAD, HEAD.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}

/** The listed cells of each row of the table in a text. */
export function parseListed(text: string): string[][] {
  return parseRows(text).map((cells) => cells.slice(0, LISTED));
}

/** How many seeds each bug needed, by its name, as the table in a text says. */
export function parseNeeded(text: string): ReadonlyMap<string, number> {
  return new Map(parseRows(text).map((cells) => [cells[0] ?? "", Number.parseInt(cells[LISTED] ?? "", 10)]));
}

function parseRows(text: string): string[][] {
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((line) => line.slice(2, -2).split(" | "));
}

/** The text with another table in the place of the one that stands there. */
export function replaceTable(text: string, table: string): string {
  const lines = text.split("\n");
  const first = lines.findIndex((line) => line.startsWith("| "));
  const last = lines.findLastIndex((line) => line.startsWith("| "));
  return [...lines.slice(0, first), table.trimEnd(), ...lines.slice(last + 1)].join("\n");
}

function measuredCells({ seeds, checkers }: Omit<Search, "bug">): string[] {
  return checkers.length === 0 ? ["not found", "-"] : [String(seeds.length), checkers.join(", ")];
}
