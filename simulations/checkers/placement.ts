/**
 * Who carried an operation out, where a replica may have passed it on: of a write its dot tells. Who answered a read nobody
 * can tell, beyond that it was one of those that had what was read.
 */

import { replicaOf } from "../../src/core/origin.ts";
import type { Dot } from "../../src/store.ts";
import type { Span } from "../faults/calm.ts";
import { acknowledgedParts, type HistoryEntry } from "../workload/history.ts";
import type { Evidence } from "./evidence.ts";
import type { Stamp } from "./stamp.ts";
import { mayHaveForgotten, type Place } from "./survival.ts";

/** A process of a node. */
export interface Process {
  readonly node: number;
  readonly life: number;
}

/** Who gave an operation the dot with which it was answered: where it was passed on, perhaps one of several lives. */
export function writersOf(dot: Dot, entry: HistoryEntry, { placement, nodes }: Evidence): readonly Process[] {
  const { node: asked, life, invokedAt, answeredAt = invokedAt } = entry;
  if (placement === undefined) return [{ node: asked, life }];
  const node = placement.numbers.indexOf(replicaOf(dot.origin));
  if (node === asked) return [{ node, life }];
  const ends = nodes[node]?.ends ?? [];
  const first = ends.filter(({ at }) => at < invokedAt).length;
  const last = ends.filter(({ at }) => at <= answeredAt).length;
  return Array.from({ length: last - first + 1 }, (_, i) => ({ node, life: first + i + 1 }));
}

/** True where nobody may have lost by `until` what somebody had meanwhile: whoever it was still knows of it. */
export function isKnownToAll(place: Place, { from, to }: Span, until: number, { nodes }: Evidence): boolean {
  return !nodes.some((node) => mayHaveForgotten(node, { ...place, from, by: to }, until));
}

/**
 * What whoever was shown a stamp is owed at least. A write that was asked for of two owners, as one did not answer, is one
 * write with one timestamp, and may be held under the origin of either.
 */
export function leastOf(stamp: Stamp, { placement }: Evidence): Stamp {
  return placement === undefined ? stamp : { ...stamp, origin: 0 };
}

/** Several checkers ask of the same evidence. */
const shared = new WeakMap<Evidence, ReadonlySet<string>>();

/**
 * True where a write was answered with the dot of another: it was asked for twice, and what came later was held already
 * where it was asked for again. Who held that, nobody was told.
 */
export function hasDotOfAnother({ dot }: { readonly dot: Dot }, evidence: Evidence): boolean {
  if (evidence.placement === undefined) return false;
  let known = shared.get(evidence);
  if (known === undefined) {
    known = dotsOfSeveral(evidence);
    shared.set(evidence, known);
  }
  return known.has(nameOf(dot));
}

function dotsOfSeveral({ history }: Evidence): ReadonlySet<string> {
  const once = new Set<string>();
  const several = new Set<string>();
  for (const { part } of acknowledgedParts(history)) {
    const name = nameOf(part.dot);
    if (once.has(name)) several.add(name);
    once.add(name);
  }
  return several;
}

function nameOf({ shard, origin, sequence }: Dot): string {
  return `${shard}/${origin}/${sequence}`;
}
