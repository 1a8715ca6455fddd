/**
 * In peace nobody is refused what depends on others: with nothing disturbed, each level of acknowledgement is met, a read
 * of a majority is answered, and a replica catches up with what a session has seen.
 */

import type { Span } from "../faults/calm.ts";
import type { HistoryEntry } from "../workload/history.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";

/** Right answers where somebody cannot be reached. */
const REFUSALS: ReadonlySet<string> = new Set(["SESSION_BEHIND", "QUORUM_UNREACHABLE"]);

export function checkLevels(evidence: Evidence): Violation[] {
  const messages: string[] = [];
  for (const entry of inPeace(evidence)) messages.push(...checkMet(entry));
  return violations("levels", messages);
}

/** What needs others and was answered, or refused, while nothing was disturbed. */
export function inPeace({ history, nodes, calm }: Evidence): HistoryEntry[] {
  // Who keeps nothing on disk is another member after each start, and the one before is counted for a while.
  if (nodes.some((node) => !node.durable && node.ends.length > 0)) return [];
  return history.filter((entry) => {
    const isDurable = nodes[entry.node]?.durable === true;
    return entry.life !== 0 && needsOthers(entry, isDurable) && isWithin(entry, calm);
  });
}

/** It needs others, or a disk, and whoever was asked has one where it takes one. */
function needsOthers({ operation, carried = [] }: HistoryEntry, isDurable: boolean): boolean {
  const { ack, consistency } = operation;
  if (ack === "disk") return isDurable;
  return ack !== "memory" || consistency === "quorum" || carried.length > 0;
}

function isWithin({ invokedAt, answeredAt = Infinity }: HistoryEntry, calm: readonly Span[]): boolean {
  return calm.some(({ from, to }) => invokedAt >= from && answeredAt < to);
}

function* checkMet(entry: HistoryEntry): Iterable<string> {
  const { answer, operation } = entry;
  if (answer?.type === "refused" && REFUSALS.has(answer.code))
    yield `${describe(entry)} was refused with ${answer.code}, and nothing was disturbed`;
  if (answer?.type !== "written") return;
  const short = answer.parts.find(({ isAckMet }) => !isAckMet);
  if (short !== undefined)
    yield `${describe(entry)} reached ${short.reached} replicas and not its level, ${operation.ack}, and nothing was disturbed`;
}

function describe({ operation, node, invokedAt }: HistoryEntry): string {
  return `operation ${operation.id} (${operation.type} at replica ${node}, ${(invokedAt / 1000).toFixed(3)}s)`;
}
