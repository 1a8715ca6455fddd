import { describe, expect, it } from "vitest";
import { checkCondition } from "../../../simulations/checkers/condition.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import { entry, evidence, node, read, readPart, version, written } from "./evidence-builder.ts";

function messagesOf(...history: readonly HistoryEntry[]): string[] {
  return checkCondition(evidence(history, [node(), node()])).map(({ message }) => message);
}

const refusal = { answer: { type: "refused", code: "PRECONDITION_FAILED" } } as const;
const PUT = entry(1, 10, { answer: written(100) });
const DELETE = entry(2, 20, { type: "delete", answer: written(110, { type: "delete" }) });
const ABSENT = entry(3, 30, { type: "put-absent", answer: written(120) });
const REFUSED = entry(3, 30, { type: "put-absent", ...refusal });

describe("checker of conditions", () => {
  it("is content with a put where nothing is, and with a refusal where something is", () => {
    expect(messagesOf(ABSENT)).toEqual([]);
    expect(messagesOf(PUT, DELETE, ABSENT)).toEqual([]);
    expect(messagesOf(PUT, REFUSED)).toEqual([]);
  });

  it("catches a put where something was live, written or read there, that nothing removes", () => {
    expect(messagesOf(PUT, ABSENT)[0]).toContain("nothing removes that");
    expect(messagesOf(entry(4, 20, { type: "get", answer: read(100) }), ABSENT)).toHaveLength(1);
    const later = entry(5, 29, { type: "delete", node: 1, answer: written(130, { type: "delete" }) });
    expect(messagesOf(PUT, later, ABSENT)).toHaveLength(1);
  });

  it("takes what may have removed it: a deletion that was not answered, an expiry", () => {
    expect(messagesOf(PUT, entry(2, 20, { type: "delete", node: 1 }), ABSENT)).toEqual([]);
    expect(messagesOf(entry(1, 10, { ttlMs: 5, answer: written(100, { ttlMs: 5 }) }), ABSENT)).toEqual([]);
  });

  it("takes an invalidation, though it is stamped above: what it made stale died just above its own stamp", () => {
    const answer = written(130, { type: "delete" });
    expect(messagesOf(PUT, entry(5, 20, { type: "invalidate", tag: "t", node: 1, answer }), ABSENT)).toEqual([]);
    expect(messagesOf(PUT, ABSENT, entry(5, 90, { type: "invalidate", tag: "t", node: 1, answer }))).toHaveLength(1);
  });

  it("catches a refusal that no write explains", () => {
    expect(messagesOf(REFUSED)[0]).toContain("nothing explains that");
    expect(messagesOf(PUT, DELETE, REFUSED)[0]).toContain("110 (dead)");
    expect(messagesOf(PUT, DELETE, entry(4, 25, { node: 1 }), REFUSED)).toEqual([]);
  });

  describe("of a compare and set", () => {
    const expecting = (timestamp: number | undefined, isFresh: boolean) => ({
      version: timestamp === undefined ? undefined : version(timestamp),
      isFresh,
    });
    const refused = (timestamp: number, isFresh = false): HistoryEntry => ({
      ...entry(3, 30, { type: "update", ...refusal }),
      expected: expecting(timestamp, isFresh),
    });
    const swapped = (timestamp: number, isFresh = false): HistoryEntry => ({
      ...entry(4, 40, { type: "update", answer: written(140) }),
      expected: expecting(timestamp, isFresh),
    });

    it("catches a refusal where the version had been shown and nothing has changed since", () => {
      expect(messagesOf(PUT, refused(100))[0]).toContain("had been shown there, and nothing explains that");
      expect(messagesOf(refused(100, true))).toHaveLength(1);
    });

    it("takes a refusal for a newer write, for an expiry, or where the version may never have come", () => {
      expect(messagesOf(PUT, entry(4, 20, { node: 1, answer: written(105) }), refused(100))).toEqual([]);
      expect(messagesOf(PUT, entry(4, 20, { node: 1 }), refused(100))).toEqual([]);
      expect(messagesOf(PUT, DELETE, refused(100))).toEqual([]);
      expect(messagesOf(entry(1, 10, { ttlMs: 25, answer: written(100, { ttlMs: 25 }) }), refused(100))).toEqual([]);
      expect(messagesOf(PUT, refused(105))).toEqual([]);
      expect(messagesOf({ ...PUT, node: 1 }, refused(100))).toEqual([]);
    });

    it("catches one that was carried out where something newer had been shown, or that is the second of its version", () => {
      expect(messagesOf(PUT, swapped(90))[0]).toContain("is there, where operation 1 had been shown");
      expect(messagesOf(PUT, DELETE, swapped(100))).toHaveLength(1);
      const other = { ...swapped(100), operation: { ...swapped(100).operation, id: 5 } };
      expect(messagesOf(PUT, swapped(100), other)[0]).toContain("and so was operation 4");
    });

    it("is content with one whose version was the newest there, as far as anybody knows, or at another replica", () => {
      expect(messagesOf(PUT, swapped(100))).toEqual([]);
      expect(messagesOf(PUT, swapped(105))).toEqual([]);
      expect(messagesOf({ ...PUT, node: 1 }, swapped(90))).toEqual([]);
      expect(messagesOf(PUT, entry(2, 39.5, { answer: written(110) }), swapped(100))).toEqual([]);
    });

    it("that expects nothing is judged as a put where nothing is", () => {
      const absent = { ...swapped(0), expected: expecting(undefined, false) };
      expect(messagesOf(PUT, absent)[0]).toContain("nothing removes that");
      expect(messagesOf(PUT, DELETE, absent)).toEqual([]);
    });
  });

  it("takes a write that was given a dot of a later life for what it was", () => {
    const later = { ...readPart(100), version: version(100, 7) };
    const seen = entry(4, 20, { type: "get", answer: { type: "read", read: later } });
    expect(messagesOf(PUT, seen, REFUSED)).toEqual([]);
    expect(messagesOf(entry(1, 10, { ttlMs: 15, answer: written(100, { ttlMs: 15 }) }), seen, ABSENT)).toEqual([]);
  });

  it("promises nothing at another replica, in another life, or after the replica began anew", () => {
    expect(messagesOf(PUT, { ...ABSENT, node: 1 })).toEqual([]);
    expect(messagesOf(PUT, { ...ABSENT, life: 2 })).toEqual([]);
    const anew = node({ judgements: [{ at: 15, wallMs: 15, shard: undefined }] });
    expect(checkCondition(evidence([PUT, ABSENT], [anew]))).toEqual([]);
  });
});
