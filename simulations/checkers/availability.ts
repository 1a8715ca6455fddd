/**
 * Total availability (as of maelstrom's `--availability total`): whatever else is cut off or gone, a replica that runs
 * answers every operation that asks for nobody else, and answers it well. Refused are only a condition that does not hold,
 * a session whose past has not come so far, and what a replica was asked for that was stopped meanwhile.
 *
 * Answers come in time: at once, or within the time that was given for others to have it, and to the disk where values are
 * read from there.
 *
 * Of a keyspace that some keep, who runs and has heard of it answers as well, whoever of the owners can be reached: it asks
 * one after the other for as long as each may take, and then does what it can by itself. Left open is only what must not be
 * asked for twice, and was asked of an owner that did not answer, as happens when something is disturbed.
 */

import { defaultLimits } from "../../src/doors/limits.ts";
import type { HistoryEntry } from "../workload/history.ts";
import { isWrite } from "../workload/operation.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";
import { hasEndedWithout } from "./survival.ts";

const ACK_TIMEOUT_MS = 5000;
const QUORUM_TIMEOUT_MS = 3000;
/** An owner that says nothing for a second is taken for gone; one that does may take so much longer, besides what it was told. */
const OWNER_MS = 5000;
/** Until the next tick, which is when a replica looks at its deadlines. */
const TICKS_MS = 120;
/** A clock that is put back makes a wait begin anew at worst, and lets it last this much longer. */
const PUT_BACK_MAX_MS = 1000;
/** Clocks that drift stretch a wait; beyond this they count as stopped. */
export const DRIFT_MAX = 0.11;

export function checkAvailability(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const entry of evidence.history) {
    if (!wasThere(entry)) continue;
    messages.push(...checkAnswered(entry, evidence), ...checkTime(entry, evidence));
  }
  return violations("availability", messages);
}

/** What the clients were refused, by code. */
export function countRefusals(history: Evidence["history"]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { answer } of history) {
    if (answer?.type !== "refused" && answer?.type !== "failed") continue;
    counts[answer.code] = (counts[answer.code] ?? 0) + 1;
  }
  return counts;
}

/** A replica took it: it ran, and was not paused. */
function wasThere({ life, answer }: HistoryEntry): boolean {
  return life !== 0 && !(answer?.type === "refused" && answer.code === "UNREACHABLE");
}

function* checkAnswered(entry: HistoryEntry, evidence: Evidence): Iterable<string> {
  const { operation, answer } = entry;
  if (answer === undefined) {
    const askingMs = timeToAsk(entry, evidence.nodes.length);
    const givenMs = timeGiven(entry) + askingMs + timeBetweenPages(entry, evidence);
    const hadTime = evidence.endedAt - entry.invokedAt > givenMs + PUT_BACK_MAX_MS + TICKS_MS;
    if (hadTime && !hasEnded(entry, evidence) && !hasEndedMeanwhile(entry, evidence))
      yield `${describe(entry)} was never answered`;
    return;
  }
  if (answer.type !== "refused" && answer.type !== "failed") return;
  const { code } = answer;
  const isExpected =
    code === "PRECONDITION_FAILED" ||
    (code === "SESSION_BEHIND" && (entry.carried ?? []).length > 0) ||
    (code === "QUORUM_UNREACHABLE" && operation.consistency === "quorum") ||
    (code === "DISK_FULL" && evidence.dataBytesMax < Infinity && isWrite(operation.type)) ||
    (code === "MEMORY_FULL" && hasScantMemory(entry, evidence) && isWrite(operation.type)) ||
    (code === "DISK_FAILED" && isUnreadable(entry, evidence)) ||
    (code === "NOT_READY" && mayHaveLent(entry, evidence)) ||
    (code === "OUTCOME_UNKNOWN" && entry.isAlone === false && !isQuiet(entry, evidence)) ||
    ((code === "UNKNOWN_KEYSPACE" || code === "NOT_READY") && !hasHeardOfKeyspace(entry, evidence)) ||
    (code === "SHUTTING_DOWN" && hasEndedMeanwhile(entry, evidence)) ||
    ((code === "SHUTTING_DOWN" || operation.type === "keys") && hasEnded(entry, evidence));
  if (!isExpected) yield `${describe(entry)} was answered with ${code}`;
}

/** Values that come faster than others go have no room where there is no disk. */
function hasScantMemory({ node }: HistoryEntry, { nodes }: Evidence): boolean {
  const { memoryBytesMax = Infinity, durable = true } = nodes[node] ?? {};
  return memoryBytesMax < Infinity && !durable;
}

/** Others may have the value, who could not be asked. A listing reads what it lists. */
function mayHaveLent(entry: HistoryEntry, evidence: Evidence): boolean {
  const { operation, node, invokedAt, answeredAt = Infinity } = entry;
  const asked = operation.listing?.nodes ?? [node];
  const isInReach = evidence.reachable.some(({ from, to }) => invokedAt >= from && answeredAt < to);
  return (
    !isInReach &&
    !isPureWrite(operation.type) &&
    asked.some((each) => hasScantMemory({ ...entry, node: each }, evidence))
  );
}

