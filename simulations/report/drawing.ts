/**
 * Where things are in the picture: one lane for each replica, regions together, and virtual milliseconds from left to
 * right. Drawings stretch in one direction only when one zooms, so everything that must keep its shape is a stroke.
 */

import type { Plan } from "../plan.ts";
import { html, type Markup } from "./markup.ts";

/** Room of the fault strip above the lanes. */
export const LANES_TOP = 8;
const REGION_GAP = 14;
const LANE_PX_MAX = 46;
const LANE_PX_MIN = 11;
/** All lanes together, where they can be made small enough. */
const LANES_PX_AIM = 620;

export interface Lane {
  readonly node: number;
  readonly region: string;
  /** Number of the region, in order of appearance: which colour it has. */
  readonly regionIndex: number;
  /** Middle of the lane, px. */
  readonly y: number;
  readonly isFirstOfRegion: boolean;
}

export interface Layout {
  /** From top to bottom. */
  readonly lanes: readonly Lane[];
  readonly lanesByNode: ReadonlyMap<number, Lane>;
  readonly lanePx: number;
  readonly heightPx: number;
  /** Virtual ms from left to right. */
  readonly spanMs: number;
}

export function createLayout(plan: Plan, spanMs: number): Layout {
  const regions = [...new Set(plan.nodes.map(({ region }) => region))];
  const lanePx = Math.min(LANE_PX_MAX, Math.max(LANE_PX_MIN, LANES_PX_AIM / plan.nodes.length));
  const lanes: Lane[] = [];
  let y = LANES_TOP;
  for (const [regionIndex, region] of regions.entries()) {
    if (regionIndex > 0) y += REGION_GAP;
    let isFirstOfRegion = true;
    for (const [node, { region: own }] of plan.nodes.entries()) {
      if (own !== region) continue;
      lanes.push({ node, region, regionIndex, y: y + lanePx / 2, isFirstOfRegion });
      isFirstOfRegion = false;
      y += lanePx;
    }
  }
  const lanesByNode = new Map(lanes.map((lane) => [lane.node, lane]));
  return { lanes, lanesByNode, lanePx, heightPx: y + LANES_TOP, spanMs };
}

/** A number as short as the picture needs it. */
export function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Colour class of a region. */
export function regionClass(lane: Lane): string {
  return `region${lane.regionIndex % 8}`;
}

export interface Panel {
  /** What the part of the picture shows, for people who listen to it. */
  readonly name: string;
  readonly heightPx: number;
  /** Texts at the left, in px. */
  readonly labels: Markup;
  /** Drawn in virtual ms and px. */
  readonly drawing: Markup;
}

/** One row of the picture: labels that stay, and a drawing that can be zoomed. */
export function renderPanel({ name, heightPx, labels, drawing }: Panel, spanMs: number): Markup {
  const height = px(heightPx);
  return html`<svg class="labels" width="150" height="${height}" aria-hidden="true">${labels}</svg>
<svg class="time" width="100%" height="${height}" viewBox="0 0 ${px(spanMs)} ${height}" preserveAspectRatio="none" role="img" aria-label="${name}"><path class="grid" d=""/>${drawing}</svg>
`;
}
