/**
 * Of a keyspace that some keep: whoever is asked shows what was acknowledged a while ago, whoever owns the key by now. For as
 * long as nothing but the policy changes, who comes to own a key and has not all of it yet asks those that have; who was
 * written to while he was an owner, as the client had not heard that he is none any more, has handed that over by then.
 *
 * What happened before the last disturbance binds nobody here, nor does what was acknowledged just now.
 */

import type { Key } from "../../src/base/ids.ts";
import type { Span } from "../faults/calm.ts";
import { type Acknowledged, acknowledgedParts, type HistoryEntry, type ReadPart } from "../workload/history.ts";
import { type Evidence, type PlacementEvidence, showKey, type Violation, violations } from "./evidence.ts";
import { compareStamps, showStamp, stampOfVersion } from "./stamp.ts";
import { indexWrites, mayBeGone } from "./writes-by-key.ts";

/** A read in a span in which nothing was disturbed. */
interface SteadyRead {
  readonly entry: HistoryEntry;
  readonly read: ReadPart;
  readonly span: Span;
}

export function checkHandover(evidence: Evidence): Violation[] {
  const { placement, history } = evidence;
  if (placement === undefined) return [];
  const acknowledged = indexAcknowledged(evidence);
  const messages: string[] = [];
  for (const steady of steadyReads(history, placement)) {
    const floor = greatestBefore(steady, acknowledged.get(steady.read.key) ?? [], placement.lagMs);
    if (floor !== undefined) messages.push(...compare(steady, floor, evidence));
  }
  return violations("handover", messages);
}

/** Reads that it looks at. */
export function steadyReads(history: Evidence["history"], { steady }: PlacementEvidence): SteadyRead[] {
  return history.flatMap((entry) => {
    const { answer, invokedAt, answeredAt = Infinity } = entry;
    if (answer?.type !== "read") return [];
    const span = steady.find(({ from, to }) => invokedAt >= from && answeredAt < to);
    return span === undefined ? [] : [{ entry, read: answer.read, span }];
  });
}

function indexAcknowledged({ history }: Evidence): ReadonlyMap<Key, readonly Acknowledged[]> {
  const byKey = new Map<Key, Acknowledged[]>();
  for (const write of acknowledgedParts(history)) {
    const known = byKey.get(write.part.key);
    if (known === undefined) byKey.set(write.part.key, [write]);
    else known.push(write);
  }
  return byKey;
}

function greatestBefore(
  { entry: { invokedAt }, span }: SteadyRead,
  writes: readonly Acknowledged[],
  lagMs: number,
): Acknowledged | undefined {
  let greatest: Acknowledged | undefined;
  for (const write of writes) {
    const { entry } = write;
    if (entry.invokedAt < span.from || (entry.answeredAt ?? Infinity) + lagMs > invokedAt) continue;
    if (greatest === undefined || compareStamps(stampOf(write), stampOf(greatest)) > 0) greatest = write;
  }
  return greatest;
}

function* compare({ entry, read }: SteadyRead, floor: Acknowledged, evidence: Evidence): Iterable<string> {
  const { key, version } = read;
  // A write that was asked for of two owners may be held under the origin of either.
  const least = { ...stampOf(floor), origin: 0 };
  const seen = version === undefined ? undefined : stampOfVersion(version, false);
  if (seen !== undefined && compareStamps(seen, least) >= 0) return;
  const moment = { at: entry.answeredAt ?? 0, wallMs: entry.answeredWallMs ?? 0 };
  const writes = indexWrites(evidence).get(key) ?? [];
  if (seen === undefined && (least.isDead || mayBeGone(writes, least, moment, evidence.clockSpreadMs))) return;
  const shown = seen === undefined ? "nothing" : showStamp(seen);
  const { entry: write } = floor;
  yield `operation ${entry.operation.id} (read at replica ${entry.node}, ${seconds(entry.invokedAt)}) showed ${shown} at ${showKey(key)}, yet operation ${write.operation.id} was acknowledged with ${showStamp(stampOf(floor))} at ${seconds(write.answeredAt)}, and nothing was disturbed since`;
}

function stampOf({ part }: Acknowledged) {
  return stampOfVersion(part.version, part.isDelete);
}

function seconds(at = 0): string {
  return `${(at / 1000).toFixed(3)}s`;
}
