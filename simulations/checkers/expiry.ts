/**
 * Bounds of a time to live: nothing is served after its expiry by the clock of whoever serves it, and an expiry is what was
 * asked for, give or take how far clocks were apart.
 */

import { CLOCK_SLACK_MS } from "../plan.ts";
import type { HistoryEntry, ReadPart } from "../workload/history.ts";
import type { Operation } from "../workload/operation.ts";
import { type Evidence, showKey, type Violation, violations } from "./evidence.ts";

type Writers = ReadonlyMap<Operation["id"], HistoryEntry>;

export function checkExpiry(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  const writers = indexWriters(evidence);
  for (const entry of evidence.history) {
    if (entry.answer?.type !== "read") continue;
    messages.push(
      ...checkServed(
        entry.answer.read,
        servedFrom(entry, evidence),
        `operation ${entry.operation.id}`,
        writers,
        evidence,
      ),
    );
  }
  for (const [i, node] of evidence.nodes.entries()) {
    const finalMs = node.finalWallMs - evidence.clockDoubtMs;
    for (const read of node.finals) {
      messages.push(...checkServed(read, finalMs, `the last read of replica ${i}`, writers, evidence));
    }
  }
  return violations("expiry", messages);
}

/** The earliest that the clock of who answered may have shown meanwhile, unix ms. */
function servedFrom({ node, invokedAt, invokedWallMs, answeredAt = 0 }: HistoryEntry, evidence: Evidence): number {
  const { nodes, clockDoubtMs } = evidence;
  const wasPutBack = nodes[node]?.clockJumps.some((at) => at >= invokedAt && at <= answeredAt) === true;
  return wasPutBack ? -Infinity : invokedWallMs - clockDoubtMs;
}

export function indexWriters(evidence: Evidence): Writers {
  return new Map(evidence.history.map((entry) => [entry.operation.id, entry]));
}

/** What is wrong with a value that was shown at `wallMs` by the clock of who showed it: bytes that nobody wrote, an expiry that nobody asked for or that is over. */
export function* checkServed(
  read: ReadPart,
  wallMs: number,
  reader: string,
  writers: Writers,
  evidence: Evidence,
): Iterable<string> {
  if (read.version === undefined) return;
  const key = showKey(read.key);
  if (read.author === undefined) {
    yield `${reader} got bytes at ${key} that nobody wrote`;
    return;
  }
  const writer = writers.get(read.author.id);
  if (writer === undefined) return;
  const { expiresAt = Infinity } = read;
  if (expiresAt + CLOCK_SLACK_MS < wallMs)
    yield `${reader} got ${key} at ${wallMs}, ${wallMs - expiresAt} ms after its expiry`;
  const slackMs = evidence.clockSpreadMs;
  const { ttlMs } = writer.operation;
  if (ttlMs === undefined) {
    if (expiresAt !== Infinity)
      yield `${reader} got ${key} with an expiry that operation ${writer.operation.id} never set`;
    return;
  }
  const latest = (writer.answeredWallMs ?? Infinity) + ttlMs + slackMs;
  if (expiresAt < writer.invokedWallMs + ttlMs - slackMs || expiresAt > latest) {
    yield `${reader} got ${key} expiring at ${expiresAt}, but operation ${writer.operation.id} asked at ${writer.invokedWallMs} for ${ttlMs} ms`;
  }
}
