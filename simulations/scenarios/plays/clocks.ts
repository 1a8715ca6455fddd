/** Plays about wall clocks that are wrong for longer than it takes to find out. */

import { act, actor, type Scene, type Stage } from "./stage.ts";

/** When the second of two clocks goes wrong, and when the two are set right. */
const ALSO_WRONG_AT_MS = 700;
const RIGHT_AT_MS = 4000;
const ALSO_RIGHT_AT_MS = 6500;
const WRITTEN_EVERY_MS = 400;
const WRITTEN_UNTIL_MS = 11_000;

/**
 * One clock is put far forward or back, or two of them to the same time, and set right later, one after the other; all
 * replicas write throughout. Those of which most clocks are right stamp rightly, and so do all in the end.
 */
export function wrongClocks(stage: Stage): Scene {
  const { random, at } = stage;
  const byMs = random.between(2000, 20_000) * (random.chance(0.5) ? 1 : -1);
  const jump = (index: number, afterMs: number, ms: number) =>
    ({ at: at + afterMs, type: "clock-jump", node: actor(stage, index), byMs: ms }) as const;
  const first = [jump(0, 0, byMs), jump(0, RIGHT_AT_MS, -byMs)];
  const second = [jump(1, ALSO_WRONG_AT_MS, byMs), jump(1, ALSO_RIGHT_AT_MS, -byMs)];
  const operations = [];
  for (let afterMs = 0; afterMs < WRITTEN_UNTIL_MS; afterMs += WRITTEN_EVERY_MS) {
    operations.push(...stage.nodes.map((_, i) => act(stage, i, afterMs + i, "put")));
  }
  return { faults: random.chance(0.5) ? first : [...first, ...second], operations };
}
