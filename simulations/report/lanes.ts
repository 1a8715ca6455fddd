/** The lanes: when each replica ran, starting, paused or down in between, and what was cut between them. */

import type { Plan } from "../plan.ts";
import type { CutSpan, LifeSpan } from "../timeline/timeline.ts";
import { type Lane, type Layout, px, regionClass } from "./drawing.ts";
import type { FaultSpan } from "./fault-words.ts";
import { html, type Markup } from "./markup.ts";
import { duration, moment, replicaName, replicaTitle } from "./words.ts";

/** Steps of shading between nothing cut and everything cut. */
const SHADES = 6;
/** Lanes lower than this have no room for a second line of text. */
const TWO_LINES_PX = 26;

export function drawLaneLabels(layout: Layout, plan: Plan): Markup {
  return html`${layout.lanes.map((lane) => laneLabel(lane, layout, plan))}`;
}

function laneLabel(lane: Lane, layout: Layout, plan: Plan): Markup {
  const hasRoom = layout.lanePx >= TWO_LINES_PX;
  const size = hasRoom ? "name" : "name small";
  const name = hasRoom || layout.lanePx > 16 ? replicaTitle(plan, lane.node) : String(lane.node);
  const region = lane.isFirstOfRegion || hasRoom ? lane.region : "";
  const second = plan.nodes[lane.node]?.durable === true ? region : `${region}, no disk`;
  return html`<rect class="chip ${regionClass(lane)}" x="0" y="${px(lane.y - layout.lanePx * 0.36)}" width="4" height="${px(layout.lanePx * 0.72)}" rx="2"/>${
    hasRoom
      ? html`<text class="${size}" x="12" y="${px(lane.y - 1)}">${name}</text><text class="region" x="12" y="${px(lane.y + 12)}">${second}</text>`
      : html`<text class="${size}" x="12" y="${px(lane.y + 3)}">${name}</text><text class="region" x="146" y="${px(lane.y + 3)}" text-anchor="end">${lane.isFirstOfRegion ? region : ""}</text>`
  }`;
}

/** Bands between neighbouring lanes: the darker, the more of the paths that cross there are cut. */
export function drawCuts(cuts: readonly CutSpan[], layout: Layout): Markup {
  return html`<g class="cuts">${cuts.map((cut) => bandsOf(cut, layout))}</g>`;
}

function bandsOf(cut: CutSpan, layout: Layout): Markup[] {
  const { lanes } = layout;
  return crossings(cut, layout).flatMap((closed, gap) => {
    const above = lanes[gap];
    const below = lanes[gap + 1];
    if (closed === 0 || above === undefined || below === undefined) return [];
    const all = 2 * (gap + 1) * (lanes.length - gap - 1);
    const shade = Math.max(1, Math.ceil((closed / all) * SHADES));
    const title = `cut from ${moment(cut.from)} to ${moment(cut.to)} (${duration(cut.to - cut.from)}): ${closed} of the ${all} paths across are closed`;
    return [
      html`<rect class="shade${shade}" x="${px(cut.from)}" y="${px(above.y)}" width="${px(cut.to - cut.from)}" height="${px(below.y - above.y)}"><title>${title}</title></rect>`,
    ];
  });
}

/** For each gap between two lanes: closed paths that cross it. */
function crossings({ paths }: CutSpan, layout: Layout): number[] {
  const placeByNode = new Map(layout.lanes.map((lane, place) => [lane.node, place]));
  const steps = layout.lanes.map(() => 0);
  for (const [from, to] of paths) {
    const a = placeByNode.get(from) ?? 0;
    const b = placeByNode.get(to) ?? 0;
    steps[Math.min(a, b)] = (steps[Math.min(a, b)] ?? 0) + 1;
    steps[Math.max(a, b)] = (steps[Math.max(a, b)] ?? 0) - 1;
  }
  let open = 0;
  return steps.slice(0, -1).map((step) => {
    open += step;
    return open;
  });
}

export function drawLives(lives: readonly LifeSpan[], layout: Layout): Markup {
  return html`<g class="lives">${lives.map((life) => drawLife(life, layout))}</g>`;
}

function drawLife(life: LifeSpan, layout: Layout): Markup {
  const lane = layout.lanesByNode.get(life.node);
  if (lane === undefined) return html``;
  const y = px(lane.y);
  const ready = life.readyAt ?? life.to;
  const name = replicaName(life.node);
  const starting = `${name} starts at ${moment(life.from)}${life.readyAt === undefined ? " and does not become ready" : `, ready after ${duration(ready - life.from)}`}`;
  const running = html`<path class="life ${regionClass(lane)}" d="M${px(ready)} ${y}H${px(life.to)}"/>`;
  return html`<path class="starting ${regionClass(lane)}" d="M${px(life.from)} ${y}H${px(ready)}"><title>${starting}</title></path>${
    life.readyAt === undefined ? undefined : running
  }${endOf(life, lane, layout)}`;
}

function endOf(life: LifeSpan, lane: Lane, layout: Layout): Markup | undefined {
  if (life.end === undefined) return undefined;
  const half = Math.min(11, layout.lanePx * 0.4);
  const what = { crash: "crashes", stop: "has stopped", leave: "has left" }[life.end];
  return html`<path class="end ${life.end}" d="M${px(life.to)} ${px(lane.y - half)}V${px(lane.y + half)}"><title>${replicaName(life.node)} ${what} at ${moment(life.to)}</title></path>`;
}

/** A paused process is there and does nothing: its lane is broken. */
export function drawPauses(spans: readonly FaultSpan[], layout: Layout): Markup {
  const pauses = spans.flatMap((span) => {
    const lane = span.fault.type === "pause" ? layout.lanesByNode.get(span.fault.node) : undefined;
    if (lane === undefined) return [];
    const d = `M${px(span.from)} ${px(lane.y)}H${px(span.to)}`;
    return [
      html`<path class="pause" d="${d}"/><path class="paused" d="${d}"><title>${span.title}, from ${moment(span.from)}</title></path>`,
    ];
  });
  return html`<g class="pauses">${pauses}</g>`;
}
