/** The picture of a run: faults, lanes and charts one below the other, on one time axis. */

import type { RunResult } from "../run/run-result.ts";
import type { Timeline } from "../timeline/timeline.ts";
import { drawCharts } from "./charts.ts";
import { createLayout, type Layout, type Panel, px, renderPanel } from "./drawing.ts";
import { drawFaultStrip } from "./fault-strip.ts";
import type { FaultSpan } from "./fault-words.ts";
import { drawCuts, drawLaneLabels, drawLives, drawPauses } from "./lanes.ts";
import { renderLegend } from "./legend.ts";
import { html, type Markup } from "./markup.ts";
import { describeMessages, drawMessages } from "./messages.ts";
import type { Suspects } from "./suspects.ts";
import { moment } from "./words.ts";
import { drawWrites } from "./write-marks.ts";

export interface FigureOptions {
  readonly result: RunResult;
  readonly timeline: Timeline;
  readonly faults: readonly FaultSpan[];
  readonly suspects: readonly Suspects[];
}

export function renderFigure(options: FigureOptions): Markup {
  const { result, timeline, faults } = options;
  const layout = createLayout(result.plan, timeline.endedAt);
  const named = new Set(options.suspects.flatMap((suspects) => [...suspects.named]));
  const writes = drawWrites(result, named, layout);
  const panels = [
    drawFaultStrip(faults, layout),
    lanesPanel(options, layout, writes.drawing),
    ...drawCharts(timeline, layout),
  ];
  const note = writes.shown === writes.all ? "" : ` ${writes.shown} of ${writes.all} writes are drawn.`;
  return html`<section id="timeline"><h2>What happened</h2>
<div class="toolbar"><button type="button" data-zoom="out" aria-label="zoom out">−</button><button type="button" data-zoom="in" aria-label="zoom in">+</button><button type="button" data-zoom="left" aria-label="earlier">◀</button><button type="button" data-zoom="right" aria-label="later">▶</button><button type="button" data-zoom="all">whole run</button><span class="note">drag over a time to look closer; shift and the wheel zoom; double-click shows everything</span></div>
<div class="figure"><div class="rows">${axis(layout)}
${panels.map((panel) => renderPanel(panel, layout.spanMs))}${axis(layout)}
<div class="cursor"></div><div class="brush"></div></div>
<p class="readout"></p>${renderLegend(`${describeMessages(timeline.messages)}.${note}`)}</div>
<div class="tip"></div></section>
`;
}

/** Ticks of the whole run, for those who look without a script. */
function axis(layout: Layout): Markup {
  const rough = layout.spanMs / 8;
  const unit = 10 ** Math.floor(Math.log10(Math.max(1, rough)));
  const step = [1, 2, 5, 10].map((n) => n * unit).find((n) => n >= rough) ?? rough;
  const ticks = Array.from({ length: Math.floor(layout.spanMs / step) + 1 }, (_, i) => i * step);
  return html`<div></div><svg class="axis" width="100%" height="22" aria-hidden="true">${ticks.map((at) => html`<text x="${px((at / layout.spanMs) * 100)}%" y="15">${Number((at / 1000).toPrecision(6))} s</text>`)}</svg>
`;
}

function lanesPanel({ result, timeline, faults, suspects }: FigureOptions, layout: Layout, writes: Markup): Panel {
  const { plan, convergedAfterMs } = result;
  const height = px(layout.heightPx);
  const equalAt = plan.healAt + (convergedAfterMs ?? plan.settleMs);
  return {
    name: "replicas, their messages and writes, and the cuts between them",
    heightPx: layout.heightPx,
    labels: drawLaneLabels(layout, plan),
    drawing: html`<rect class="healing" x="${px(plan.healAt)}" y="0" width="${px(Math.min(equalAt, timeline.endedAt) - plan.healAt)}" height="${height}"/>${drawCuts(timeline.cuts, layout)}${drawMessages(timeline.messages, layout)}<path class="healed" d="M${px(plan.healAt)} 0V${height}"/>${drawLives(timeline.lives, layout)}${drawPauses(faults, layout)}${writes}${suspects.map(({ at, violation }) => html`<path class="moment" d="M${px(at)} 0V${height}"><title>${moment(at)}: ${violation.checker}</title></path>`)}`,
  };
}
