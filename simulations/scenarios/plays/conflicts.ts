/** Plays about writes of one key at several replicas: at once, on both sides of a cut, or by clocks that disagree. */

import { uniform } from "../../simulator/draws.ts";
import { act, actor, cut, type Scene, type Stage, shortly } from "./stage.ts";

/** Both sides of a cut write and delete one key. */
export function conflict(stage: Stage): Scene {
  const forMs = uniform(stage.random, 200, stage.longestMs);
  return {
    faults: [cut(stage, [0], [1], 0, forMs)],
    operations: [
      act(stage, 0, 10, "put"),
      act(stage, 1, 12, "put"),
      act(stage, 0, 50 + shortly(stage), "delete"),
      act(stage, 1, 50 + shortly(stage), "put"),
    ],
  };
}

/** Every replica writes the key in the same instant: where clocks agree, so do the stamps, and only the origins differ. */
export function tie(stage: Stage): Scene {
  return { faults: [], operations: stage.nodes.map((_, i) => act(stage, i, 0, "put")) };
}

/** R8: a clock that is far ahead writes the key; then others overwrite it, read it, and delete it. */
export function fastClock(stage: Stage): Scene {
  const byMs = stage.random.between(1000, 20_000);
  const node = actor(stage, 0);
  const wait = shortly(stage);
  return {
    faults: [
      { at: stage.at - 1, type: "clock-jump", node, byMs },
      { at: stage.at + 1, type: "clock-jump", node, byMs: -byMs },
    ],
    operations: [
      act(stage, 0, 0, "put"),
      act(stage, 1, wait, "put"),
      act(stage, 1, wait + 5, "get"),
      act(stage, 2, 2 * wait, "delete"),
    ],
  };
}

/** A value that soon expires is overwritten by one that never does, or the other way round; one replica hears of it late. */
export function expiring(stage: Stage): Scene {
  const { random } = stage;
  const forMs = uniform(random, 300, 1500);
  const ttlMs = Math.ceil(uniform(random, 400, 3000));
  const isExtended = random.chance(0.5);
  const gets = [300, 700, 1500, 3200].map((afterMs, i) => act(stage, i, afterMs, "get"));
  return {
    faults: [cut(stage, [2], [0, 1], -1, forMs)],
    operations: [
      act(stage, 0, 0, "put", { ttlMs }),
      ...(isExtended ? [act(stage, 0, 200, "put"), act(stage, 0, 3500, "get")] : []),
      ...gets,
    ],
  };
}
