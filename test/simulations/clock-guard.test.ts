/** Clocks that are wrong by seconds to hours, that jump and drift: what replicas that hear a majority stamp is right all the same. */

import { clockDrift, clockJump, put, read, type ScriptFault, type SimulationResult, simulate } from "atoll/simulations";
import { describe, expect, it } from "vitest";
import { stampOfVersion } from "../../simulations/checkers/stamp.ts";
import { EPOCH_MS } from "../../simulations/simulator/clock.ts";
import type { Timestamp } from "../../src/base/ids.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";

const SETTINGS = { shards: 4, antiEntropyMs: 300, sweepMs: 200, maxClockOffsetMs: 500 };
/** What may be measured of an offset is not exact, and a correction that is right to within a quarter is left alone. */
const RIGHT_MS = 700;
/** A round counts for as long as later ones can agree with it: eight rounds with each of two peers, 5 s. */
const ROUNDS_S = 5;
/** By then a jump has been measured by rounds with a majority. */
const REACTION_S = 6;
const WRITTEN_AT_S = Array.from({ length: 55 }, (_, i) => 3 + i);

/** Every second a write to a key of its own at the first replica. */
function run(replicas: Record<string, number>, faults: readonly ScriptFault[]) {
  const clients = WRITTEN_AT_S.map((s) => put({ name: `${s}`, at: `${s}s`, replica: "dublin-1", key: `k${s}` }));
  return simulate({ replicas, lasts: "60s", settings: SETTINGS, clients, faults });
}

/** By how much the stamp of each write of the first replica was ahead of true time, by the second it was asked for. */
function errorsOf(result: SimulationResult): ReadonlyMap<number, number> {
  const errors = result.history.flatMap(({ answer, invokedAt }): [number, number][] => {
    const version = answer?.type === "written" ? answer.parts[0]?.version : undefined;
    if (version === undefined) return [];
    const stampedAt = msOfTimestamp(stampOfVersion(version, false).timestamp as Timestamp);
    return [[Math.floor(invokedAt / 1000), stampedAt - EPOCH_MS - invokedAt]];
  });
  return new Map(errors);
}

/** The seconds in which it was wrong, but for those that follow on a jump. */
function wrongSeconds(result: SimulationResult, jumpsAt: readonly number[], rightMs = RIGHT_MS): number[] {
  const isExcused = (second: number) => jumpsAt.some((at) => second >= at && second <= at + REACTION_S);
  return [...errorsOf(result)].flatMap(([second, errorMs]) =>
    Math.abs(errorMs) > rightMs && !isExcused(second) ? [second] : [],
  );
}

describe("with two others", () => {
  it.each([
    { what: "forward by hours", jump: { forward: "3h" } as const },
    { what: "back by hours", jump: { back: "3h" } as const },
    { what: "forward by seconds", jump: { forward: "2s" } as const },
    { what: "back by seconds", jump: { back: "2s" } as const },
  ])("stamps rightly after a jump $what, and after the clock was set right", async ({ jump }) => {
    const { forward, back } = { forward: undefined, back: undefined, ...jump };
    const right = forward === undefined ? { forward: back ?? "0s" } : { back: forward };
    const result = await run({ dublin: 1, sydney: 2 }, [
      clockJump({ replica: "dublin-1", at: "10s", ...jump }),
      clockJump({ replica: "dublin-1", at: "35s", ...right }),
    ]);
    expect(result.violations).toEqual([]);
    expect(errorsOf(result).size).toBe(WRITTEN_AT_S.length);
    expect(wrongSeconds(result, [10, 35])).toEqual([]);
  });

  it("stamps rightly while its clock drifts by a twentieth", async () => {
    const driftMsPerS = 50;
    const partsPerMillion = driftMsPerS * 1000;
    const drift = clockDrift({ replica: "dublin-1", at: "5s", lasts: "50s", partsPerMillion });
    const result = await run({ dublin: 1, sydney: 2 }, [drift]);
    expect(result.violations).toEqual([]);
    expect(wrongSeconds(result, [], RIGHT_MS + ROUNDS_S * driftMsPerS)).toEqual([]);
  });

  it("is not led astray by one that is wrong", async () => {
    const result = await run({ dublin: 1, sydney: 2 }, [clockJump({ replica: "sydney-1", at: "10s", forward: "3h" })]);
    expect(result.violations).toEqual([]);
    expect(wrongSeconds(result, [])).toEqual([]);
  });

  it("comes back to true time with a majority that was wrong, and was set right one after the other", async () => {
    const result = await run({ dublin: 1, sydney: 2 }, [
      clockJump({ replica: "sydney-1", at: "10s", forward: "3h" }),
      clockJump({ replica: "sydney-2", at: "11s", forward: "3h" }),
      clockJump({ replica: "sydney-1", at: "30s", back: "3h" }),
      clockJump({ replica: "sydney-2", at: "40s", back: "3h" }),
    ]);
    expect(result.violations).toEqual([]);
    const misled = wrongSeconds(result, []);
    expect(misled.length).toBeGreaterThan(10);
    expect(Math.max(...misled)).toBeLessThan(40 + REACTION_S);
  });

  it("lets nothing come back that had expired by a clock that was wrong", async () => {
    const result = await simulate({
      ...{ replicas: { dublin: 1, sydney: 2 }, lasts: "40s", settings: SETTINGS },
      clients: [
        put({ name: "old", at: "5s", replica: "dublin-1", key: "k", expiresAfter: "20s" }),
        read({ name: "before", at: "9s", replica: "dublin-1", key: "k" }),
        read({ name: "wrong", at: "10200ms", replica: "dublin-1", key: "k" }),
        read({ name: "corrected", at: "20s", replica: "dublin-1", key: "k" }),
        read({ name: "after", at: "30s", replica: "dublin-1", key: "k" }),
      ],
      faults: [clockJump({ replica: "dublin-1", at: "10s", forward: "3h" })],
    });
    expect(result.violations).toEqual([]);
    expect(["before", "wrong", "corrected", "after"].map((name) => result.act(name).saw)).toEqual([
      "old",
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it("with one other nobody knows who is wrong: each stamps by its own clock", async () => {
  const result = await run({ dublin: 1, sydney: 1 }, [clockJump({ replica: "dublin-1", at: "10s", forward: "10s" })]);
  expect(result.violations).toEqual([]);
  expect(wrongSeconds(result, [10]).length).toBeGreaterThan(30);
});
