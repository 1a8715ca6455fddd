import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHECKERS } from "../../../simulations/checkers/checkers.ts";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { renderReport } from "../../../simulations/report/page.ts";
import { PROMISES } from "../../../simulations/report/tables.ts";
import type { RunResult } from "../../../simulations/run/run-result.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../../simulations/simulate.ts";
import type { Key } from "../../../src/base/ids.ts";
import { loadPage, NO_CHROMIUM } from "../../support/chromium.ts";

/** Ends scripts, attributes and strings, and has a byte that no terminal shows. */
const HOSTILE = '</script><img src=x onerror="alert(1)">\'`$\0' as Key;

let result: RunResult;
let broken: RunResult;
let folder: string;

beforeAll(async () => {
  const plan = findScenario("crash-restart")?.plan("1");
  if (plan === undefined) throw new Error("no such scenario");
  const operations = plan.operations.map((operation) => ({
    ...operation,
    key: operation.key === "k0" ? HOSTILE : operation.key,
  }));
  result = await runPlan({ ...plan, operations }, { createReplica: createProductionReplica, timeline: true });
  const write = result.history.find(({ operation, answer }) => operation.key === HOSTILE && answer?.type === "written");
  const message = `operation ${write?.operation.id} read ${JSON.stringify(HOSTILE)} twice`;
  broken = {
    ...result,
    violations: [{ checker: "expiry", message }],
    verdicts: result.verdicts.map((verdict) =>
      verdict.checker === "expiry" ? { ...verdict, violations: 1 } : verdict,
    ),
  };
  folder = await mkdtemp(join(tmpdir(), "atoll-report-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function countOf(page: string, part: RegExp): number {
  return [...page.matchAll(part)].length;
}

describe("the report of a run", () => {
  it("says what was run, what was done to it, and that it held", () => {
    const page = renderReport(result);
    expect(page).toContain("✓ held");
    expect(page).toMatch(
      /3 replicas in \d regions? .* ran for 2\d\.\d s of simulated time while clients made [\d,]+ operations/,
    );
    expect(page).toMatch(/\d+ crashes/);
    expect(page).toContain("Nothing that was promised was broken");
    expect(page).toContain("npx atoll simulate crash-restart --seed 1");
    expect(page).not.toContain("What was broken");
  });

  it("draws a lane for each replica with its gaps, messages, writes and what they lost, over charts", () => {
    const page = renderReport(result);
    const timeline = result.timeline;
    expect(countOf(page, /<text class="name" x="12" y="[\d.]+">replica \d</g)).toBe(3);
    expect(countOf(page, /<path class="end crash"/g)).toBe(
      (timeline?.lives.filter(({ end }) => end === "crash").length ?? 0) + 1, // and the one of the legend
    );
    expect(countOf(page, /<path class="life /g)).toBeGreaterThan(10);
    expect(countOf(page, /<path class="write /g)).toBeGreaterThan(300);
    const losers = new Set(timeline?.conflicts.map(({ loser }) => loser));
    expect(losers.size).toBeGreaterThan(10);
    expect(countOf(page, /<path class="lost"/g)).toBe(losers.size + 1);
    expect(page).toMatch(/<path class="push weight0" d="M[\d.]+ [\d.]+L/);
    for (const name of ["keys that differ", "keys behind", "links up", "clock offset"])
      expect(page).toContain(`>${name}<`);
  });

  it("has the verdict of each checker, the traffic of each replica, and each fault with a link to its moment", () => {
    const page = renderReport(result);
    for (const { checker } of result.verdicts)
      expect(page).toMatch(new RegExp(`<td class="text">${checker}</td><td class="text"><span class="good">`));
    for (const [node, { framesSent }] of (result.timeline?.traffic ?? []).entries()) {
      expect(page).toMatch(
        new RegExp(
          `replica ${node}</td><td class="text">[a-z]+</td><td class="number">${framesSent.toLocaleString("en-US")}<`,
        ),
      );
    }
    const faults = page.slice(page.indexOf('<section id="faults">'), page.indexOf('<section id="replay">'));
    expect(countOf(faults, /<a href="#timeline" data-from="\d+" data-to="\d+">/g)).toBe(result.timeline?.faults.length);
  });

  it("says how long writes took to be everywhere, and what clients were refused", () => {
    const page = renderReport(result);
    const { stable } = result.stableLatency;
    expect(page).toMatch(/<dt>until a write was everywhere<\/dt><dd>[\d.]+ m?s<small>99 % of /);
    expect(page).toContain(`99 % of ${stable.toLocaleString("en-US")} within `);
    expect(page).toMatch(/<dt>refused or failed<\/dt><dd>\d+<small>(.*, )?\d+ UNREACHABLE/);
  });

  it("says of each checker what it demands", () => {
    expect(Object.keys(PROMISES)).toEqual(Object.keys(CHECKERS));
  });

  it("shows what was broken, when, and what was done to the key", () => {
    const page = renderReport(broken);
    expect(page).toContain("✗ broken");
    expect(page).toContain("1 violation found by expiry");
    const section = page.slice(page.indexOf('<section id="violations">'), page.indexOf('<section id="timeline">'));
    expect(section).toMatch(/<h3>expiry <span class="at">at <a href="#timeline" data-from="\d+"/);
    expect(countOf(section, /<strong>operation \d+/g)).toBe(1);
    expect(countOf(section, /<tr>/g)).toBeGreaterThan(10);
    expect(countOf(page, /<path class="moment"/g)).toBe(1);
    expect(countOf(page, /<path class="suspect"/g)).toBe(1);
  });

  it("needs nothing from anywhere, and lets nothing from the run be more than text", () => {
    const page = renderReport(broken);
    expect(page).not.toMatch(/<img|onerror="|src="|href="(?!#)|url\(|@import/);
    expect(countOf(page, /<script/g)).toBe(2);
    expect(countOf(page, /<\/script/g)).toBe(2);
    expect(page).not.toContain("\0");
    expect(page).not.toMatch(/ style="/);
    expect(page).toContain(`&lt;/script&gt;&lt;img src=x`);
    expect(page.length).toBeLessThan(2_000_000);
  });

  it.skipIf(NO_CHROMIUM)(
    `draws itself in a browser without a complaint, and shows the time that its address names ${NO_CHROMIUM ?? ""}`,
    async () => {
      const file = join(folder, "report.html");
      await writeFile(file, renderReport(broken));
      const { document, complaints } = await loadPage(`${pathToFileURL(file)}#t=3-5.5`);
      expect(complaints).toEqual([]);
      expect(document).toContain('class="scripted"');
      const views = [...document.matchAll(/<svg class="time"[^>]* viewBox="([\d.]+) 0 ([\d.]+) /g)];
      expect(views.length).toBeGreaterThan(4);
      expect(views.every(([, from, width]) => from === "3000" && width === "2500")).toBe(true);
      expect(document).toMatch(/<text x="[\d.]+%" y="15">3\.5 s<\/text>/);
      expect(document).toMatch(/data-tip="[^"]*operation \d+, put/);
    },
  );
});
