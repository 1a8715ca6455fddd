/**
 * Plays: a few faults and operations at the very moments at which a rule is needed. Random schedules hardly ever put
 * them together; every scenario mixes some into its noise. Each play says which rule of ARCHITECTURE.md it aims at.
 */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { AckLevel } from "../../src/store.ts";
import type { Fault } from "../faults/fault.ts";
import { uniform } from "../simulator/draws.ts";
import type { Operation } from "../workload/operation.ts";

export interface Stage {
  readonly random: SeededRandom;
  readonly at: number;
  readonly key: Key;
  /** A random order of the nodes: the play's first, second and third actor. */
  readonly nodes: readonly number[];
  /** Nothing may last longer. */
  readonly longestMs: number;
  readonly nextId: () => number;
}

export interface Scene {
  readonly faults: readonly Fault[];
  readonly operations: readonly Operation[];
}

function act(
  stage: Stage,
  actor: number,
  afterMs: number,
  type: "put" | "delete",
  ack: AckLevel = "memory",
): Operation {
  const node = stage.nodes[actor % stage.nodes.length] ?? 0;
  return { id: stage.nextId(), at: stage.at + afterMs, node, type, key: stage.key, ack, valueBytes: 20 };
}

function actor(stage: Stage, index: number): number {
  return stage.nodes[index % stage.nodes.length] ?? 0;
}

function late(stage: Stage, from: number, to: number, lateMs: number, isOnlyCopy: boolean, afterMs = 0): Fault {
  const path = [actor(stage, from), actor(stage, to)] as const;
  return { at: stage.at + afterMs - 1, type: "late-copy", path, lateMs, isOnlyCopy };
}

function shortly(stage: Stage): number {
  return uniform(stage.random, 30, 600);
}

/** R5, R6: a write is deleted and the tombstone purged; then a copy of the write's push arrives. */
function lateDuplicate(stage: Stage): Scene {
  const lateMs = uniform(stage.random, 500, stage.longestMs);
  const wait = shortly(stage);
  return {
    faults: [late(stage, 0, 2, lateMs, false)],
    operations: [act(stage, 0, 0, "put"), act(stage, 1, wait, "delete")],
  };
}

/** R6 (second half): the push of a write is late; its deletion is known, on every disk, and purged before it comes. */
function lateOlderWrite(stage: Stage): Scene {
  return {
    faults: [late(stage, 0, 2, uniform(stage.random, 300, 2000), true)],
    operations: [act(stage, 0, 0, "put"), act(stage, 1, uniform(stage.random, 50, 300), "delete")],
  };
}

/** R4 (second half): the first write of a life reaches nobody while it lasts; the key is deleted and purged; then it comes. */
function ghostPush(stage: Stage): Scene {
  const { random } = stage;
  const node = actor(stage, 0);
  const life = { type: "crash", node, aim: "now", isPowerCut: false } as const;
  const wroteAt = 600;
  const lateMs = uniform(random, 1000, Math.max(2500, stage.longestMs));
  return {
    faults: [
      { ...life, at: stage.at, downMs: 50 },
      late(stage, 0, 1, lateMs + uniform(random, 0, 500), true, wroteAt),
      late(stage, 0, 2, lateMs, true, wroteAt),
      { at: stage.at + wroteAt - 2, type: "disk-slow", node, meanMs: 500, forMs: 300 },
      { ...life, at: stage.at + wroteAt - 1, aim: "push", downMs: uniform(random, 1, 300) },
    ],
    operations: [act(stage, 0, wroteAt, "put"), act(stage, 1, wroteAt + uniform(random, 100, 600), "delete")],
  };
}

/** R5, R6 (second half): the path of an older write stalls while its deletion goes around it. */
function slowOlderWrite(stage: Stage): Scene {
  const forMs = uniform(stage.random, 500, stage.longestMs);
  return {
    faults: [{ at: stage.at - 1, type: "stall", path: [actor(stage, 0), actor(stage, 2)], forMs }],
    operations: [act(stage, 0, 0, "put"), act(stage, 1, shortly(stage), "delete")],
  };
}

/** R4, R7: a replica dies between the push of a write and its disk; the write lives on at others, or does not. */
function crashAfterPush(stage: Stage): Scene {
  const node = actor(stage, 0);
  const { random } = stage;
  const downMs = uniform(random, 1, 2000);
  return {
    faults: [
      { at: stage.at - 2, type: "disk-slow", node, meanMs: 100, forMs: 400 },
      { at: stage.at - 1, type: "crash", node, aim: "push", isPowerCut: random.chance(0.5), downMs },
    ],
    operations: [
      act(stage, 0, 0, "put"),
      act(stage, 1, shortly(stage), random.chance(0.5) ? "delete" : "put"),
      act(stage, 0, downMs + shortly(stage), "put", "disk"),
    ],
  };
}

