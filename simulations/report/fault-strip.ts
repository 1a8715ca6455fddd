/** Every fault as a bar over the lanes, in as many rows as overlap. */

import { type Layout, type Panel, px } from "./drawing.ts";
import type { FaultSpan } from "./fault-words.ts";
import { html } from "./markup.ts";
import { duration, moment } from "./words.ts";

const ROW_PX = 8;
const ROWS_MAX = 10;
const PAD_PX = 6;
/** What takes no time is drawn as long as this share of the run. */
const SHARE_MIN = 0.002;

export function drawFaultStrip(spans: readonly FaultSpan[], layout: Layout): Panel {
  const shortest = layout.spanMs * SHARE_MIN;
  const ends: number[] = [];
  const bars = [...spans]
    .sort((a, b) => a.from - b.from)
    .map((span) => {
      const to = Math.max(span.to, span.from + shortest);
      const row = placeIn(ends, span.from, to + shortest);
      const held = span.to > span.from ? ` for ${duration(span.to - span.from)}` : "";
      return html`<rect class="fault ${span.kind}" x="${px(span.from)}" y="${px(PAD_PX + row * ROW_PX)}" width="${px(to - span.from)}" height="${ROW_PX - 2}"><title>${moment(span.from)}${held}: ${span.title}</title></rect>`;
    });
  const heightPx = Math.max(3, ends.length) * ROW_PX + 2 * PAD_PX;
  return {
    name: `${spans.length} faults`,
    heightPx,
    labels: html`<text class="name" x="12" y="${px(heightPx / 2 + 4)}">faults</text><text class="scale" x="146" y="${px(heightPx / 2 + 4)}" text-anchor="end">${spans.length}</text>`,
    drawing: html`<g class="faults">${bars}</g>`,
  };
}

/** The first row that is free by then; when all are taken, the one that is free soonest. */
function placeIn(ends: number[], from: number, to: number): number {
  let row = ends.findIndex((end) => end <= from);
  if (row === -1) row = ends.length < ROWS_MAX ? ends.length : ends.indexOf(Math.min(...ends));
  ends[row] = Math.max(ends[row] ?? 0, to);
  return row;
}
