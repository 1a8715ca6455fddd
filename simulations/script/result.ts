/** What came of a script, to be asserted on. */

import { nameOf, type Plan } from "../plan.ts";
import type { RunResult } from "../run/run-result.ts";
import type { Recovery } from "../timeline/timeline.ts";
import type { Answer, HistoryEntry } from "../workload/history.ts";
import type { WatchHistory } from "../workload/watch-history.ts";
import { type DocumentResult, documentResult } from "./document-act.ts";
import { type Duration, msOf } from "./duration.ts";
import { ScriptError } from "./script-error.ts";
import { type WatchResult, watchResult } from "./watch.ts";

/** How many operations clients asked for, and what they were told. */
export interface Counts {
  readonly asked: number;
  readonly answered: number;
  /** Certainly not carried out: nobody was there, mostly. */
  readonly refused: number;
  /** May have been carried out, whole or in part. */
  readonly failed: number;
  /** The replica ended before it answered. */
  readonly unanswered: number;
  /** Of the answered writes, those that were not as far as was asked for in time. */
  readonly short: number;
}

/** What became of one act of a client. */
export interface ActResult {
  readonly type: Answer["type"] | "unanswered";
  readonly code: string | undefined;
  readonly tookMs: number | undefined;
  /** Of a write: the ack that was asked for came in time. */
  readonly isAckMet: boolean;
  /** Of a read: the name of the act that wrote what was read, "somebody else", or undefined where nothing was. */
  readonly saw: string | undefined;
}

export interface CaughtUp extends Omit<Recovery, "nodes"> {
  /** The names of those that may have missed something. */
  readonly replicas: readonly string[];
}

export interface SimulationResult extends RunResult {
  readonly counts: Counts;
  /** Share of the operations that were answered, 0 to 1. */
  readonly availability: number;
  /** Writes that lost to another that had not seen them. */
  readonly conflicts: number;
  /** Each time that a cut healed or a process was back: how long until it knew what it had missed. */
  readonly caughtUp: readonly CaughtUp[];
  /** What became of an act of `clients`. Throws `ScriptError` for a name that there is not. */
  act(name: string): ActResult;
  /** What became of an act of `documents`. Throws `ScriptError` for a name that there is not. */
  document(name: string): DocumentResult;
  /** What a watcher of `watchers` came to hear of. Throws `ScriptError` for a name that there is not. */
  watcher(name: string): WatchResult;
  /** Bytes of messages that a replica sent and received, all of them or those sent between two times. */
  bytesOf(replica: string, span?: { readonly from: Duration; readonly until: Duration }): number;
}

/** What the acts and watchers of a script are called, in the order of the plan; of acts on values, their numbers. */
export interface ScriptNames {
  readonly ids: ReadonlyMap<string, number>;
  readonly documents?: readonly string[];
  readonly watchers?: readonly string[];
}

export function createResult(run: RunResult, { ids, documents = [], watchers = [] }: ScriptNames): SimulationResult {
  const counts = countsOf(run);
  const entries = new Map(run.history.map((entry) => [entry.operation.id, entry]));
  return {
    ...run,
    counts,
    availability: counts.asked === 0 ? 1 : counts.answered / counts.asked,
    conflicts: run.timeline?.conflicts.length ?? 0,
    caughtUp: (run.timeline?.recoveries ?? []).map(({ nodes, ...rest }) => ({
      ...rest,
      replicas: nodes.map((node) => nameOf(run.plan, node)),
    })),
    act: (name) => actResult(entries.get(idOf(ids, name)), ids),
    document: (name) => documentNamed(run, documents, name),
    watcher: (name) => watchResult(watchOf(run, watchers, name), (author) => nameOfAct(author, ids)),
    bytesOf: (replica, span) => bytesOf(run, replica, span),
  };
}

function countsOf({ history }: RunResult): Counts {
  const count = (holds: (entry: HistoryEntry) => boolean): number => history.filter(holds).length;
  const refused = count(({ answer }) => answer?.type === "refused");
  const failed = count(({ answer }) => answer?.type === "failed");
  const unanswered = count(({ answer }) => answer === undefined);
  return {
    asked: history.length,
    answered: history.length - refused - failed - unanswered,
    refused,
    failed,
    unanswered,
    short: count(({ answer }) => answer?.type === "written" && answer.parts.some((part) => !part.isAckMet)),
  };
}

function documentNamed({ plan, documents }: RunResult, names: readonly string[], name: string): DocumentResult {
  const ids = (plan.documents ?? []).map(({ id }) => id);
  const id = ids[names.indexOf(name)];
  if (id === undefined)
    throw new ScriptError(`no document act ${JSON.stringify(name)}; there are ${names.join(", ") || "none"}`);
  const namesById = new Map(names.map((each, i) => [ids[i] ?? -1, each]));
  return documentResult(
    documents.find(({ operation }) => operation.id === id),
    namesById,
  );
}

function idOf(ids: ReadonlyMap<string, number>, name: string): number {
  const id = ids.get(name);
  if (id !== undefined) return id;
  throw new ScriptError(`no client ${JSON.stringify(name)}; there are ${[...ids.keys()].join(", ") || "none"}`);
}

function actResult(entry: HistoryEntry | undefined, ids: ReadonlyMap<string, number>): ActResult {
  const { answer } = entry ?? {};
  const isShort = answer?.type === "written" && answer.parts.some((part) => !part.isAckMet);
  return {
    type: answer?.type ?? "unanswered",
    code: answer?.type === "refused" || answer?.type === "failed" ? answer.code : undefined,
    tookMs: entry?.answeredAt === undefined ? undefined : entry.answeredAt - entry.invokedAt,
    isAckMet: answer?.type === "written" && !isShort,
    saw: sawOf(entry, ids),
  };
}

function sawOf(entry: HistoryEntry | undefined, ids: ReadonlyMap<string, number>): string | undefined {
  if (entry?.answer?.type !== "read") return undefined;
  const { version, author } = entry.answer.read;
  if (version === undefined) return undefined;
  return nameOfAct(author?.id, ids);
}

function nameOfAct(author: number | undefined, ids: ReadonlyMap<string, number>): string {
  const found = [...ids].find(([, id]) => id === author);
  return found === undefined ? "somebody else" : found[0];
}

function watchOf({ watches }: RunResult, names: readonly string[], name: string): WatchHistory {
  const found = watches[names.indexOf(name)];
  if (found !== undefined) return found;
  throw new ScriptError(`no watcher ${JSON.stringify(name)}; there are ${names.join(", ") || "none"}`);
}

function bytesOf(
  { plan, timeline }: RunResult,
  replica: string,
  span: { readonly from: Duration; readonly until: Duration } | undefined,
): number {
  const node = nodeNamed(plan, replica);
  const from = span === undefined ? 0 : msOf(span.from, "from");
  const until = span === undefined ? Infinity : msOf(span.until, "until");
  const messages = (timeline?.messages ?? []).filter((group) => group.from === node || group.to === node);
  const sent = messages.filter(({ sentAt }) => sentAt >= from && sentAt < until);
  return sent.reduce((sum, { bytes }) => sum + bytes, 0);
}

function nodeNamed(plan: Plan, replica: string): number {
  const node = plan.nodes.findIndex((_, i) => nameOf(plan, i) === replica);
  if (node !== -1) return node;
  const names = plan.nodes.map((_, i) => nameOf(plan, i)).join(", ");
  throw new ScriptError(`no replica ${JSON.stringify(replica)}; there are ${names}`);
}