/** R7: a replica acknowledges a deletion to the others, dies before its disk has it, and returns with the value. */
function crashBeforeSync(stage: Stage): Scene {
  const node = actor(stage, 2);
  const { random } = stage;
  return {
    faults: [
      { at: stage.at + 300, type: "disk-slow", node, meanMs: 1000, forMs: 3000 },
      {
        at: stage.at + 1000 + shortly(stage),
        type: "crash",
        node,
        aim: "now",
        isPowerCut: true,
        downMs: uniform(random, 500, stage.longestMs),
      },
    ],
    operations: [act(stage, 0, 0, "put", "all"), act(stage, 1, 900, "delete")],
  };
}

/** R8: a key is deleted and purged; then one whose clock is behind writes it anew. */
function writeAfterPurge(stage: Stage): Scene {
  const { random } = stage;
  const forMs = Math.max(4000, stage.longestMs);
  return {
    faults: [
      { at: stage.at - 1, type: "clock-jump", node: actor(stage, 0), byMs: random.between(50, 400) },
      { at: stage.at + forMs - 500, type: "cut", shape: "pair", paths: pathsBetween(stage, 1, 2), forMs: 1500 },
    ],
    operations: [act(stage, 0, 0, "put"), act(stage, 0, shortly(stage), "delete"), act(stage, 1, forMs, "put")],
  };
}

/** R4, sealing: lives follow each other faster than anybody can be told. */
function restartsInARow(stage: Stage): Scene {
  const { random } = stage;
  const node = actor(stage, 0);
  const faults: Fault[] = [];
  const operations: Operation[] = [];
  let afterMs = 0;
  for (let i = 0; i < 3; i++) {
    operations.push(act(stage, 0, afterMs, "put"), act(stage, 0, afterMs + 5, random.chance(0.3) ? "delete" : "put"));
    afterMs += uniform(random, 10, 900);
    faults.push({
      at: stage.at + afterMs,
      type: "crash",
      node,
      aim: "now",
      isPowerCut: random.chance(0.5),
      downMs: uniform(random, 1, 200),
    });
    afterMs += uniform(random, 100, 900);
  }
  operations.push(act(stage, 1, afterMs / 2, "delete"));
  return { faults, operations };
}

/** R1, R2: a delta is cut half-way while what it carries is being overwritten; the sender dies. */
function cutDelta(stage: Stage): Scene {
  const { random } = stage;
  const forMs = uniform(random, 1000, stage.longestMs);
  const node = actor(stage, 0);
  const operations: Operation[] = [];
  for (let i = 0; i < 10; i++) operations.push(act(stage, 0, i * 20, "put"));
  for (let i = 0; i < 10; i++) operations.push(act(stage, i, forMs + i * 15, "put"));
  return {
    faults: [
      { at: stage.at - 1, type: "cut", shape: "pair", paths: pathsBetween(stage, 0, 2), forMs },
      { at: stage.at + forMs + 1, type: "degrade", paths: pathsBetween(stage, 0, 2), bytesPerMs: 2, forMs: 1000 },
      { at: stage.at + forMs + uniform(random, 20, 900), type: "break", nodes: [node, actor(stage, 2)], lateMs: 100 },
      {
        at: stage.at + forMs + uniform(random, 20, 1500),
        type: "crash",
        node,
        aim: "now",
        isPowerCut: true,
        downMs: uniform(random, 100, stage.longestMs),
      },
    ],
    operations,
  };
}

/** A replica is away for so long that it has a lot to fetch when it is back. */
function longAbsence(stage: Stage): Scene {
  const downMs = uniform(stage.random, stage.longestMs / 2, stage.longestMs);
  return {
    faults: [{ at: stage.at, type: "crash", node: actor(stage, 0), aim: "now", isPowerCut: true, downMs }],
    operations: [],
  };
}

/** Both sides of a cut write and delete one key. */
function conflict(stage: Stage): Scene {
  const forMs = uniform(stage.random, 200, stage.longestMs);
  return {
    faults: [{ at: stage.at, type: "cut", shape: "pair", paths: pathsBetween(stage, 0, 1), forMs }],
    operations: [
      act(stage, 0, 10, "put"),
      act(stage, 1, 12, "put"),
      act(stage, 0, 50 + shortly(stage), "delete"),
      act(stage, 1, 50 + shortly(stage), "put"),
    ],
  };
}

function pathsBetween(stage: Stage, one: number, other: number): [number, number][] {
  const a = actor(stage, one);
  const b = actor(stage, other);
  return a === b
    ? []
    : [
        [a, b],
        [b, a],
      ];
}

export const PLAYS = {
  "late-duplicate": lateDuplicate,
  "late-older-write": lateOlderWrite,
  "ghost-push": ghostPush,
  "slow-older-write": slowOlderWrite,
  "crash-after-push": crashAfterPush,
  "crash-before-sync": crashBeforeSync,
  "write-after-purge": writeAfterPurge,
  "restarts-in-a-row": restartsInARow,
  "cut-delta": cutDelta,
  "long-absence": longAbsence,
  conflict,
} as const satisfies Record<string, (stage: Stage) => Scene>;

export type PlayName = keyof typeof PLAYS;
