import { describe, expect, it } from "vitest";
import { checkClock, stampsInView, timesInView } from "../../../simulations/checkers/clock.ts";
import type { Evidence, NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { EPOCH_MS } from "../../../simulations/simulator/clock.ts";
import { ClockCourse } from "../../../simulations/simulator/clock-course.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { entry, evidence, node, written } from "./evidence-builder.ts";
import { nodeSample, sample } from "./samples.ts";

/** Looks once a second. */
const LOOKS = [1000, 2000, 3000, 4000, 5000, 6000];

function steady(offsetMs: number): ClockCourse {
  return new ClockCourse([{ at: 0, offsetMs, rate: 1 }]);
}

/** A clock that goes right up to a moment, and is ahead from then on. */
function jumping(at: number, offsetMs: number): ClockCourse {
  return new ClockCourse([
    { at: 0, offsetMs: 0, rate: 1 },
    { at, offsetMs, rate: 1 },
  ]);
}

interface Scene {
  /** Wall clocks; the first one is that of the replica that is looked at. */
  readonly clocks: readonly ClockCourse[];
  /** At each look; the last one stays. */
  readonly corrections?: readonly number[];
  /** Whom it has heard; all unless told. */
  readonly heard?: readonly number[];
  readonly members?: number;
  readonly rttMs?: number;
  readonly pauses?: NodeEvidence["pauses"];
  /** One round at the first look, and none after it. */
  readonly isHeardOnce?: boolean;
}

function sceneOf({ clocks, corrections = [0], heard, members = clocks.length, ...more }: Scene): Evidence {
  const { rttMs = 20, pauses = [], isHeardOnce = false } = more;
  const peers = heard ?? clocks.map((_, i) => i).slice(1);
  const once = new Map(peers.map((peer) => [peer, { rttMs, offsetMs: 0 }]));
  const samples = LOOKS.map((at, i) => {
    const rounds = isHeardOnce ? once : new Map(peers.map((peer) => [peer, { rttMs, offsetMs: 0 }]));
    const correctionMs = corrections[Math.min(i, corrections.length - 1)] ?? 0;
    return sample(at, nodeSample(undefined, 0, { votes: { correctionMs, members, rounds } }));
  });
  return {
    ...evidence(
      [],
      clocks.map((clock) => node({ clock, time: clock, pauses })),
    ),
    samples,
  };
}

function timesOf(scene: Scene): string[] {
  return checkClock(sceneOf(scene)).map(({ message }) => message);
}

const RIGHT = steady(0);
const AHEAD = steady(3000);

describe("checker of the time that replicas go by", () => {
  it("is content with a clock that is right, and with one that is corrected", () => {
    expect(timesOf({ clocks: [RIGHT, RIGHT, RIGHT] })).toEqual([]);
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT], corrections: [-3000] })).toEqual([]);
    expect(timesOf({ clocks: [RIGHT, AHEAD, RIGHT] })).toEqual([]);
  });

  it("catches one that is wrong and is not corrected, and one that was right and is", () => {
    const [message] = timesOf({ clocks: [AHEAD, RIGHT, RIGHT] });
    expect(message).toContain(
      "replica 0, which hears 2 others and corrects its clock by 0 ms, is 2435 ms further ahead",
    );
    expect(timesOf({ clocks: [steady(-3000), RIGHT, RIGHT] })[0]).toContain("further behind");
    expect(timesOf({ clocks: [RIGHT, RIGHT, RIGHT], corrections: [700] })).toHaveLength(1);
    expect(timesOf({ clocks: [RIGHT, RIGHT, RIGHT], corrections: [-700] })).toHaveLength(1);
  });

  it("catches one that follows a minority, also where two of five are wrong", () => {
    expect(timesOf({ clocks: [RIGHT, AHEAD, RIGHT, AHEAD, RIGHT], corrections: [3000] })).toHaveLength(1);
    expect(timesOf({ clocks: [RIGHT, AHEAD, RIGHT, AHEAD, RIGHT] })).toEqual([]);
  });

  it("catches one that stays corrected when the majority was set right", () => {
    const setRight = new ClockCourse([
      { at: 0, offsetMs: 3000, rate: 1 },
      { at: 2500, offsetMs: 0, rate: 1 },
    ]);
    const clocks = [RIGHT, setRight, setRight];
    expect(timesOf({ clocks, corrections: [3000, 3000, 3000, 0] })).toEqual([]);
    expect(timesOf({ clocks, corrections: [3000] })).toHaveLength(1);
  });

  it("promises nothing without a majority, or where two hear each other", () => {
    expect(timesOf({ clocks: [AHEAD, RIGHT] })).toEqual([]);
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT, RIGHT, RIGHT, RIGHT], heard: [1, 2] })).toEqual([]);
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT], members: 6 })).toEqual([]);
    expect(timesInView(sceneOf({ clocks: [AHEAD, RIGHT] }))).toBe(0);
    expect(timesInView(sceneOf({ clocks: [AHEAD, RIGHT, RIGHT] }))).toBe(LOOKS.length);
  });

  it("leaves time to act on what was heard, and to a process that stood still", () => {
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT], corrections: [0, -3000, 0, -3000, 0, -3000] })).toEqual([]);
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT], pauses: [{ from: 500, to: 6000 }] })).toEqual([]);
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT], pauses: [{ from: 500, to: 900 }] })).toHaveLength(1);
  });

  it("counts of a clock what it may have shown since it was heard", () => {
    const clocks = [RIGHT, jumping(4500, 3000), jumping(4500, 3000)];
    expect(timesOf({ clocks })).toHaveLength(0);
    expect(timesOf({ clocks: [RIGHT, jumping(2500, 3000), jumping(2500, 3000)] })).toHaveLength(1);
    expect(timesOf({ clocks: [RIGHT, jumping(2500, 3000), jumping(2500, 3000)], isHeardOnce: true })).toEqual([]);
  });

  it("knows nothing of a round during which the own clock jumped", () => {
    expect(timesOf({ clocks: [jumping(4500, 3000), RIGHT, RIGHT] })).toEqual([]);
    expect(timesOf({ clocks: [jumping(1500, 3000), RIGHT, RIGHT] })).toHaveLength(1);
    expect(timesOf({ clocks: [jumping(1500, -3000), RIGHT, RIGHT] })).toHaveLength(1);
    expect(timesOf({ clocks: [jumping(1500, -3000), RIGHT, RIGHT], rttMs: -2700 })).toEqual([]);
  });

  it("leaves in doubt what round trips leave in doubt", () => {
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT], rttMs: 1200 })).toHaveLength(1);
    expect(timesOf({ clocks: [AHEAD, RIGHT, RIGHT], rttMs: 1300 })).toEqual([]);
  });
});

