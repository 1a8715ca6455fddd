/** Plays about what is deleted and must stay so: late copies, slow paths, purged tombstones. */

import { uniform } from "../../simulator/draws.ts";
import { act, actor, crash, cut, late, type Scene, type Stage, shortly, slowDisk } from "./stage.ts";

/** R5, R6: a write is deleted and the tombstone purged; then a copy of the write's push arrives. */
export function lateDuplicate(stage: Stage): Scene {
  const lateMs = uniform(stage.random, 500, stage.longestMs);
  const wait = shortly(stage);
  return {
    faults: [late(stage, { from: 0, to: 2, isOnlyCopy: false }, lateMs)],
    operations: [act(stage, 0, 0, "put"), act(stage, 1, wait, "delete")],
  };
}

/** R6 (second half): the push of a write is late; its deletion is known, on every disk, and purged before it comes. */
export function lateOlderWrite(stage: Stage): Scene {
  const lateMs = uniform(stage.random, 300, 2000);
  return {
    faults: [late(stage, { from: 0, to: 2, isOnlyCopy: true }, lateMs)],
    operations: [act(stage, 0, 0, "put"), act(stage, 1, uniform(stage.random, 50, 300), "delete")],
  };
}

/** R4 (second half): the first write of a life reaches nobody while it lasts; the key is deleted and purged; then it comes. */
export function ghostPush(stage: Stage): Scene {
  const { random } = stage;
  const wroteAt = 600;
  const lateMs = uniform(random, 1000, Math.max(2500, stage.longestMs));
  return {
    faults: [
      crash(stage, 0, 0, 50, { isPowerCut: false }),
      late(stage, { from: 0, to: 1, isOnlyCopy: true }, lateMs + uniform(random, 0, 500), wroteAt),
      late(stage, { from: 0, to: 2, isOnlyCopy: true }, lateMs, wroteAt),
      slowDisk(stage, 0, wroteAt - 2, 500, 300),
      crash(stage, 0, wroteAt - 1, uniform(random, 1, 300), { aim: "push", isPowerCut: false }),
    ],
    operations: [act(stage, 0, wroteAt, "put"), act(stage, 1, wroteAt + uniform(random, 100, 600), "delete")],
  };
}

/** R5, R6 (second half): the path of an older write stalls while its deletion goes around it. */
export function slowOlderWrite(stage: Stage): Scene {
  const forMs = uniform(stage.random, 500, stage.longestMs);
  return {
    faults: [{ at: stage.at - 1, type: "stall", path: [actor(stage, 0), actor(stage, 2)], forMs }],
    operations: [act(stage, 0, 0, "put"), act(stage, 1, shortly(stage), "delete")],
  };
}

/** R7: a replica acknowledges a deletion to the others, dies before its disk has it, and returns with the value. */
export function crashBeforeSync(stage: Stage): Scene {
  const { random } = stage;
  const crashAt = 900 + uniform(random, 700, 2000);
  return {
    faults: [
      slowDisk(stage, 2, 300, 4000, crashAt - 310),
      crash(stage, 2, crashAt, uniform(random, 500, stage.longestMs)),
    ],
    operations: [act(stage, 0, 0, "put", { ack: "all" }), act(stage, 1, 900, "delete")],
  };
}

/**
 * R8: a deletion by a clock that is far ahead is purged by one replica, which alone hears what all the others have; that
 * one writes the key anew, by a clock that is right, perhaps after a start.
 */
export function writeAfterPurge(stage: Stage): Scene {
  const { random } = stage;
  const byMs = random.between(5000, 20_000);
  const [first, last] = [actor(stage, 0), actor(stage, stage.nodes.length - 1)];
  const others = stage.nodes.map((_, i) => i).slice(2);
  const writeAt = 2500;
  const crashes = random.chance(0.6) ? [crash(stage, 1, writeAt - 300, uniform(random, 10, 200))] : [];
  return {
    faults: [
      { at: stage.at + 200, type: "clock-jump", node: first, byMs },
      { at: stage.at + 210, type: "clock-jump", node: first, byMs: -byMs },
      // Those that hold the tombstone hear nothing of each other: they wait, and keep it.
      ...(first === last ? [] : [cut(stage, [0], others, 260, writeAt + 500)]),
      ...crashes,
    ],
    operations: [act(stage, 0, 0, "put"), act(stage, 0, 205, "delete"), act(stage, 1, writeAt, "put")],
  };
}

/**
 * R8: a newcomer has the claims of one that purged a tombstone, and never saw it; another one, of which it does not hear,
 * still holds it.
 */
export function newcomer(anyStage: Stage): Scene {
  const { random, nodes, ephemeral } = anyStage;
  const others = nodes.filter((node) => node !== ephemeral);
  const stage = { ...anyStage, nodes: [...others, ephemeral ?? nodes[0] ?? 0] };
  const last = others.length;
  const byMs = random.between(5000, 20_000);
  const [holder, purger, comer] = [actor(stage, 0), actor(stage, 1), actor(stage, last)];
  return {
    faults: [
      { at: stage.at - 400, type: "stop", node: comer, downMs: 2400 },
      { at: stage.at + 200, type: "clock-jump", node: holder, byMs },
      { at: stage.at + 210, type: "clock-jump", node: holder, byMs: -byMs },
      // The holder hears nothing, and waits; what it says is heard.
      { at: stage.at + 260, type: "cut", shape: "one-way", paths: [[purger, holder]], forMs: 2700 },
      cut(stage, [0], [last], 250, 2800),
    ],
    operations: [act(stage, 0, 0, "put"), act(stage, 0, 205, "delete"), act(stage, last, 2700, "put")],
  };
}
