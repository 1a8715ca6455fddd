/** What is measured over time, under the lanes and on the same axis: divergence, lag, queues, links, clocks. */

import type { Sample, Timeline } from "../timeline/timeline.ts";
import { type Layout, type Panel, px, regionClass } from "./drawing.ts";
import { html, type Markup } from "./markup.ts";
import { bytes, count, moment, replicaName } from "./words.ts";

const CHART_PX = 64;
const PAD_PX = 8;
const HEAT_ROW_PX = { max: 13, min: 4, all: 220 };
const HEAT_STEPS = 5;
/** Clocks closer than this to true time are not worth a chart. */
const CLOCKS_MS_MIN = 1;

export function drawCharts({ samples }: Timeline, layout: Layout): Panel[] {
  if (samples.length === 0) return [];
  return [
    areaChart("keys that differ", samples, (sample) => sample.differing, count),
    lagRows(samples, layout),
    areaChart("bytes a second", ratesOf(samples), ({ rate }) => rate, bytes),
    ...(samples.some(({ queuedBytes }) => queuedBytes > 0)
      ? [areaChart("bytes queued", samples, (sample) => sample.queuedBytes, bytes)]
      : []),
    areaChart("links up", samples, (sample) => sample.links, count),
    ...clockChart(samples, layout),
  ];
}

/** Samples gathered for one value of a chart of rates. */
const RATE_SAMPLES = 8;

interface Rate {
  readonly at: number;
  /** A second, until the next one. */
  readonly rate: number;
}

function ratesOf(samples: readonly Sample[]): Rate[] {
  const ends = samples.filter((_, i) => i % RATE_SAMPLES === 0 || i === samples.length - 1);
  return ends.map((sample, i) => {
    const next = ends[i + 1];
    if (next === undefined || next.at === sample.at) return { at: sample.at, rate: 0 };
    return { at: sample.at, rate: ((next.bytesSent - sample.bytesSent) / (next.at - sample.at)) * 1000 };
  });
}

function areaChart<Point extends { readonly at: number }>(
  name: string,
  samples: readonly Point[],
  measure: (sample: Point) => number,
  show: (value: number) => string,
): Panel {
  const max = samples.reduce((most, sample) => Math.max(most, measure(sample)), 1);
  const y = (value: number): number => CHART_PX - PAD_PX - (value / max) * (CHART_PX - 2 * PAD_PX);
  const line = stepLine(samples, (sample) => y(measure(sample)));
  const first = samples[0]?.at ?? 0;
  const last = samples.at(-1)?.at ?? 0;
  const area = `${line}H${px(last)}V${px(y(0))}H${px(first)}Z`;
  return {
    name: `${name} over time, at most ${show(max)}`,
    heightPx: CHART_PX,
    labels: scaleLabels(name, show(max), "0"),
    drawing: html`<path class="area" d="${area}"/><path class="line" d="${line}"/>`,
  };
}

function scaleLabels(name: string, top: string, bottom: string): Markup {
  return html`<text class="name" x="12" y="${CHART_PX / 2 + 4}">${name}</text><text class="scale" x="146" y="${PAD_PX + 6}" text-anchor="end">${top}</text><text class="scale" x="146" y="${CHART_PX - PAD_PX}" text-anchor="end">${bottom}</text>`;
}

/** Goes on level until the next sample that is another. */
function stepLine<Point extends { readonly at: number }>(
  samples: readonly Point[],
  yOf: (sample: Point) => number,
): string {
  let d = "";
  let before = "";
  for (const sample of samples) {
    const y = px(yOf(sample));
    if (y === before) continue;
    d += d === "" ? `M${px(sample.at)} ${y}` : `H${px(sample.at)}V${y}`;
    before = y;
  }
  return `${d}H${px(samples.at(-1)?.at ?? 0)}`;
}

/** A row for each replica, the darker the further it is behind. */
function lagRows(samples: readonly Sample[], layout: Layout): Panel {
  const rowPx = Math.max(HEAT_ROW_PX.min, Math.min(HEAT_ROW_PX.max, HEAT_ROW_PX.all / layout.lanes.length));
  const heightPx = layout.lanes.length * rowPx + 2 * PAD_PX + 6;
  const max = samples.reduce((most, { behind }) => Math.max(most, ...behind.map((keys) => keys ?? 0)), 1);
  const rows = layout.lanes.map(({ node }, row) => {
    const y = PAD_PX + row * rowPx;
    return runsOf(samples, node, max).map(({ from, to, step, title }) =>
      step === 0
        ? undefined
        : html`<rect class="${step === undefined ? "down" : `lag${step}`}" x="${px(from)}" y="${px(y)}" width="${px(to - from)}" height="${px(rowPx - 1)}"><title>${title}</title></rect>`,
    );
  });
  return {
    name: `how many keys each replica is behind with, at most ${max}`,
    heightPx,
    labels: html`<text class="name" x="12" y="${px(heightPx / 2)}">keys behind</text><text class="region" x="12" y="${px(heightPx / 2 + 14)}">at most ${count(max)}</text>${
      rowPx < 9
        ? undefined
        : layout.lanes.map(
            (lane, row) =>
              html`<text class="scale" x="146" y="${px(PAD_PX + row * rowPx + rowPx - 3)}" text-anchor="end">${lane.node}</text>`,
          )
    }`,
    drawing: html`<g class="lags">${rows}</g>`,
  };
}

interface Run {
  readonly from: number;
  to: number;
  /** 0: nothing is missing; undefined: it is down. */
  readonly step: number | undefined;
  readonly title: string;
}

function runsOf(samples: readonly Sample[], node: number, max: number): Run[] {
  const runs: Run[] = [];
  for (const { at, behind } of samples) {
    const keys = behind[node];
    const step = keys === undefined ? undefined : Math.ceil((Math.log1p(keys) / Math.log1p(max)) * HEAT_STEPS);
    const last = runs.at(-1);
    if (last !== undefined) last.to = at;
    if (last !== undefined && last.step === step) continue;
    const state = keys === undefined ? "is down or starting" : `is ${count(keys)} keys behind`;
    runs.push({ from: at, to: at, step, title: `${replicaName(node)} ${state}, from ${moment(at)}` });
  }
  return runs;
}

function clockChart(samples: readonly Sample[], layout: Layout): Panel[] {
  const max = samples.reduce((most, sample) => Math.max(most, ...sample.clockOffsetsMs.map(Math.abs)), 0);
  if (max < CLOCKS_MS_MIN) return [];
  const middle = CHART_PX / 2;
  const y = (offsetMs: number): number => middle - (offsetMs / max) * (middle - PAD_PX);
  const lines = layout.lanes.map(
    (lane) =>
      html`<path class="clock ${regionClass(lane)}" d="${stepLine(samples, (sample) => y(sample.clockOffsetsMs[lane.node] ?? 0))}"><title>clock of ${replicaName(lane.node)}</title></path>`,
  );
  const bound = `${count(max)} ms`;
  return [
    {
      name: `how far each clock is ahead of true time, at most ${bound}`,
      heightPx: CHART_PX,
      labels: scaleLabels("clock offset", `+${bound}`, `-${bound}`),
      drawing: html`<path class="zero" d="M0 ${middle}H${px(layout.spanMs)}"/>${lines}`,
    },
  ];
}