function isPureWrite(type: HistoryEntry["operation"]["type"]): boolean {
  return isWrite(type) && type !== "update";
}

/** Nobody else was there to be asked for the value, or was too far away. */
function isUnreadable(entry: HistoryEntry, { readErrors }: Evidence): boolean {
  const { node, operation, invokedAt, answeredAt = Infinity } = entry;
  const asked = operation.listing?.nodes ?? [node];
  return readErrors.some(({ node: each, from, to }) => asked.includes(each) && from <= answeredAt && to >= invokedAt);
}

function isQuiet({ invokedAt, answeredAt = Infinity }: HistoryEntry, { placement }: Evidence): boolean {
  return placement?.quiet.some(({ from, to }) => invokedAt >= from && answeredAt < to) !== false;
}

/**
 * It answered with something else before, in this life or one that left it on disk: what is there is never unlearnt. Pages of
 * a listing are asked of several.
 */
function hasHeardOfKeyspace({ node, operation, invokedAt }: HistoryEntry, evidence: Evidence): boolean {
  const { history, placement, nodes } = evidence;
  // Of the default one everybody has.
  if (placement === undefined) return true;
  const asked = operation.listing?.nodes ?? [node];
  const hasForgotten = (each: number, since: number): boolean => {
    const evidenceOf = nodes[each];
    return evidenceOf === undefined || hasEndedWithout(evidenceOf, { from: since, by: since }, invokedAt);
  };
  return asked.every((each) =>
    history.some(({ node: answered, answer, answeredAt = Infinity }) => {
      const isBefore = answered === each && answeredAt < invokedAt;
      const isKnown = answer?.type === "written" || answer?.type === "read";
      return isBefore && isKnown && !hasForgotten(each, answeredAt);
    }),
  );
}

function* checkTime(entry: HistoryEntry, { nodes, diskReadMs }: Evidence): Iterable<string> {
  const { invokedAt, answeredAt } = entry;
  const node = nodes[entry.node];
  if (answeredAt === undefined || node === undefined || entry.operation.type === "keys") return;
  if (node.clockStops.some(({ from, to }) => from <= answeredAt && to >= invokedAt)) return;
  const pausedMs = node.pauses.reduce(
    (sum, { from, to }) => sum + Math.max(0, Math.min(to, answeredAt) - Math.max(from, invokedAt)),
    0,
  );
  const tookMs = answeredAt - invokedAt - pausedMs;
  const isRead = entry.operation.type === "get" || entry.operation.type === "update";
  const readMs = isRead ? diskReadMs : 0;
  const givenMs = timeGiven(entry) + timeToAsk(entry, nodes.length) + readMs;
  const jumps = node.clockJumps.filter((at) => at >= invokedAt && at <= answeredAt).length;
  const waitMs = givenMs * (1 + DRIFT_MAX);
  const mostMs = givenMs === 0 ? 0 : waitMs + jumps * (waitMs + PUT_BACK_MAX_MS);
  if (tookMs > mostMs + TICKS_MS) {
    yield `${describe(entry)} was answered after ${Math.round(tookMs)} ms, and had ${givenMs}`;
  }
}

function timeGiven({ operation, carried = [] }: HistoryEntry): number {
  const session = carried.length > 0 ? defaultLimits.sessionWaitMs : 0;
  const isRead = operation.type === "get";
  const quorum = operation.consistency === "quorum" ? QUORUM_TIMEOUT_MS : 0;
  return session + (isRead ? quorum : operation.ack === "memory" ? 0 : ACK_TIMEOUT_MS);
}

/** For a key that others keep: each of them may take its time, and then what is here has to do. */
function timeToAsk(entry: HistoryEntry, nodes: number): number {
  if (entry.isAlone !== false) return 0;
  return (nodes - 1) * (OWNER_MS + timeGiven(entry)) + QUORUM_TIMEOUT_MS;
}

/** What the client itself lets pass until it asks for the next page; the last one may be empty. */
function timeBetweenPages({ operation: { listing } }: HistoryEntry, { keys }: Evidence): number {
  return listing === undefined ? 0 : Math.ceil(keys.length / listing.limit + 1) * listing.gapMs;
}

function hasEnded({ node, life }: HistoryEntry, { nodes }: Evidence): boolean {
  return nodes[node]?.ends.some((end) => end.life === life) === true;
}

/** A listing waits for whomever it asks for a page. */
function hasEndedMeanwhile({ operation, invokedAt }: HistoryEntry, { nodes }: Evidence): boolean {
  const asked = operation.listing?.nodes ?? [];
  return asked.some((node) => nodes[node]?.ends.some(({ at }) => at >= invokedAt) === true);
}

function describe({ operation, node, invokedAt }: HistoryEntry): string {
  return `operation ${operation.id} (${operation.type}, ack ${operation.ack}, at replica ${node}, ${(invokedAt / 1000).toFixed(3)}s)`;
}