describe("checker of stamps", () => {
  /** A write at 2 s, at a replica that goes by `time`, stamped so far ahead of true time. */
  function stampedAt(aheadMs: number, time: ClockCourse, others: readonly ClockCourse[] = []): Evidence {
    const put = entry(1, 2000, { answer: written(timestampFromMs(EPOCH_MS + 2000 + aheadMs)) });
    return evidence(
      [put],
      [time, ...others].map((each) => node({ clock: each, time: each })),
    );
  }
  const messagesOf = (...args: Parameters<typeof stampedAt>) =>
    checkClock(stampedAt(...args)).map((each) => each.message);

  it("is content with one of the time that its replica goes by, or ahead of it by the bound", () => {
    for (const aheadMs of [0, 500]) expect(messagesOf(aheadMs, RIGHT)).toEqual([]);
    expect(messagesOf(-3000, steady(-3000))).toEqual([]);
  });

  it("catches one that is below it, or further ahead", () => {
    expect(messagesOf(-100, RIGHT)[0]).toContain("is stamped 100 ms before the time that its replica goes by");
    expect(messagesOf(3000, RIGHT)[0]).toContain("is stamped 2499 ms further ahead than the bound lets it be");
  });

  it("lets it be as far ahead as anybody had been by then: what it overwrites may bear such a stamp", () => {
    expect(messagesOf(3000, RIGHT, [AHEAD])).toEqual([]);
    expect(messagesOf(3000, RIGHT, [jumping(1900, 3000)])).toEqual([]);
    expect(messagesOf(3000, RIGHT, [jumping(2100, 3000)])).toHaveLength(1);
  });

  it("promises nothing where nobody knows the time that a replica goes by", () => {
    expect(messagesOf(-100, new ClockCourse([]))).toEqual([]);
    expect(stampsInView(stampedAt(0, new ClockCourse([])))).toEqual([]);
    expect(stampsInView(stampedAt(0, RIGHT))).toHaveLength(1);
  });
});
