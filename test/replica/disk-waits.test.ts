import { expect, it } from "vitest";
import { DiskWaits } from "../../src/replica/disk-waits.ts";

function waiting(dueAt: number, madeUp: number) {
  const waits = new DiskWaits();
  const answers: boolean[] = [];
  waits.add({ dueAt, waitMaxMs: 100, answer: (isOnDisk) => answers.push(isOnDisk) }, madeUp);
  return { waits, answers };
}

it("answers with a batch that was made up since, and not with one that was under way", () => {
  const { waits, answers } = waiting(50, 3);
  waits.persisted(3);
  expect([answers, waits.waiting]).toEqual([[], 1]);
  waits.persisted(4);
  waits.persisted(5);
  expect([answers, waits.waiting]).toEqual([[true], 0]);
});

it("answers that it is not on disk once that took too long, also where the clock was put back", () => {
  for (const [early, late] of [
    [49, 50],
    [-50, -51],
  ] as const) {
    const { waits, answers } = waiting(50, 3);
    waits.tick(early);
    expect(answers).toEqual([]);
    waits.tick(late);
    expect([answers, waits.waiting]).toEqual([[false], 0]);
  }
});
