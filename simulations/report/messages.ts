/** Messages as faint lines from lane to lane: one path of the drawing for each kind and weight. */

import type { MessageGroup, MessageKind } from "../timeline/timeline.ts";
import { type Layout, px } from "./drawing.ts";
import { html, type Markup } from "./markup.ts";

/** With more lines than this each has to be fainter. */
const DENSE = 2000;
/** Of a run with more, those that carried most. */
const LINES_MAX = 6000;

export function drawMessages(messages: readonly MessageGroup[], layout: Layout): Markup {
  const shown = busiest(messages);
  const paths = new Map<string, string[]>();
  for (const message of shown) {
    const from = layout.lanesByNode.get(message.from);
    const to = layout.lanesByNode.get(message.to);
    if (from === undefined || to === undefined) continue;
    const name = `${message.kind} weight${weightOf(message)}`;
    const line = `M${px(message.sentAt)} ${px(from.y)}L${px(message.arrivedAt)} ${px(to.y)}`;
    const lines = paths.get(name);
    if (lines === undefined) paths.set(name, [line]);
    else lines.push(line);
  }
  return html`<g class="${shown.length > DENSE ? "messages dense" : "messages"}">${[...paths].map(([name, lines]) => html`<path class="${name}" d="${lines.join("")}"/>`)}</g>`;
}

/** What the lines of a picture stand for, in words. */
export function describeMessages(messages: readonly MessageGroup[]): string {
  const frames = messages.reduce((sum, group) => sum + group.frames, 0);
  if (messages.length > LINES_MAX) return `the ${LINES_MAX} busiest of ${messages.length} groups of messages`;
  return frames === messages.length
    ? "each line one message"
    : `each line about ${Math.round(frames / messages.length)} messages`;
}

/** Kinds in the order in which the legend names them. */
export const MESSAGE_KINDS: Readonly<Record<MessageKind, string>> = {
  push: "push of writes",
  compare: "comparison",
  delta: "catching up",
  audit: "audit",
  other: "other",
};

function busiest(messages: readonly MessageGroup[]): readonly MessageGroup[] {
  if (messages.length <= LINES_MAX) return messages;
  return [...messages].sort((a, b) => b.bytes - a.bytes).slice(0, LINES_MAX);
}

/** 0 to 2: a few bytes, some kilobytes, a lot. */
function weightOf({ bytes }: MessageGroup): number {
  return bytes < 1500 ? 0 : bytes < 30_000 ? 1 : 2;
}
