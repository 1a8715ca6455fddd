/** The first lines of a report: what was run, what was done to it, and whether it held, for somebody who was not there. */

import type { RunResult } from "../run/run-result.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { isWrite } from "../workload/operation.ts";
import { countFaults } from "./fault-words.ts";
import { html, type Markup } from "./markup.ts";
import { bytes, count, duration, list, moment, plural } from "./words.ts";

export function titleOf({ plan, violations }: RunResult): string {
  return `${plan.scenario}, seed ${plan.seed}: ${violations.length === 0 ? "held" : "broken"}`;
}

export function renderHeadline(result: RunResult, timeline: Timeline): Markup {
  const { plan } = result;
  const hasHeld = result.violations.length === 0;
  return html`<header>
<p class="eyebrow">Atoll partition laboratory</p>
<h1><span class="badge ${hasHeld ? "held" : "broken"}">${hasHeld ? "✓ held" : "✗ broken"}</span> ${plan.scenario} <span class="seed">seed ${plan.seed}</span></h1>
<p class="lead">${sentences(result, timeline).join(" ")}</p>
<dl class="facts">${facts(result, timeline).map(([term, value, note]) => html`<div><dt>${term}</dt><dd>${value}${note === undefined ? undefined : html`<small>${note}</small>`}</dd></div>`)}</dl>
</header>
`;
}

function sentences(result: RunResult, timeline: Timeline): string[] {
  const { plan } = result;
  const regions = [...new Set(plan.nodes.map(({ region }) => region))];
  const where =
    regions.length === 1
      ? `in one region (${regions[0]})`
      : `in ${plural(regions.length, "region")} (${list(regions)})`;
  const applied = timeline.faults.flatMap(({ fault }) => plan.faults[fault] ?? []);
  return [
    `${plural(plan.nodes.length, "replica")} ${where} ran for ${duration(timeline.endedAt)} of simulated time while clients made ${plural(result.history.length, "operation")} on ${plural(keysOf(result), "key")}${onDocuments(result)}.`,
    applied.length === 0
      ? "Nothing was injected."
      : `Injected until ${moment(plan.healAt)}, when everything was healed: ${countFaults(applied)}.`,
    verdict(result),
  ];
}

function onDocuments({ documents }: RunResult): string {
  if (documents.length === 0) return "";
  const keys = new Set(documents.map(({ operation }) => operation.key));
  return `, and ${plural(documents.length, "more", "more")} on ${plural(keys.size, "document")}`;
}

function verdict({ violations, verdicts, convergedAfterMs, plan }: RunResult): string {
  if (verdicts.length === 0)
    return "The run broke down before its end: a replica failed in a way that no fault explains.";
  const equal =
    convergedAfterMs === undefined
      ? `The replicas did not become equal within ${duration(plan.settleMs)}.`
      : `All replicas were equal ${duration(convergedAfterMs)} later.`;
  const broken = verdicts.filter((each) => each.violations > 0);
  if (violations.length === 0)
    return `${equal} Nothing that was promised was broken, by ${plural(verdicts.length, "checker")}.`;
  return `${equal} ${plural(violations.length, "violation")} found by ${list(broken.map(({ checker }) => checker))}.`;
}

function keysOf({ history }: RunResult): number {
  return new Set(history.flatMap(({ operation }) => [operation.key, ...(operation.alsoKeys ?? [])])).size;
}

type Fact = readonly [term: string, value: string, note?: string];

function facts(result: RunResult, timeline: Timeline): Fact[] {
  const { convergedAfterMs, plan, history, stableLatency, refusals } = result;
  const writes = history.filter(({ operation }) => isWrite(operation.type));
  const written = writes.filter(({ answer }) => answer?.type === "written").length;
  const worst = timeline.samples.reduce((max, { differing }) => Math.max(max, differing), 0);
  return [
    [
      "equal after the healing",
      convergedAfterMs === undefined ? "never" : duration(convergedAfterMs),
      `bound ${duration(plan.settleMs)}`,
    ],
    ["writes carried out", count(written), `of ${count(writes.length)}`],
    spread(stableLatency),
    ["refused or failed", count(sumOf(refusals)), Object.entries(refusals).map(refusal).join(", ")],
    ["conflicts", count(timeline.conflicts.length), "lost to a write that had not seen them"],
    ["most keys that differed", count(worst), "at one time"],
    ["messages", count(result.frames), bytes(result.bytes)],
    [
      "took",
      duration(result.realMs),
      `${count(result.simulatedMs / Math.max(1, result.realMs))} times as fast as time`,
    ],
  ];
}

/** How long it took until an acknowledged write was everywhere. */
function spread({ stable, never, quantiles }: RunResult["stableLatency"]): Fact {
  const term = "until a write was everywhere";
  const left = never === 0 ? "" : `, ${count(never)} not by the end`;
  if (quantiles === undefined) return [term, "never", `none of ${count(never)}`];
  const { "0.5": median, "0.99": late, "1": last } = quantiles;
  return [
    term,
    duration(median),
    `99 % of ${count(stable)} within ${duration(late)}, all within ${duration(last)}${left}`,
  ];
}

function refusal([code, times]: readonly [string, number]): string {
  return `${count(times)} ${code}`;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, each) => sum + each, 0);
}
