/**
 * The report of a run as one HTML file that needs nothing else: no network, no library. Its own policy lets only its own
 * style and script run, by their hashes, so nothing that comes from the run ever does.
 */

import { createHash } from "node:crypto";
import { assert } from "../../src/base/assert.ts";
import { replayCommand } from "../report.ts";
import type { RunResult } from "../run/run-result.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { type FaultSpan, faultSpan } from "./fault-words.ts";
import { renderFigure } from "./figure.ts";
import { renderHeadline, titleOf } from "./headline.ts";
import { html, jsonForScript, Markup } from "./markup.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";
import { suspectsOf } from "./suspects.ts";
import { renderFaults, renderRecoveries, renderTraffic, renderVerdicts } from "./tables.ts";
import { renderViolations } from "./violations.ts";

/** `result` comes from a run with a timeline. `replay`: the command that runs the same again. */
export function renderReport(result: RunResult, replay = replayCommand(result)): string {
  const { timeline, plan, violations } = result;
  assert(timeline !== undefined, "a report of a run without a timeline");
  const faults = timeline.faults.flatMap(({ fault, at }): FaultSpan[] => {
    const planned = plan.faults[fault];
    return planned === undefined ? [] : [faultSpan(planned, at, plan)];
  });
  const suspects = violations.map((violation) => suspectsOf(violation, result));
  const body = html`${renderHeadline(result, timeline)}${renderViolations(suspects)}${renderFigure({ result, timeline, faults, suspects })}${renderVerdicts(result)}${renderRecoveries(result, timeline)}${renderTraffic(result, timeline)}${renderFaults(faults, plan)}${renderReplay(result, replay)}`;
  return document(titleOf(result), body, dataOf(timeline)).text;
}

function document(title: string, body: Markup, data: unknown): Markup {
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${new Markup(STYLE)}</style></head>
<body>
${body}<script type="application/json" id="run">${jsonForScript(data)}</script>
<script>${new Markup(SCRIPT)}</script>
</body></html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function renderReplay({ plan, traceHash }: RunResult, replay: string): Markup {
  return html`<section id="replay"><h2>Run it again</h2><pre>${replay}</pre><p class="note">The same seed and the same code give the same trace: ${traceHash} (${plan.scenario}, seed ${plan.seed}).</p></section>
`;
}

/** What the page's script reads values from. */
function dataOf({ endedAt, samples }: Timeline): unknown {
  return {
    spanMs: endedAt,
    samples: samples.map(({ at, differing, queuedBytes, links, behind }) => [
      at,
      differing,
      Math.round(queuedBytes),
      links,
      behind,
    ]),
  };
}
