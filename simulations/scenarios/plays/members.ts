/** What members have to notice, and what they must not: one that is gone for long, one that slept, one that goes and comes back. */

import { uniform } from "../../simulator/draws.ts";
import { act, actor, crash, type Scene, type Stage, shortly } from "./stage.ts";

/** Longer than any death may go unnoticed. */
const GONE_MS = 65_000;

/** A replica is gone for so long that everybody has to know. */
export function longGone(stage: Stage): Scene {
  const downMs = uniform(stage.random, GONE_MS, GONE_MS + 15_000);
  const isPowerCut = stage.random.chance(0.5);
  return {
    faults: [crash(stage, 0, 0, downMs, { isPowerCut })],
    operations: [act(stage, 1, shortly(stage), "put")],
  };
}

/** A process sleeps for so long that it is suspected, or declared dead; its links stand or not. */
export function longPause(stage: Stage): Scene {
  const forMs = uniform(stage.random, 1000, 25_000);
  return {
    faults: [{ at: stage.at, type: "pause", node: actor(stage, 0), forMs }],
    operations: [act(stage, 1, shortly(stage), "put")],
  };
}

/** A replica says that it goes, and comes back after a while. */
export function goesAndComes(stage: Stage): Scene {
  const downMs = uniform(stage.random, 5000, 12_000);
  return {
    faults: [{ at: stage.at, type: "stop", node: actor(stage, 0), downMs }],
    operations: [act(stage, 1, shortly(stage), "put")],
  };
}
