import { describe, expect, it } from "vitest";
import { checkAcknowledged } from "../../../simulations/checkers/acknowledged.ts";
import { isOutlived } from "../../../simulations/checkers/doubt.ts";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { indexWrites } from "../../../simulations/checkers/writes-by-key.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { originOf } from "../../../src/core/origin.ts";
import { entry, evidence, KEY, node, node as nodeOf, readPart, version, written } from "./evidence-builder.ts";

const RETENTION_MS = 6000;
/** Unix ms: nothing is stamped before 2020. */
const BEGINNING = Date.UTC(2026, 0, 1);
/** Stamps of writes at 10 and 20 ms: their age counts in ms. */
const EARLY = timestampFromMs(BEGINNING + 10);
const LATE = timestampFromMs(BEGINNING + 20);

function messagesOf(history: readonly HistoryEntry[], ...nodes: readonly NodeEvidence[]): string[] {
  const found = checkAcknowledged({ ...evidence(history, nodes), retentionMs: RETENTION_MS });
  return found.map((violation) => violation.message);
}

/** Put aside so long after the beginning. */
function aside(timestamp: number, afterMs: number): NodeEvidence["putAside"] {
  return [{ key: KEY, timestamp, wallMs: BEGINNING + afterMs }];
}

/** It began anew so long after the beginning, and shows this at the end. */
function begunAnew(
  afterMs: number,
  final: ReturnType<typeof readPart>,
  changes: Partial<NodeEvidence> = {},
): NodeEvidence {
  const judgement = { at: afterMs, wallMs: BEGINNING + afterMs, shard: undefined };
  return node({ final, judgements: [judgement], ...changes });
}

describe("what a watcher or a reader saw", () => {
  it("may be replaced by what is older once it was older than the retention when somebody began anew", () => {
    const seen = { timestamp: EARLY, isDead: true, origin: 1 };
    const told = evidence([], [node(), begunAnew(RETENTION_MS + 11, GONE)]);
    const found = (at: number, retentionMs: number): boolean =>
      isOutlived(seen, { node: 0, at, writes: [] }, { ...told, retentionMs });
    expect(found(RETENTION_MS + 11, RETENTION_MS)).toBe(true);
    expect(found(RETENTION_MS + 10, RETENTION_MS)).toBe(false);
    expect(found(RETENTION_MS + 11, RETENTION_MS + 1)).toBe(false);
  });

  it("may not, where it lives on and others began anew, or where they decided about another shard", () => {
    const put = entry(1, 10, { answer: written(EARLY) });
    const expiring = entry(1, 10, { ttlMs: 100, answer: written(EARLY, { ttlMs: 100 }) });
    const found = (by: HistoryEntry, node: number, shard?: number): boolean => {
      const judgements = [
        { at: 5, wallMs: BEGINNING + 5, shard: undefined },
        { at: 60_000, wallMs: BEGINNING + 60_000, shard },
      ];
      const told = { ...evidence([by], [nodeOf(), nodeOf({ judgements })]), retentionMs: RETENTION_MS };
      const stamp = { timestamp: EARLY, isDead: false, origin: 1 };
      return isOutlived(stamp, { node, at: 60_000, writes: indexWrites(told).get(KEY) ?? [] }, told);
    };
    expect(found(put, 1)).toBe(true);
    expect(found(put, 0)).toBe(false);
    expect(found(put, 1, 0)).toBe(true);
    expect(found(put, 1, 1)).toBe(false);
    expect(found(expiring, 0)).toBe(true);
    expect(found(expiring, 0, 1)).toBe(false);
  });
});

const GONE = readPart(undefined);
const PUT = entry(1, 10, { answer: written(EARLY) });

describe("a replica that begins anew", () => {
  it("owes a value that it did not put aside, whatever its age", () => {
    expect(messagesOf([PUT], begunAnew(60_000, GONE))).toHaveLength(1);
    expect(messagesOf([PUT], begunAnew(60_000, GONE, { putAside: aside(EARLY, 60_000) }))).toEqual([]);
    expect(messagesOf([PUT], begunAnew(60_000, GONE, { putAside: aside(EARLY - 1, 60_000) }))).toHaveLength(1);
  });

  it("owes a value that it put aside though it was younger than the retention", () => {
    const found = (atMs: number): string[] =>
      messagesOf([PUT], begunAnew(60_000, GONE, { putAside: aside(EARLY, atMs) }));
    expect(found(10 + RETENTION_MS)).toHaveLength(1);
    expect(found(11 + RETENTION_MS)).toEqual([]);
  });

  it("owes no value that one had replaced which was put aside", () => {
    const later = entry(2, 20, { answer: written(LATE) });
    const putAside = aside(LATE, 60_000);
    expect(messagesOf([PUT, later], begunAnew(60_000, GONE, { putAside }))).toEqual([]);
    expect(messagesOf([PUT, later], node({ final: GONE, putAside }))).toHaveLength(1);
  });

  it("owes a deletion of any age where a shard was damaged, and nobody began anew", () => {
    const deletion = entry(2, 20, { type: "delete", answer: written(LATE, { type: "delete" }) });
    const damaged = { at: 60_000, wallMs: BEGINNING + 60_000, shard: 0 };
    const found = (...judgements: (typeof damaged)[]): string[] =>
      messagesOf([PUT, deletion], node({ final: readPart(EARLY, 1), judgements }));
    expect(found(damaged)).toHaveLength(1);
    expect(messagesOf([PUT, deletion], begunAnew(60_000, readPart(EARLY, 1)))).toEqual([]);
  });

  it("owes a deletion that is younger than the retention, and none that is older", () => {
    const deletion = entry(2, 20, { type: "delete", answer: written(LATE, { type: "delete" }) });
    const back = readPart(EARLY, 1);
    expect(messagesOf([PUT, deletion], begunAnew(20 + RETENTION_MS, back))[0]).toContain("a deleted value is back");
    expect(messagesOf([PUT, deletion], begunAnew(21 + RETENTION_MS, back))).toEqual([]);
    expect(messagesOf([PUT, deletion], node({ final: back }))).toHaveLength(1);
  });

  it("may show a write under a dot of its later life, with the same timestamp and no other", () => {
    const redotted = { ...readPart(EARLY, 1), version: `${EARLY.toString(16)}-2` };
    expect(messagesOf([PUT], begunAnew(100, redotted))).toEqual([]);
    expect(messagesOf([PUT], node({ final: redotted }))[0]).toContain("another stamp");
    expect(messagesOf([PUT], begunAnew(100, readPart(EARLY + 1, 1)))[0]).toContain("another stamp");
    expect(messagesOf([PUT], begunAnew(10, redotted))[0]).toContain("another stamp");
    const foreign = { ...redotted, version: version(EARLY, originOf(1, 2)) };
    expect(messagesOf([PUT], begunAnew(100, foreign))[0]).toContain("another stamp");
  });
});
