/** Plays about disks: what is answered before a crash, a disk that fills, one that was lost, damaged, or set back. */

import { uniform } from "../../simulator/draws.ts";
import { keyOf } from "../../workload/generator.ts";
import { act, actor, crash, cut, inOrder, type Scene, type Stage, shortly } from "./stage.ts";

/** What a replica answered as being on disk, while nobody else could hear of it, is there after a crash in that moment. */
export function powerCutAtSync(stage: Stage): Scene {
  const { random } = stage;
  const operations = [-20, 0, 4, 8].map((afterMs) => act(stage, 0, afterMs, "put", { ack: "disk" }));
  return {
    faults: [
      cut(stage, [0], [1, 2], -60, 1500),
      crash(stage, 0, uniform(random, -10, 6), uniform(random, 50, 500), { aim: random.pick(["now", "disk-write"]) }),
    ],
    operations,
  };
}

/** A disk refuses writes for a while; then it takes others, and the process dies while nobody else has the first. */
export function fullDisk(stage: Stage): Scene {
  const { random } = stage;
  const node = actor(stage, 0);
  return {
    faults: [
      cut(stage, [0], [1, 2], -60, 4000),
      { at: stage.at - 1, type: "disk-full", node, forMs: uniform(random, 20, 300) },
      crash(stage, 0, 2500 + shortly(stage), uniform(random, 50, 500)),
    ],
    operations: [
      act(stage, 0, 0, "put", { ack: "disk" }),
      // Others, which the disk takes.
      ...[0, 1, 2].map((i) => act(stage, 0, 1200, "put", { ack: "disk", key: keyOf(i) })),
    ],
  };
}

/** A replica dies while its disk takes what another has written, and told everybody. */
export function powerCutOfReceiver(stage: Stage): Scene {
  const { random } = stage;
  return {
    faults: [crash(stage, 1, uniform(random, 0, 20), uniform(random, 50, 500), { aim: "disk-write" })],
    operations: [0, 1, 2].map((afterMs) => act(stage, 0, afterMs, "put")),
  };
}

/** A replica that nobody hears is stopped in order: what it answered is on its disk. */
export function stopWhileCut(stage: Stage): Scene {
  const node = actor(stage, 0);
  return {
    faults: [
      cut(stage, [0], [1, 2], -100, 2000),
      { at: stage.at + uniform(stage.random, 1, 60), type: "stop", node, downMs: uniform(stage.random, 50, 1000) },
    ],
    operations: [act(stage, 0, 0, "put"), act(stage, 0, 40, "put")],
  };
}

/** kv679 (1) to (3): a replica's disk is gone, or has lost entries, and it writes again, at once. */
export function lostDisk(anyStage: Stage): Scene {
  // Always the same disk suffers: of what all have lost nothing is left.
  const stage = inOrder(anyStage);
  const { random } = stage;
  const downMs = uniform(random, 50, 800);
  const damage = random.pick(["repaired", "set-aside"] as const);
  const before = Array.from({ length: 8 }, (_, i) => act(stage, 0, i * 10, "put", { ack: "all", key: keyOf(30 + i) }));
  const after = Array.from({ length: 8 }, (_, i) => act(stage, 0, 600 + downMs + i * 8, "put", { key: keyOf(34 + i) }));
  return {
    faults: [{ at: stage.at + 600, type: "disk-damage", node: actor(stage, 0), damage, downMs }],
    operations: [act(stage, 0, 0, "put", { ack: "all" }), ...before, ...after],
  };
}

/** kv679 (6): somebody puts an old copy of a disk back, and a life that began since then is lived twice. */
export function oldCopy(anyStage: Stage): Scene {
  const stage = inOrder(anyStage);
  const { random } = stage;
  const downMs = uniform(random, 50, 500);
  const ageMs = uniform(random, 1000, 1400);
  const operations = [0, 800, 850, 900].map((afterMs, i) => {
    return act(stage, 0, afterMs, "put", { ack: "all", key: keyOf(30 + i) });
  });
  operations.push(act(stage, 1, 1200, "delete", { key: keyOf(30) }));
  for (let i = 0; i < 8; i++) operations.push(act(stage, 0, 1500 + downMs + i * 12, "put", { key: keyOf(31 + i) }));
  return {
    faults: [
      crash(stage, 0, 700, 20, { isPowerCut: false }),
      { at: stage.at + 1500, type: "disk-old-copy", node: actor(stage, 0), ageMs, downMs },
    ],
    operations,
  };
}
