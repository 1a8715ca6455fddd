import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { Dialler } from "../../src/runtime/dialler.ts";
import { DEFAULT_LINK_LIMITS } from "../../src/runtime/link-limits.ts";

const ADDRESS = "b.example:7400";
const B = "b" as ReplicaId;
const { backoff, stableAfterMs } = DEFAULT_LINK_LIMITS;

let now: number;
let timers: { readonly at: number; readonly run: () => void }[];
let dialledAt: number[];
let isLinked: boolean;
let dialler: Dialler;

beforeEach(() => {
  [now, timers, dialledAt, isLinked] = [0, [], [], false];
  dialler = new Dialler({
    limits: DEFAULT_LINK_LIMITS,
    random: new SeededRandom("dialler"),
    scheduler: {
      after: (delayMs, run) => {
        const timer = { at: now + delayMs, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((each) => each !== timer);
        };
      },
      soon: (run) => run(),
    },
    dial: () => dialledAt.push(now),
    giveUp: () => {},
    isLinked: () => isLinked,
    isBlocked: () => false,
  });
  dialler.want([ADDRESS]);
});

/** Lets time pass until there is a dial, or so long. */
function pass(ms: number): void {
  const [end, dials] = [now + ms, dialledAt.length];
  for (;;) {
    const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
    if (due === undefined || dialledAt.length > dials) break;
    timers = timers.filter((each) => each !== due);
    now = due.at;
    due.run();
  }
  if (dialledAt.length === dials) now = end;
}

/** The dial under way becomes a link, which ends after a while. */
function linkFor(ms: number): void {
  isLinked = true;
  dialler.answered(ADDRESS, B);
  pass(ms);
  isLinked = false;
  dialler.review();
}

describe("dialling", () => {
  it("becomes rarer where each link goes down soon after it came up", () => {
    while (now < 600_000) {
      pass(600_000);
      linkFor(100);
    }
    const late = dialledAt.filter((at) => at > 300_000);
    const meanWaitMs = 300_000 / late.length;
    expect(meanWaitMs).toBeGreaterThan(backoff.maxMs / 4);
    expect(meanWaitMs).toBeLessThan(backoff.maxMs);
  });

  it("begins anew once a link has lasted", () => {
    for (let i = 0; i < 20; i++) {
      pass(600_000);
      linkFor(100);
    }
    pass(600_000);
    linkFor(stableAfterMs);
    const before = now;
    pass(600_000);
    expect(now - before).toBeLessThanOrEqual(backoff.firstMs + 1);
  });
});
