import { describe, expect, it } from "vitest";
import { checkAvailability, countRefusals } from "../../../simulations/checkers/availability.ts";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import type { Key } from "../../../src/base/ids.ts";
import { crash, dotOf, entry, evidence, node, written } from "./evidence-builder.ts";

function messagesOf(each: HistoryEntry, nodes: readonly NodeEvidence[] = [node()]): string[] {
  return checkAvailability(evidence([each], nodes)).map((violation) => violation.message);
}

const refused = (code: string) => ({ answer: { type: "refused", code } as const });

function lasting(ms: number, changes: Parameters<typeof entry>[2] = {}): HistoryEntry {
  return { ...entry(1, 10, { answer: written(1), ...changes }), answeredAt: 10 + ms };
}

describe("availability checker", () => {
  it("is content with answers, and with refusals that say what they should", () => {
    expect(messagesOf(lasting(0))).toEqual([]);
    expect(messagesOf(entry(1, 10, refused("PRECONDITION_FAILED")))).toEqual([]);
    expect(messagesOf(entry(1, 10, { carried: [dotOf(1)], ...refused("SESSION_BEHIND") }))).toEqual([]);
    expect(messagesOf(entry(1, 10, { consistency: "quorum", ...refused("QUORUM_UNREACHABLE") }))).toEqual([]);
  });

  it("asks nothing of a replica that was not there, or ended before it could answer", () => {
    expect(messagesOf(entry(1, 10, { life: 0, ...refused("UNREACHABLE") }))).toEqual([]);
    expect(messagesOf(entry(1, 10, {}), [node({ ends: [crash(20)] })])).toEqual([]);
    expect(messagesOf(entry(1, 10, refused("SHUTTING_DOWN")), [node({ ends: [crash(20)] })])).toEqual([]);
  });

  it("catches a replica that runs and refuses, or never answers", () => {
    expect(messagesOf(entry(1, 10, refused("NOT_READY")))[0]).toContain("answered with NOT_READY");
    expect(messagesOf(entry(1, 10, refused("SESSION_BEHIND")))).toHaveLength(1);
    expect(messagesOf(entry(1, 10, refused("SHUTTING_DOWN")))).toHaveLength(1);
    expect(messagesOf(entry(1, 10, {}))[0]).toContain("never answered");
  });

  it("gives a listing the time that its client lets pass between pages", () => {
    const listing = (limit: number) => entry(1, 10, { type: "keys", listing: { limit, gapMs: 200, nodes: [0] } });
    const told = (limit: number, endedAt: number) => {
      const keys = Array.from({ length: 40 }, (_, i) => `k${i}` as Key);
      return checkAvailability({ ...evidence([listing(limit)], [node()]), keys, endedAt });
    };
    expect(told(1, 9000)).toEqual([]);
    expect(told(1, 10_000)).toHaveLength(1);
    expect(told(10, 9000)).toHaveLength(1);
  });

  it("catches an answer that comes too late for what was asked", () => {
    expect(messagesOf(lasting(300))[0]).toContain("after 300 ms, and had 0");
    expect(messagesOf(lasting(5500, { ack: "all" }))).toEqual([]);
    expect(messagesOf(lasting(7000, { ack: "all" }))).toHaveLength(1);
    expect(messagesOf(lasting(7000, { ack: "all" }), [node({ clockJumps: [3000] })])).toEqual([]);
    expect(messagesOf(lasting(7000, { ack: "all" }), [node({ clockJumps: [5, 7011] })])).toHaveLength(1);
    expect(messagesOf(lasting(2300, { type: "get", carried: [dotOf(1)] }))).toEqual([]);
    expect(messagesOf(lasting(2500, { type: "get", carried: [dotOf(1)] }))).toHaveLength(1);
  });

  it("does not count a pause, nor what a clock that stands still makes of a deadline", () => {
    expect(messagesOf(lasting(3000), [node({ pauses: [{ from: 5, to: 2990 }] })])).toEqual([]);
    expect(messagesOf(lasting(9000, { ack: "all" }), [node({ clockStops: [{ from: 0, to: 10 }] })])).toEqual([]);
    expect(messagesOf(lasting(9000, { ack: "all" }), [node({ clockStops: [{ from: 0, to: 9 }] })])).toHaveLength(1);
  });
});

it("counts what was refused by its reason", () => {
  const history = [entry(1, 1, refused("A")), entry(2, 2, refused("B")), entry(3, 3, refused("A")), lasting(0)];
  expect(countRefusals(history)).toEqual({ A: 2, B: 1 });
});
