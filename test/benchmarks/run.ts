/**
 * `npm run bench [-- --only NAME] [--json]`: runs every benchmark of this folder, each in a process of its own, so that
 * none inherits the heap of another, and prints a table for each. Exits 1 when one could not be run; a missed target is
 * shown, not punished: a busy machine misses some.
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type BenchmarkReport, formatReport, judge } from "./report.ts";

/** Marks the one line of a child's output that is its result. */
const RESULT = "benchmark-result ";

function write(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** In the child: runs one module. */
async function runHere(path: string): Promise<void> {
  const { run } = (await import(pathToFileURL(path).href)) as { run: () => Promise<BenchmarkReport> };
  write(RESULT + JSON.stringify(await run()));
}

/** Runs one module in a process of its own; what it prints besides goes to stderr. */
async function runApart(script: string, path: string): Promise<BenchmarkReport> {
  const child = spawn(process.execPath, ["--expose-gc", "--enable-source-maps", script, "--child", path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const [output, code] = await Promise.all([text(child.stdout), exit]);
  const lines = output.split("\n");
  const result = lines.find((line) => line.startsWith(RESULT));
  const others = lines.filter((line) => line !== "" && !line.startsWith(RESULT));
  for (const line of others) process.stderr.write(`${line}\n`);
  if (code !== 0 || result === undefined) throw new Error(`exit code ${code}`);
  return JSON.parse(result.slice(RESULT.length)) as BenchmarkReport;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { only: { type: "string" }, json: { type: "boolean" }, child: { type: "string" } },
  });
  if (values.child !== undefined) {
    await runHere(values.child);
    return 0;
  }
  const script = process.argv[1] ?? fileURLToPath(import.meta.url);
  const modules = JSON.parse(readFileSync(new URL("modules.json", pathToFileURL(script)), "utf8")) as string[];
  const named = modules.map((path) => ({ path, name: basename(path, ".mjs") }));
  const chosen = named.filter(({ name }) => values.only === undefined || name === values.only);
  if (chosen.length === 0) {
    process.stderr.write(`no benchmark ${values.only ?? ""}; there are: ${named.map(({ name }) => name).join(", ")}\n`);
    return 2;
  }
  const reports: BenchmarkReport[] = [];
  const broken: string[] = [];
  for (const { path, name } of chosen) {
    process.stderr.write(`benchmark ${name} ...\n`);
    try {
      const report = await runApart(script, path);
      reports.push(report);
      if (values.json !== true) write(formatReport(report));
    } catch (error) {
      broken.push(name);
      process.stderr.write(`benchmark ${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  if (values.json === true) write(JSON.stringify(reports, null, 2));
  else summarise(reports, broken);
  return broken.length === 0 ? 0 : 1;
}

function summarise(reports: readonly BenchmarkReport[], broken: readonly string[]): void {
  const verdicts = reports.flatMap(({ rows }) => rows.map(judge));
  const count = (wanted: string) => verdicts.filter((verdict) => verdict === wanted).length;
  const failed = broken.length === 0 ? "" : `; could not be run: ${broken.join(", ")}`;
  write(`targets: ${count("met")} met, ${count("missed")} missed${failed}`);
}

process.exitCode = await main();
