/**
 * A read that asks a majority sees every write that a majority had acknowledged before it: two majorities have a replica in
 * common. As long as that one has not forgotten: replicas that may have lost what they had in memory leave the count.
 *
 * Of a keyspace that some keep, majorities are of the owners, and have one in common as long as all see the same ones: not
 * across a change of who owns the key.
 */

import type { Key, ShardId } from "../../src/base/ids.ts";
import type { Span } from "../faults/calm.ts";
import type { Sample } from "../sampling/sample.ts";
import { type Acknowledged, acknowledgedParts, type HistoryEntry } from "../workload/history.ts";
import { type Evidence, type NodeEvidence, showKey, type Violation, violations } from "./evidence.ts";
import { compareStamps, showStamp, stampOfVersion } from "./stamp.ts";
import { mayHaveForgotten } from "./survival.ts";
import { indexWrites, mayBeGone, type WritesByKey } from "./writes-by-key.ts";

export function checkQuorum(evidence: Evidence): Violation[] {
  const until = firstEndOfDiskless(evidence);
  const writes = indexWrites(evidence);
  const acknowledged = new Map<Key, Acknowledged[]>();
  for (const write of acknowledgedParts(evidence.history)) {
    const { entry, part } = write;
    if (!part.isAckMet || (entry.operation.ack !== "quorum" && entry.operation.ack !== "all")) continue;
    const known = acknowledged.get(part.key);
    if (known === undefined) acknowledged.set(part.key, [write]);
    else known.push(write);
  }
  const messages: string[] = [];
  for (const entry of evidence.history) {
    if (entry.operation.consistency !== "quorum" || entry.answer?.type !== "read") continue;
    if ((entry.answeredAt ?? 0) >= until) continue;
    for (const write of acknowledged.get(entry.operation.key) ?? [])
      messages.push(...compare(entry, write, writes, evidence));
  }
  return violations("quorum", messages);
}

/** Who keeps nothing on disk is another member after each start: the majorities are of other sets from then on. */
function firstEndOfDiskless({ nodes }: Evidence): number {
  return Math.min(...nodes.flatMap(({ durable, ends }) => (durable ? [] : ends.map(({ at }) => at))));
}

function* compare(read: HistoryEntry, write: Acknowledged, writes: WritesByKey, evidence: Evidence): Iterable<string> {
  const { answer, answeredAt = 0, answeredWallMs = 0 } = read;
  if (answer?.type !== "read" || answer.read.key !== write.part.key) return;
  if ((write.entry.answeredAt ?? Infinity) >= read.invokedAt || !isInEveryMajority(write, answeredAt, evidence)) return;
  const { version, key } = answer.read;
  const floor = stampOfVersion(write.part.version, write.part.isDelete);
  const seen = version === undefined ? undefined : stampOfVersion(version, false);
  if (seen !== undefined && compareStamps(seen, floor) >= 0) return;
  const moment = { at: answeredAt, wallMs: answeredWallMs };
  if (seen === undefined && (floor.isDead || mayBeGone(writes.get(key) ?? [], floor, moment, evidence.clockSpreadMs)))
    return;
  const shown = seen === undefined ? "nothing" : showStamp(seen);
  yield `operation ${read.operation.id} (quorum read at replica ${read.node}, ${(answeredAt / 1000).toFixed(3)}s) read ${shown} at ${showKey(key)}, yet ${write.part.reached} replicas had acknowledged ${showStamp(floor)} of operation ${write.entry.operation.id}`;
}

function isInEveryMajority({ entry, part }: Acknowledged, until: number, evidence: Evidence): boolean {
  const { nodes, samples, placement } = evidence;
  const { invokedAt: from, answeredAt: by = 0 } = entry;
  if (nodes.some((node) => isAway(node, from, until))) return false;
  const receipt = { key: part.key, shard: part.dot.shard, from, by };
  const forgetful = nodes.filter((node) => mayHaveForgotten(node, receipt, until)).length;
  if (placement !== undefined) {
    const owners = ownersThroughout(part.dot.shard, { from, to: until }, samples);
    return owners !== undefined && part.reached - forgetful + Math.floor(owners / 2) + 1 > owners;
  }
  // Whoever has not heard yet that one is back counts a majority of those that were left.
  const left = nodes.filter(({ givenUpAt }) => givenUpAt.every((at) => at > until)).length;
  const majority = Math.floor(left / 2) + 1;
  // Whoever was told that a majority has it may rely on that, whatever was counted.
  return Math.max(part.reached, majority) - forgetful + majority > nodes.length;
}

/** How many own a shard; undefined where not all who ran saw the same view all the time, or nobody looked. */
function ownersThroughout(shard: ShardId, { from, to }: Span, samples: readonly Sample[]): number | undefined {
  const first = samples.findLastIndex(({ at }) => at <= from);
  const last = samples.findIndex(({ at }) => at >= to);
  const looks = samples.slice(Math.max(0, first), last + 1).flatMap(({ nodes }) => nodes.flatMap((node) => node ?? []));
  const [one] = looks;
  if (first === -1 || last === -1 || one === undefined) return undefined;
  const isSteady = looks.every(({ placed }) => placed !== undefined && placed.view === one.placed?.view);
  return isSteady ? one.placed?.ownersByShard.get(shard)?.length : undefined;
}

/** True when a replica was given up between the two moments, or before and had not yet begun anew. */
function isAway({ givenUpAt, judgements }: NodeEvidence, from: number, until: number): boolean {
  const isBack = (since: number): boolean =>
    judgements.some(({ at, shard }) => shard === undefined && at >= since && at < from);
  return givenUpAt.some((at) => at <= until && !isBack(at));
}
