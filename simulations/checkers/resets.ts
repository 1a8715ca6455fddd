/**
 * A `reset` makes a watcher read everything anew, so it has to have a cause: a token of another replica or of another life,
 * changes that nobody kept for it, or a replica that began anew, or decided about a shard, while it watched or since. Of a
 * keyspace that some keep, another may have come to be the one that is followed, unless nothing was disturbed.
 */

import { CHANGES_BYTES_MAX, CHANGES_MAX } from "../../src/replica/changes.ts";
import { isWrite, partsOf } from "../workload/operation.ts";
import type { WatchEntry, WatchHistory } from "../workload/watch-history.ts";
import type { Evidence } from "./evidence.ts";

/** A connection that goes on, or was broken off. */
interface Connection {
  readonly node: number;
  readonly life: number;
  readonly from: number;
  until: number;
}

/** So long a replica has to have had a watcher before it certainly keeps changes for it, and for so long after it went. */
const NOTICED_MS = 500;
const KEPT_MS = 60_000;
/** Bytes that a kept change takes beside its key and value; and how often a write becomes a change at most: it expires. */
const CHANGE_BYTES = 128;
const CHANGES_OF_WRITE = 2;
/** The edit, its snapshot at every replica, and the end of a document that it begins anew. */
const CHANGES_OF_DOCUMENT = 10;

/** The resets of a watcher that nothing explains. */
export function* unexplainedResets(watch: WatchHistory, evidence: Evidence): Iterable<WatchEntry & { type: "reset" }> {
  // A register that the audit removes is told of by a reset, too.
  if (evidence.auditRepairs.length > 0) return;
  const mayFollowAnother = (at: number): boolean =>
    evidence.placement?.quiet.every(({ from, to }) => at < from || at >= to) === true;
  let connection: Connection | undefined;
  /** The one that the watcher's token is of. */
  let resumable: Connection | undefined;
  let isResuming = false;
  for (const entry of watch.entries) {
    if (entry.type === "connected") {
      connection = { node: entry.node, life: entry.life, from: entry.at, until: Infinity };
      isResuming = entry.isResumed;
    } else if (entry.type === "broken") {
      if (connection !== undefined) connection.until = entry.at;
    } else if (entry.type === "reset" && connection !== undefined && !mayFollowAnother(entry.at)) {
      const before = isResuming ? resumable : connection;
      if (before !== undefined && !isExplained(connection, before, entry.at, evidence)) yield entry;
    } else {
      resumable = connection;
      isResuming = false;
    }
  }
}

/** `before`: the connection that the token is of, or the present one when it had told of something already. */
function isExplained(connection: Connection, before: Connection, at: number, evidence: Evidence): boolean {
  if (connection.node !== before.node || connection.life !== before.life) return true;
  const judgements = evidence.nodes[connection.node]?.judgements ?? [];
  if (judgements.some((judgement) => judgement.at >= before.from && judgement.at <= at)) return true;
  return connection !== before && !areKept(before, connection.from, evidence);
}

/** True when all changes since the connection are kept up to that time: it was noticed, and there was room for all. */
function areKept({ node, from, until }: Connection, to: number, evidence: Evidence): boolean {
  const { pauses = [], clockJumps = [], clockStops = [] } = evidence.nodes[node] ?? {};
  if (until - from < NOTICED_MS || to - until > KEPT_MS) return false;
  // The clock says how long changes are kept.
  if (clockJumps.some((at) => at <= to) || clockStops.some((stop) => stop.from <= to)) return false;
  if (pauses.some((pause) => pause.from < until)) return false;
  return hadRoom(to, evidence);
}

/** Never was so much written that any of it had to go. */
function hadRoom(to: number, { history, documents }: Evidence): boolean {
  let count = 0;
  let bytes = 0;
  for (const { operation, invokedAt } of documents) {
    if (invokedAt > to || operation.type === "read") continue;
    count += CHANGES_OF_DOCUMENT;
    bytes += CHANGES_OF_DOCUMENT * (CHANGE_BYTES + operation.key.length);
  }
  for (const { operation, invokedAt } of history) {
    if (invokedAt > to || !isWrite(operation.type)) continue;
    for (const { key } of partsOf(operation)) {
      count += CHANGES_OF_WRITE;
      bytes += CHANGES_OF_WRITE * (CHANGE_BYTES + key.length + operation.valueBytes);
    }
  }
  return count <= CHANGES_MAX && bytes <= CHANGES_BYTES_MAX;
}
