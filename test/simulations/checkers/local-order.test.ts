import { describe, expect, it } from "vitest";
import { checkLocalOrder } from "../../../simulations/checkers/local-order.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import type { Timestamp } from "../../../src/base/ids.ts";
import { crash, diskLoss, entry, evidence, node, read, readPart, version, written } from "./evidence-builder.ts";

function messagesOf(...history: readonly HistoryEntry[]): string[] {
  return checkLocalOrder(evidence(history, [node(), node()])).map((violation) => violation.message);
}

const PUT = entry(1, 10, { answer: written(100) });

describe("checker of what one replica shows", () => {
  it("is content with growing stamps", () => {
    const later = entry(2, 20, { type: "get", answer: read(100) });
    expect(messagesOf(PUT, later, entry(3, 30, { answer: written(101) }))).toEqual([]);
  });

  it("catches a read behind an earlier write or read", () => {
    expect(messagesOf(PUT, entry(2, 20, { type: "get", answer: read(90) }))[0]).toContain("read 90");
    const early = entry(2, 10, { type: "get", answer: read(100) });
    expect(messagesOf(early, entry(3, 20, { type: "get", answer: read(90) }))).toHaveLength(1);
  });

  it("catches a write that is not stamped above what its replica had shown", () => {
    expect(messagesOf(PUT, entry(2, 20, { answer: written(100) }))[0]).toContain("was stamped 100");
    expect(messagesOf(PUT, entry(2, 20, { answer: written(95) }))).toHaveLength(1);
  });

  it("catches a value that vanishes without anybody deleting it", () => {
    const absent = entry(2, 20, { type: "get", answer: read(undefined) });
    expect(messagesOf(PUT, absent)[0]).toContain("nobody deletes");
    expect(messagesOf(PUT, entry(3, 15, { type: "delete" }), absent)).toEqual([]);
    expect(messagesOf(entry(1, 10, { ttlMs: 5, answer: written(100, { ttlMs: 5 }) }), absent)).toEqual([]);
  });

  it("lets a value be gone that went with the memory of the one it was left to", () => {
    const absent = entry(2, 20_020, { type: "get", answer: read(undefined) });
    const lent = [{ at: 12_000, key: PUT.operation.key, timestamp: 100 as Timestamp, isElsewhere: true }];
    const found = (here: Parameters<typeof node>[0], there: Parameters<typeof node>[0]): number =>
      checkLocalOrder(evidence([PUT, absent], [node(here), node(there)])).length;
    const memory = { durable: false };
    expect(found({ ...memory, lent }, { ...memory, ends: [crash(15_000)] })).toBe(0);
    const other = (timestamp: number) => [{ ...lent[0], timestamp: timestamp as Timestamp }] as typeof lent;
    expect(found({ ...memory, lent: other(101) }, { ...memory, ends: [crash(15_000)] })).toBe(0);
    expect(found({ ...memory, lent: other(99) }, { ...memory, ends: [crash(15_000)] })).toBe(1);
    // Not let go of here; gone before; still there; with a disk.
    expect(found(memory, { ...memory, ends: [crash(15_000)] })).toBe(1);
    expect(found({ ...memory, lent }, { ...memory, ends: [crash(5000)] })).toBe(1);
    expect(found({ ...memory, lent }, { ...memory, ends: [crash(25_000)] })).toBe(1);
    expect(found({ ...memory, lent }, { ends: [crash(15_000)] })).toBe(1);
  });

  it("lets a value expire that was shown under a dot of a later life of its writer", () => {
    const absent = entry(3, 20, { type: "get", answer: read(undefined) });
    const shown = { ...readPart(100), version: version(100, 2) };
    const found = (ttlMs: number): string[] =>
      messagesOf(
        entry(1, 10, { ttlMs, answer: written(100, { ttlMs }) }),
        entry(2, 12, { type: "get", answer: { type: "read", read: shown } }),
        absent,
      );
    expect(found(5)).toEqual([]);
    expect(found(500)).toHaveLength(1);
  });

  it("promises nothing to operations that overlap, at another replica, or in another life", () => {
    expect(messagesOf(PUT, entry(2, 10.5, { type: "get", answer: read(90) }))).toEqual([]);
    expect(messagesOf(PUT, entry(2, 20, { node: 1, type: "get", answer: read(90) }))).toEqual([]);
    expect(messagesOf(PUT, entry(2, 20, { life: 2, type: "get", answer: read(90) }))).toEqual([]);
  });

  it("owes nothing of a shard that nobody has confirmed since the disk lost something, in that life", () => {
    const absent = entry(2, 20, { type: "get", answer: read(undefined) });
    const found = (changes: Parameters<typeof node>[0]): number =>
      checkLocalOrder(evidence([PUT, absent], [node(changes)])).length;
    const diskLosses = [diskLoss(0, 5)];
    const confirmed = (shard: number) => [{ at: 15, wallMs: 15, shard }];
    expect(found({ diskLosses })).toBe(0);
    expect(found({ diskLosses, judgements: confirmed(1) })).toBe(0);
    expect(found({ diskLosses, judgements: confirmed(0) })).toBe(1);
    expect(found({ diskLosses: [diskLoss(0, 25)] })).toBe(1);
    expect(found({ diskLosses, ends: [{ ...crash(6), life: 0 }] })).toBe(1);
  });

  it("owes reads nothing of what a replica showed before it began anew, and writes a stamp above it", () => {
    const since = (...history: HistoryEntry[]): string[] =>
      checkLocalOrder(evidence(history, [node({ judgements: [{ at: 15, wallMs: 15, shard: undefined }] })])).map(
        ({ message }) => message,
      );
    const absent = entry(2, 20, { type: "get", answer: read(undefined) });
    expect(since(PUT, absent)).toEqual([]);
    expect(since(PUT, entry(2, 14.5, { type: "get", answer: read(undefined) }))).toEqual([]);
    expect(since(PUT, entry(2, 13, { type: "get", answer: read(undefined) }))).toHaveLength(1);
    expect(
      since(PUT, entry(2, 20, { type: "get", answer: read(100) }), entry(3, 30, { type: "get", answer: read(90) })),
    ).toHaveLength(1);
    expect(since(PUT, entry(2, 20, { answer: written(95) }))).toHaveLength(1);
    const spanning = { ...PUT, answeredAt: 18 };
    expect(since(spanning, absent)).toEqual([]);
  });
});
