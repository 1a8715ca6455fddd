/** What a replica still has to know after all that happened to it: which of its memories an end of its process took. */

import type { LifeEnd } from "../simulator/node.ts";
import type { Evidence, NodeEvidence } from "./evidence.ts";

/** Something that a replica had in one of its lives. */
export interface Holding {
  readonly node: number;
  readonly life: number;
  /** Virtual ms at which it certainly had it. */
  readonly since: number;
}

/**
 * True when whoever had something must still have it, or what superseded it, at `until`: the life goes on, was stopped in
 * order on a disk, or ended after the disk had taken what was handed over later.
 */
export function remembers(holding: Holding, until: number, evidence: Evidence): boolean {
  const node = evidence.nodes[holding.node];
  if (node === undefined || hasLost(node, holding.since, until)) return false;
  const end = node.ends.find(({ life }) => life === holding.life);
  if (end === undefined || end.at > until) return true;
  return node.durable && (end.type === "stop" || end.durableUpTo > holding.since);
}

/** Something that a replica came to hold, virtual ms. */
export interface Receipt {
  /** Before that it had nothing of it. */
  readonly from: number;
  /** By then it had it, unless its process had ended meanwhile. */
  readonly by: number;
}

/** True when a replica may have lost by `until` what a peer knew it to have: no disk had taken it when a process ended. */
export function mayHaveForgotten(node: NodeEvidence, { from, by }: Receipt, until = Infinity): boolean {
  if (hasLost(node, from, until)) return true;
  const isKept = (end: LifeEnd): boolean => node.durable && (end.type === "stop" || end.durableUpTo > by);
  return node.ends.some((end) => end.at >= from && end.at <= until && !isKept(end));
}

/** True when a disk may have lost by `until` what its node came to hold by `since`. */
export function hasLost(node: NodeEvidence, since: number, until = Infinity): boolean {
  return node.diskLosses.some(({ from, to }) => since > from && since <= to && to <= until);
}
