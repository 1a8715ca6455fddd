import { describe, expect, it } from "vitest";
import { checkExpiry } from "../../../simulations/checkers/expiry.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import { entry, evidence, node, read, readPart, WALL, written } from "./evidence-builder.ts";

function messagesOf(...history: readonly HistoryEntry[]): string[] {
  return checkExpiry(evidence(history, [node()])).map((violation) => violation.message);
}

const TTL_PUT = entry(1, 0, { ttlMs: 100, answer: written(100, { ttlMs: 100 }) });
const get = (at: number, expiresAt?: number): HistoryEntry =>
  entry(2, at, { type: "get", answer: read(100, 1, expiresAt) });

describe("checker of times to live", () => {
  it("is content with a value read before its expiry, give or take the clocks", () => {
    expect(messagesOf(TTL_PUT, get(50, WALL + 100))).toEqual([]);
    expect(messagesOf(TTL_PUT, get(105, WALL + 100))).toEqual([]);
  });

  it("catches a value served after its expiry", () => {
    expect(messagesOf(TTL_PUT, get(150, WALL + 100))[0]).toContain("50 ms after its expiry");
    const late = evidence([TTL_PUT], [node({ final: readPart(100, 1, WALL + 100) })]);
    expect(checkExpiry(late)).toHaveLength(1);
  });

  it("measures by the clock of who serves it, however far clocks were apart, unless that was put back meanwhile", () => {
    const found = (clockJumps: number[]): number => {
      const apart = { ...evidence([TTL_PUT, get(150, WALL + 100)], [node({ clockJumps })]), clockSpreadMs: 60_000 };
      return checkExpiry(apart).length;
    };
    expect(found([])).toBe(1);
    expect(found([149, 152])).toBe(1);
    expect(found([150])).toBe(0);
  });

  it("allows for what is not known of the clock of who serves it", () => {
    const found = (clockDoubtMs: number): number => {
      const late = evidence([TTL_PUT, get(150, WALL + 100)], [node({ final: readPart(100, 1, WALL + 100) })]);
      return checkExpiry({ ...late, clockDoubtMs }).length;
    };
    expect(found(0)).toBe(2);
    expect(found(60)).toBe(1);
    expect(found(60_000)).toBe(0);
  });

  it("catches an expiry that was lost, invented, or changed", () => {
    expect(messagesOf(TTL_PUT, get(50))[0]).toContain("asked at");
    expect(messagesOf(TTL_PUT, get(50, WALL + 500))[0]).toContain("asked at");
    expect(messagesOf(entry(1, 0, { answer: written(100) }), get(50, WALL + 100))[0]).toContain("never set");
  });

  it("catches bytes that nobody wrote", () => {
    const answer = { type: "read", read: { ...readPart(100), author: undefined } } as const;
    expect(messagesOf(entry(2, 10, { type: "get", answer }))[0]).toContain("nobody wrote");
  });
});
