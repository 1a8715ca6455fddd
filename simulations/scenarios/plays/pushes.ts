/** Plays about pushes: writes that are overwritten from elsewhere before they have left. */

import { uniform } from "../../simulator/draws.ts";
import { keyOf } from "../../workload/generator.ts";
import { act, actor, crash, cut, type Scene, type Stage, slowDisk } from "./stage.ts";

const KEYS = 12;

/**
 * R3: a write waits for its push, is on disk, and is overwritten by another's write of that very moment. Both writers die
 * before that other write is on any disk or at the third replica, which is left with the claim of the push.
 */
export function overwrittenBeforePush(stage: Stage): Scene {
  const { random } = stage;
  const operations = [];
  for (let i = 0; i < KEYS; i++) operations.push(act(stage, 1, 0, "put", { key: keyOf(i) }));
  const from = uniform(random, 0.5, 2);
  for (let i = 0; i < KEYS; i++) {
    operations.push(act(stage, 0, from + i * 0.2, "put", { key: keyOf(i), ack: "disk" }));
  }
  return {
    faults: [
      { at: stage.at - 400, type: "clock-jump", node: actor(stage, 1), byMs: 400 },
      { at: stage.at + 100, type: "clock-jump", node: actor(stage, 1), byMs: -400 },
      cut(stage, [1], [2], -100, 500),
      slowDisk(stage, 0, -50, 0.05, 51 + from),
      slowDisk(stage, 0, 8, 5000, 52),
      slowDisk(stage, 1, -100, 5000, 150),
      crash(stage, 1, 20, 400),
      crash(stage, 0, 60, 400),
    ],
    operations,
  };
}
