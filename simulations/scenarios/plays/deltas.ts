/** Plays about repair: deltas that are cut half-way, overwritten while they are sent, or longer than a message. */

import { uniform } from "../../simulator/draws.ts";
import { keyOf } from "../../workload/generator.ts";
import type { Operation } from "../../workload/operation.ts";
import { act, breakLink, crash, cut, late, pathsBetween, type Scene, type Stage, slowDisk } from "./stage.ts";

/** Two of them fill a message of a delta; nine are more than is asked for at first. */
const LARGE_BYTES = 30_000;

/** R1, R2: a delta is cut half-way while what it carries is being overwritten; the sender dies. */
export function cutDelta(stage: Stage): Scene {
  const { random } = stage;
  const forMs = uniform(random, 1000, stage.longestMs);
  const operations: Operation[] = [];
  for (let i = 0; i < 10; i++) operations.push(act(stage, 0, i * 20, "put"));
  for (let i = 0; i < 10; i++) operations.push(act(stage, i, forMs + i * 15, "put"));
  return {
    faults: [
      cut(stage, [0], [2], -1, forMs),
      { at: stage.at + forMs + 1, type: "degrade", paths: pathsBetween(stage, 0, 2), bytesPerMs: 2, forMs: 1000 },
      breakLink(stage, 0, 2, forMs + uniform(random, 20, 900)),
      crash(stage, 0, forMs + uniform(random, 20, 1500), uniform(random, 100, stage.longestMs)),
    ],
    operations,
  };
}

/** R1: a replica comes back to more than fits one message; the link breaks on the way, perhaps, and it goes on elsewhere. */
export function longDelta(stage: Stage): Scene {
  const { random } = stage;
  const downMs = uniform(random, 300, 1000);
  const breakAt = downMs + uniform(random, 50, 1500);
  return {
    faults: [
      crash(stage, 2, -50, downMs),
      { at: stage.at + downMs, type: "degrade", paths: pathsBetween(stage, 0, 2), bytesPerMs: 200, forMs: 2000 },
      ...(random.chance(0.5) ? [breakLink(stage, 0, 2, breakAt)] : []),
    ],
    operations: largePuts(stage, 14),
  };
}

/**
 * R2: while a long delta is on its way, its sender overwrites what it carries, and dies before anybody, its own disk
 * included, has that from elsewhere.
 */
export function overwrittenDelta(stage: Stage): Scene {
  const { random } = stage;
  const backAt = 600;
  // Before its first credit for more than it sent at once; and while that, and the rest, is still on its way.
  const overwriteAt = backAt + uniform(random, 150, 650);
  const crashAt = backAt + uniform(random, 1500, 3000);
  const operations = largePuts(stage, 10);
  for (let i = 0; i < 10; i++) operations.push(act(stage, 0, overwriteAt, "put", { key: keyOf(i) }));
  return {
    faults: [
      crash(stage, 2, -50, backAt + 50),
      cut(stage, [1], [2], -40, crashAt + 40),
      { at: stage.at + backAt, type: "degrade", paths: pathsBetween(stage, 0, 2), bytesPerMs: 100, forMs: 4000 },
      slowDisk(stage, 0, overwriteAt - 60, 5000, crashAt - overwriteAt),
      breakLink(stage, 0, 1, overwriteAt - 50),
      cut(stage, [0], [1], overwriteAt - 50, crashAt - overwriteAt + 50),
      late(stage, { from: 0, to: 2, isOnlyCopy: true }, 60_000, overwriteAt),
      // Away until what was on its way has come.
      crash(stage, 0, crashAt, 4000),
    ],
    operations,
  };
}

/** A replica lacks something from the midst of what it has of another, gets it late, and passes all of it on to a third. */
export function filledGap(stage: Stage): Scene {
  const first = stage.random.between(50, 1000);
  const operations = [0, 30, 40, 50, 60, 90].map((afterMs, i) => {
    return act(stage, 0, afterMs, "put", { key: keyOf(first + i) });
  });
  return {
    faults: [
      late(stage, { from: 0, to: 2, isOnlyCopy: true }, 60_000),
      // The third has what the second lacks, and nothing beyond.
      breakLink(stage, 0, 1, 25),
      breakLink(stage, 1, 2, 25),
      cut(stage, [1], [0, 2], 25, 600),
    ],
    operations,
  };
}

/** The last push before a silence is lost: only a comparison finds out. */
export function lostPush(stage: Stage): Scene {
  return {
    faults: [late(stage, { from: 0, to: 1, isOnlyCopy: true }, 60_000)],
    operations: [act(stage, 0, 0, stage.random.chance(0.3) ? "delete" : "put")],
  };
}

function largePuts(stage: Stage, count: number): Operation[] {
  const put = (i: number): Operation => act(stage, 0, i * 10, "put", { key: keyOf(i), valueBytes: LARGE_BYTES });
  return Array.from({ length: count }, (_, i) => put(i));
}
