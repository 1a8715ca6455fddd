/**
 * Writes as marks on the lane of the replica that took them: puts upwards, deletions downwards, with a flag as long as
 * the client waited for its acknowledgement. A dot at the tip: it lost to a write that had not seen it.
 */

import { showKey } from "../checkers/evidence.ts";
import type { RunResult } from "../run/run-result.ts";
import type { Conflict } from "../timeline/timeline.ts";
import type { HistoryEntry } from "../workload/history.ts";
import { isWrite } from "../workload/operation.ts";
import { type Layout, px } from "./drawing.ts";
import { html, type Markup } from "./markup.ts";
import { duration, moment, replicaName } from "./words.ts";

/** Of a run with more, those that a violation or a conflict is about, and of the others every so many-th. */
const MARKS_MAX = 4000;

/** Nobody sees a shorter flag. */
const FLAG_MS_MIN = 1;

export interface ShownWrites {
  readonly drawing: Markup;
  readonly shown: number;
  readonly all: number;
}

export function drawWrites(result: RunResult, suspects: ReadonlySet<number>, layout: Layout): ShownWrites {
  const writes = result.history.filter(({ operation }) => isWrite(operation.type));
  const conflicts = result.timeline?.conflicts ?? [];
  const lost = groupBy(conflicts, ({ loser }) => loser);
  const won = groupBy(conflicts, ({ winner }) => winner);
  const entriesById = new Map(writes.map((entry) => [entry.operation.id, entry]));
  const shown = choose(writes, ({ operation: { id } }) => suspects.has(id) || lost.has(id));
  const marks = shown.map((entry) => {
    const { id } = entry.operation;
    const stories = [
      ...(lost.get(id) ?? []).flatMap((conflict) => tell(conflict, "loser", entriesById)),
      ...(won.get(id) ?? []).flatMap((conflict) => tell(conflict, "winner", entriesById)),
    ];
    return drawWrite(entry, stories, { isLost: lost.has(id), isSuspect: suspects.has(id) }, layout);
  });
  return { drawing: html`<g class="writes">${marks}</g>`, shown: shown.length, all: writes.length };
}

function groupBy(conflicts: readonly Conflict[], numberOf: (conflict: Conflict) => number): Map<number, Conflict[]> {
  const groups = new Map<number, Conflict[]>();
  for (const conflict of conflicts) {
    const group = groups.get(numberOf(conflict));
    if (group === undefined) groups.set(numberOf(conflict), [conflict]);
    else group.push(conflict);
  }
  return groups;
}

function choose(
  writes: readonly HistoryEntry[],
  isImportant: (entry: HistoryEntry) => boolean,
): readonly HistoryEntry[] {
  if (writes.length <= MARKS_MAX) return writes;
  const important = writes.filter(isImportant).slice(0, MARKS_MAX / 2);
  const kept = new Set(important);
  const step = Math.ceil(writes.length / (MARKS_MAX - important.length));
  return writes.filter((entry, i) => i % step === 0 || kept.has(entry));
}

function tell(conflict: Conflict, role: "loser" | "winner", entriesById: ReadonlyMap<number, HistoryEntry>): string[] {
  const other = entriesById.get(role === "loser" ? conflict.winner : conflict.loser);
  if (other === undefined) return [];
  const verb = role === "loser" ? "lost" : "won";
  const preposition = role === "loser" ? "to" : "over";
  return [
    `${verb} ${showKey(conflict.key)} ${preposition} operation ${other.operation.id} (${other.operation.type} at ${replicaName(other.node)}, ${moment(other.invokedAt)}), unseen`,
  ];
}

function drawWrite(
  entry: HistoryEntry,
  stories: readonly string[],
  { isLost, isSuspect }: { readonly isLost: boolean; readonly isSuspect: boolean },
  layout: Layout,
): Markup {
  const lane = layout.lanesByNode.get(entry.node);
  if (lane === undefined) return html``;
  const outcome = outcomeOf(entry);
  const length = Math.min(outcome === "refused" ? 5 : 12, layout.lanePx * 0.4);
  const tip = px(lane.y + (entry.operation.type === "delete" ? length : -length));
  const wait = (entry.answeredAt ?? entry.invokedAt) - entry.invokedAt;
  const title = [describeOperation(entry), ...stories].join("\n");
  const dot = `M${px(entry.invokedAt)} ${tip}h0`;
  return html`<g><path class="write ${outcome}" d="M${px(entry.invokedAt)} ${px(lane.y)}V${tip}"/>${
    wait < FLAG_MS_MIN
      ? undefined
      : html`<path class="flag ${outcome}" d="${dot.slice(0, -2)}H${px(entry.invokedAt + wait)}"/>`
  }${
    isLost ? html`<path class="lost" d="${dot}"/>` : undefined
  }${isSuspect ? html`<path class="suspect" d="${dot}"/>` : undefined}<title>${title}</title></g>`;
}

export type Outcome = "read" | "acknowledged" | "unmet" | "unknown" | "refused";

/** `unmet`: carried out, but not as far as was asked for in time. `unknown`: may have happened. */
export function outcomeOf({ answer }: HistoryEntry): Outcome {
  if (answer?.type === "refused" || answer?.type === "read") return answer.type;
  if (answer?.type === "listed") return "read";
  if (answer?.type !== "written") return "unknown";
  return answer.parts.every((part) => part.isAckMet) ? "acknowledged" : "unmet";
}

/** What an operation did and what came of it, in one or two lines. */
export function describeOperation(entry: HistoryEntry): string {
  const { operation, answer, invokedAt, answeredAt } = entry;
  const keys = [operation.key, ...(operation.alsoKeys ?? [])].map(showKey).join(", ");
  const ttl = operation.ttlMs === undefined ? "" : `, expires after ${duration(operation.ttlMs)}`;
  const first = `${moment(invokedAt)}: operation ${operation.id}, ${operation.type} ${keys} at ${replicaName(entry.node)}${ttl}`;
  const wait = answeredAt === undefined ? "" : ` after ${duration(answeredAt - invokedAt)}`;
  return `${first}\n${answerWords(answer, operation.ack)}${wait}`;
}

function answerWords(answer: HistoryEntry["answer"], ack: string): string {
  switch (answer?.type) {
    case undefined:
      return "never answered";
    case "listed":
      return `listed ${answer.keys.length} keys`;
    case "refused":
      return `refused (${answer.code})`;
    case "failed":
      return `failed (${answer.code}), may have happened`;
    case "read":
      return `read ${answer.read.version ?? "nothing"}`;
    case "written": {
      const versions = answer.parts.map(({ version }) => version).join(" ");
      const reached = Math.min(...answer.parts.map((part) => part.reached));
      const met = answer.parts.every((part) => part.isAckMet) ? "" : ", which was not enough";
      return `version ${versions}, acknowledged (${ack}) by ${reached}${met}`;
    }
  }
}
