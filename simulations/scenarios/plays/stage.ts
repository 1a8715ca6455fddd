/** What plays are made of: a stage with its actors, and the moves that most of them share. */

import type { Key } from "../../../src/base/ids.ts";
import type { SeededRandom } from "../../../src/base/random.ts";
import type { AckLevel } from "../../../src/store.ts";
import type { DocumentOperation } from "../../documents/document-operation.ts";
import type { Fault, PathPair } from "../../faults/fault.ts";
import { uniform } from "../../simulator/draws.ts";
import type { Operation } from "../../workload/operation.ts";

export interface Stage {
  readonly random: SeededRandom;
  readonly at: number;
  readonly key: Key;
  /** A random order of the nodes: the play's first, second and third actor. */
  readonly nodes: readonly number[];
  /** The first node that keeps nothing on disk, if there is one. */
  readonly ephemeral: number | undefined;
  /** Nothing may last longer. */
  readonly longestMs: number;
  readonly nextId: () => number;
}

/** The same stage, on which the first node is always the first actor. */
export function inOrder(stage: Stage): Stage {
  return { ...stage, nodes: [...stage.nodes].sort((a, b) => a - b) };
}

export interface Scene {
  readonly faults: readonly Fault[];
  readonly operations: readonly Operation[];
  readonly documents?: readonly DocumentOperation[];
}

/** What of an operation differs from the usual: 20 bytes at the play's key, answered from memory. */
export interface Manner {
  readonly ack?: AckLevel;
  readonly key?: Key;
  readonly valueBytes?: number;
  readonly ttlMs?: number;
}

export function act(
  stage: Stage,
  actorIndex: number,
  afterMs: number,
  type: "put" | "delete" | "get",
  { ack = "memory", ...manner }: Manner = {},
): Operation {
  const node = actor(stage, actorIndex);
  return { id: stage.nextId(), at: stage.at + afterMs, node, type, key: stage.key, ack, valueBytes: 20, ...manner };
}

export function actor(stage: Stage, index: number): number {
  return stage.nodes[index % stage.nodes.length] ?? 0;
}

/** The next push of one actor to another comes late, as a copy or as the only one. */
export function late(
  stage: Stage,
  pair: { readonly from: number; readonly to: number; readonly isOnlyCopy: boolean },
  lateMs: number,
  afterMs = 0,
): Fault {
  const path = [actor(stage, pair.from), actor(stage, pair.to)] as const;
  return { at: stage.at + afterMs - 1, type: "late-copy", path, lateMs, isOnlyCopy: pair.isOnlyCopy };
}

/** An actor's process ends, at once or at its next push or disk write, with the loss of what is not on disk. */
export function crash(
  stage: Stage,
  actorIndex: number,
  afterMs: number,
  downMs: number,
  options: { readonly aim?: "now" | "push" | "disk-write"; readonly isPowerCut?: boolean } = {},
): Fault {
  const node = actor(stage, actorIndex);
  const { aim = "now", isPowerCut = true } = options;
  return { at: stage.at + afterMs, type: "crash", node, aim, isPowerCut, downMs };
}

/** Two actors, or two groups of them, do not hear each other. */
export function cut(
  stage: Stage,
  one: readonly number[],
  other: readonly number[],
  afterMs: number,
  forMs: number,
): Fault {
  const paths = one.flatMap((a) => other.flatMap((b) => pathsBetween(stage, a, b)));
  return { at: stage.at + afterMs, type: "cut", shape: "pair", paths, forMs };
}

export function breakLink(stage: Stage, one: number, other: number, afterMs: number): Fault {
  return { at: stage.at + afterMs, type: "break", nodes: [actor(stage, one), actor(stage, other)], lateMs: 0 };
}

export function slowDisk(stage: Stage, actorIndex: number, afterMs: number, meanMs: number, forMs: number): Fault {
  return { at: stage.at + afterMs, type: "disk-slow", node: actor(stage, actorIndex), meanMs, forMs };
}

export function pathsBetween(stage: Stage, one: number, other: number): PathPair[] {
  const a = actor(stage, one);
  const b = actor(stage, other);
  return a === b
    ? []
    : [
        [a, b],
        [b, a],
      ];
}

export function shortly(stage: Stage): number {
  return uniform(stage.random, 30, 600);
}
