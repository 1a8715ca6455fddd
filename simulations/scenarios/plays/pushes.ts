/** Plays about pushes: writes that are overwritten from elsewhere before they have left. */

import { uniform } from "../../simulator/draws.ts";
import { keyOf } from "../../workload/generator.ts";
import { act, actor, breakLink, crash, cut, type Scene, type Stage, slowDisk } from "./stage.ts";

const KEYS = 24;
/** What a frame takes from one replica to another, where the play is drilled. */
const LATENCY_MS = 8;

/**
 * R3: a write waits for its push, is on disk, and is overwritten by another's write that arrives in that very moment. Both
 * writers die before that other write is on any disk or at the third replica, which is left with the claim of the push.
 */
export function overwrittenBeforePush(stage: Stage): Scene {
  const { random } = stage;
  const operations = [];
  for (let i = 0; i < KEYS; i++) operations.push(act(stage, 1, 0, "put", { key: keyOf(i) }));
  const from = LATENCY_MS - uniform(random, 2, 3);
  const syncedUntil = LATENCY_MS + 0.4;
  for (let i = 0; i < KEYS; i++) {
    const afterMs = from + i * 0.2;
    operations.push(act(stage, 0, afterMs, "put", { key: keyOf(i), ack: afterMs < syncedUntil ? "disk" : "memory" }));
  }
  return {
    faults: [
      { at: stage.at - 400, type: "clock-jump", node: actor(stage, 1), byMs: 400 },
      { at: stage.at + 100, type: "clock-jump", node: actor(stage, 1), byMs: -400 },
      breakLink(stage, 1, 2, -100),
      cut(stage, [1], [2], -100, 600),
      slowDisk(stage, 0, -60, 0.05, 60 + LATENCY_MS + 1.4),
      slowDisk(stage, 0, LATENCY_MS + 1.5, 5000, 20),
      slowDisk(stage, 1, -100, 5000, 150),
      crash(stage, 1, 2 * LATENCY_MS, 400),
      crash(stage, 0, 4 * LATENCY_MS, 400),
    ],
    operations,
  };
}
