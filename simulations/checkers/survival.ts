/** What a replica still has to know after all that happened to it: which of its memories an end of its process took. */

import { latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { registerRange, shardHeadKey } from "../../src/replica/disk-layout.ts";
import type { Dot } from "../../src/store.ts";
import type { NodeSample } from "../sampling/sample.ts";
import type { LifeEnd } from "../simulator/node.ts";
import type { Evidence, NodeEvidence } from "./evidence.ts";

/** Where a register lies: a shard, and its key there. */
export interface Place {
  readonly key: Key;
  readonly shard: number;
}

/** Something that a replica had in one of its lives. */
export interface Holding extends Place {
  readonly node: number;
  readonly life: number;
  /** Virtual ms at which it certainly had it. */
  readonly since: number;
}

/**
 * True when whoever had something must still have it, or what superseded it, at `until`: the life goes on, was stopped in
 * order on a disk, or ended after the disk had taken what was handed over later. Of one that has left others must have it.
 */
export function remembers(holding: Holding, until: number, evidence: Evidence): boolean {
  const node = evidence.nodes[holding.node];
  if (node === undefined || hasLost(node, holding, holding.since, until)) return false;
  const end = node.ends.find(({ life }) => life === holding.life);
  if (end === undefined || end.at > until) return true;
  if (end.type === "leave") return true;
  return node.durable && (end.type === "stop" || end.durableUpTo > holding.since);
}

/** Something that a replica came to hold, virtual ms. */
export interface Receipt extends Place {
  /** Before that it had nothing of it. */
  readonly from: number;
  /** By then it had it, unless its process had ended meanwhile. */
  readonly by: number;
}

/** True when a replica may have lost by `until` what a peer knew it to have: no disk had taken it when a process ended. */
export function mayHaveForgotten(node: NodeEvidence, receipt: Receipt, until = Infinity): boolean {
  return hasLost(node, receipt, receipt.from, until) || hasEndedWithout(node, receipt, until);
}

/** True when a process ended by `until`, from a moment on, that may have had on no disk what it knew `by` another. */
export function hasEndedWithout(
  { durable, ends }: NodeEvidence,
  { from, by }: Pick<Receipt, "from" | "by">,
  until: number,
): boolean {
  const isKept = ({ type, durableUpTo }: LifeEnd): boolean =>
    type !== "leave" && durable && (type === "stop" || durableUpTo > by);
  return ends.some((end) => end.at >= from && end.at <= until && !isKept(end));
}

/**
 * True when a disk may have lost by `until` what its node came to hold by `since`: the register itself was hit, or the head
 * of its shard, without which a replica claims nothing there and knows nothing of what was deleted and purged.
 */
export function hasLost(node: NodeEvidence, place: Place, since: number, until = Infinity): boolean {
  return node.diskLosses.some(({ from, to, entries }) => {
    if (since <= from || since > to || to > until) return false;
    return entries.has(entryOf(place)) || entries.has(headEntryOf(place.shard));
  });
}

/** Under which key a plain value lies on disk, as latin1 (`src/replica/disk-layout.ts`): kind 0, no field. */
export function entryOf({ key, shard }: Place): string {
  const start = latin1FromBytes(registerRange(shard as ShardId).from);
  return start + String.fromCharCode(KIND_PLAIN, key.length >>> 8, key.length & 0xff) + key;
}

function headEntryOf(shard: number): string {
  return latin1FromBytes(shardHeadKey(shard as ShardId));
}

/**
 * True when at some moment since everybody who ran had a disk that had lost something, or had begun anew, and covered
 * `write` no more, and nobody else covered what came after it when he ran last: then nobody knows that it was replaced.
 */
export function wasForgottenByAll(write: Dot, after: Dot, since: number, { nodes, samples }: Evidence): boolean {
  const hasLostSome = (node: number, until: number): boolean =>
    nodes[node]?.diskLosses.some(({ to }) => to <= until) === true ||
    nodes[node]?.judgements.some(({ at, shard }) => shard === undefined && at <= until) === true;
  if (!nodes.some((_, node) => hasLostSome(node, Infinity))) return false;
  const looksBefore = nodes.map((): NodeSample | undefined => undefined);
  return samples.some(({ at, nodes: looks }) => {
    for (const [node, look] of looks.entries()) if (look !== undefined) looksBefore[node] = look;
    if (at < since || looks.every((look) => look === undefined)) return false;
    return looks.every((look, node) =>
      look === undefined ? !doesCover(looksBefore[node], after) : hasLostSome(node, at) && !doesCover(look, write),
    );
  });
}

function doesCover(look: NodeSample | undefined, { shard, origin, sequence }: Dot): boolean {
  return look?.vectors.get(shard)?.covers(origin, sequence) === true;
}
