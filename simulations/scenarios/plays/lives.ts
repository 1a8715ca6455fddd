/** Plays about lives that end: crashes between a write's push and its disk, starts in a row, long absence. */

import type { Fault } from "../../faults/fault.ts";
import { uniform } from "../../simulator/draws.ts";
import { keyOf } from "../../workload/generator.ts";
import type { Operation } from "../../workload/operation.ts";
import { act, crash, inOrder, late, type Scene, type Stage, shortly, slowDisk } from "./stage.ts";

/** R4, R7: a replica dies between the push of a write and its disk; the write lives on at others, or does not. */
export function crashAfterPush(stage: Stage): Scene {
  const { random } = stage;
  const downMs = uniform(random, 1, 2000);
  return {
    faults: [
      slowDisk(stage, 0, -2, 100, 400),
      crash(stage, 0, -1, downMs, { aim: "push", isPowerCut: random.chance(0.5) }),
    ],
    operations: [
      act(stage, 0, 0, "put"),
      act(stage, 1, shortly(stage), random.chance(0.5) ? "delete" : "put"),
      act(stage, 0, downMs + shortly(stage), "put", { ack: "disk" }),
    ],
  };
}

/** R4, sealing: lives follow each other faster than anybody can be told. */
export function restartsInARow(stage: Stage): Scene {
  const { random } = stage;
  const faults: Fault[] = [];
  const operations: Operation[] = [];
  let afterMs = 0;
  for (let i = 0; i < 3; i++) {
    operations.push(act(stage, 0, afterMs, "put"), act(stage, 0, afterMs + 5, random.chance(0.3) ? "delete" : "put"));
    afterMs += uniform(random, 10, 900);
    faults.push(crash(stage, 0, afterMs, uniform(random, 1, 200), { isPowerCut: random.chance(0.5) }));
    afterMs += uniform(random, 100, 900);
  }
  operations.push(act(stage, 1, afterMs / 2, "delete"));
  return { faults, operations };
}

/** A replica is away for so long that it has a lot to fetch when it is back. */
export function longAbsence(stage: Stage): Scene {
  const downMs = uniform(stage.random, stage.longestMs / 2, stage.longestMs);
  return { faults: [crash(stage, 0, 0, downMs)], operations: [] };
}

/** R4: a life ends with its first push, before its disk has taken anything; another begins, and another. */
export function shortLives(stage: Stage): Scene {
  const { random } = stage;
  const operations = Array.from({ length: 150 }, (_, i) => act(stage, 0, i * 6, "put", { key: keyOf(20 + i) }));
  const ends = [1, 300, 600].map((afterMs) => {
    return crash(stage, 0, afterMs + uniform(random, 0, 100), 5, { aim: "push", isPowerCut: random.chance(0.5) });
  });
  return { faults: [slowDisk(stage, 0, -100, 40, 1100), crash(stage, 0, -10, 5), ...ends], operations };
}

/** A replica that is away for longer than the retention returns with what was deleted and purged meanwhile. */
export function awayTooLong(anyStage: Stage): Scene {
  // Always the same one: while another is away, too, nothing is purged.
  const stage = inOrder(anyStage);
  const downMs = uniform(stage.random, 3500, 5000);
  return {
    // Not by a power cut, of which nobody would hear at once.
    faults: [crash(stage, 0, 300, downMs, { isPowerCut: false })],
    operations: [act(stage, 0, 0, "put", { ack: "all" }), act(stage, 1, 500, "delete")],
  };
}

/** D6: who was away for too long begins anew, and is killed while its disk takes that. */
export function crashWhenBegunAnew(anyStage: Stage): Scene {
  const stage = inOrder(anyStage);
  const { random } = stage;
  const downMs = uniform(random, 3500, 5000);
  const backMs = 300 + downMs;
  // In all shards.
  const keys = Array.from({ length: 12 }, (_, i) => keyOf(20 + i));
  return {
    faults: [
      crash(stage, 0, 300, downMs, { isPowerCut: false }),
      slowDisk(stage, 0, backMs, 40, 1500),
      crash(stage, 0, backMs + uniform(random, 0, 1200), 100, { aim: "disk-write" }),
    ],
    operations: keys.flatMap((key) => [
      act(stage, 0, 0, "put", { key, ack: "all" }),
      act(stage, 1, 500, "delete", { key }),
    ]),
  };
}

/** Sealing: a life ends of which each of two others has one write, and neither has both. */
export function splitLife(stage: Stage): Scene {
  const { random } = stage;
  return {
    faults: [
      slowDisk(stage, 0, -5, 200, 30),
      late(stage, { from: 0, to: 1, isOnlyCopy: true }, 60_000),
      late(stage, { from: 0, to: 2, isOnlyCopy: true }, 60_000, 2),
      crash(stage, 0, uniform(random, 3, 12), uniform(random, 10, 300), { isPowerCut: false }),
    ],
    operations: [act(stage, 0, 0, "put"), act(stage, 0, 2, "put", { key: keyOf(random.below(3)) })],
  };
}

/** What a majority is told to have lies behind a gap at those that confirm it; its writer dies before the gap is filled. */
export function ackedBehindGap(stage: Stage): Scene {
  const { random } = stage;
  return {
    faults: [
      slowDisk(stage, 0, -5, 400, 60),
      late(stage, { from: 0, to: 1, isOnlyCopy: true }, 60_000),
      late(stage, { from: 0, to: 2, isOnlyCopy: true }, 60_000),
      crash(stage, 0, uniform(random, 17, 26), uniform(random, 50, 400)),
    ],
    operations: [
      act(stage, 0, 0, "put", { ack: "quorum" }),
      act(stage, 0, 1.5, "put", { ack: "quorum", key: keyOf(random.below(3)) }),
    ],
  };
}
