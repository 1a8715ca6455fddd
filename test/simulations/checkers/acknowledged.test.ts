import { describe, expect, it } from "vitest";
import { checkAcknowledged } from "../../../simulations/checkers/acknowledged.ts";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { entryOf } from "../../../simulations/checkers/survival.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import { latin1FromBytes } from "../../../src/base/bytes.ts";
import type { Key, ShardId } from "../../../src/base/ids.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { shardHeadKey } from "../../../src/replica/disk-layout.ts";
import { crash, diskLoss, entry, evidence, KEY, node, readPart, written } from "./evidence-builder.ts";
import { nodeSample, sample } from "./samples.ts";

function messagesOf(history: readonly HistoryEntry[], ...nodes: readonly NodeEvidence[]): string[] {
  return checkAcknowledged(evidence(history, nodes)).map((violation) => violation.message);
}

const GONE = { final: readPart(undefined) };

describe("checker of acknowledged writes", () => {
  it("is content when the greatest acknowledged write is what is read", () => {
    const history = [entry(1, 10, { answer: written(100) }), entry(2, 20, { answer: written(90) })];
    expect(messagesOf(history, node({ final: readPart(100, 1) }))).toEqual([]);
  });

  it("catches an acknowledged write that is gone", () => {
    expect(messagesOf([entry(1, 10, { answer: written(100) })], node(GONE))[0]).toContain(
      "nothing that may have happened",
    );
  });

  it("catches an older value in the place of a newer one", () => {
    const history = [entry(1, 10, { answer: written(90) }), entry(2, 20, { answer: written(100) })];
    expect(messagesOf(history, node({ final: readPart(90, 1) }))[0]).toContain("greater stamp");
  });

  it("catches a deleted value that is back", () => {
    const deletion = { type: "delete", answer: written(100, { type: "delete" }) } as const;
    const history = [entry(1, 10, { answer: written(90) }), entry(2, 20, deletion)];
    expect(messagesOf(history, node({ final: readPart(90, 1) }))[0]).toContain("a deleted value is back");
  });

  it("accepts a lower stamp than that of a deletion, where its replica had just begun with nothing", () => {
    const deletion = { type: "delete", answer: written(100, { type: "delete" }) } as const;
    const anew = entry(2, 20, { node: 1, life: 2, answer: written(90) });
    const readers = (durable: boolean) => [node({ final: readPart(90, 2) }), node({ durable })];
    expect(messagesOf([entry(1, 10, deletion), anew], ...readers(false))).toEqual([]);
    expect(messagesOf([entry(1, 10, deletion), anew], ...readers(true))).toHaveLength(1);
    expect(messagesOf([entry(1, 10, { answer: written(100) }), anew], ...readers(false))).toHaveLength(1);
  });

  it("accepts it below a value as well that a deletion removed which nobody owes any more", () => {
    const write = entry(1, 10, { answer: written(100) });
    const lost = entry(2, 12, {
      type: "delete",
      node: 1,
      life: 1,
      ack: "memory",
      answer: written(101, { type: "delete" }),
    });
    const anew = entry(3, 20, { node: 1, life: 2, answer: written(90) });
    const nodes = [node({ final: readPart(90, 3) }), node({ durable: false, ends: [crash(15)] })];
    expect(messagesOf([write, lost, anew], ...nodes)).toEqual([]);
    expect(messagesOf([write, anew], ...nodes)).toHaveLength(1);
  });

  it("holds that replica to a deletion once it has heard of it in that life", () => {
    const deletion = entry(1, 10, { type: "delete", answer: written(100, { type: "delete" }) });
    const anew = entry(2, 20, { node: 1, life: 2, answer: written(90) });
    const nodes = [node({ final: readPart(90, 2) }), node({ durable: false })];
    const found = (at: number, covered: number, life: number): number => {
      const samples = [sample(at, undefined, nodeSample(undefined, covered, { life }))];
      return checkAcknowledged({ ...evidence([deletion, anew], nodes), samples }).length;
    };
    expect(found(19, 100, 2)).toBe(1);
    expect(found(19, 99, 2)).toBe(0);
    expect(found(20, 100, 2)).toBe(0);
    expect(found(19, 100, 1)).toBe(0);
  });

  it("accepts a deleted value where everybody who ran had forgotten it, and nobody else knew of the deletion", () => {
    const deletion = { type: "delete", answer: written(100, { type: "delete" }) } as const;
    const history = [entry(1, 10, { answer: written(90) }), entry(2, 20, deletion)];
    const back = { final: readPart(90, 1) };
    const lost = node({ ...back, diskLosses: [diskLoss(-Infinity, 15)] });
    /** What node 0 covers at `at`, and node 1 before it went. */
    const found = (reader: NodeEvidence, at: number, covered: readonly [number, number], all = history) =>
      checkAcknowledged({
        ...evidence(all, [reader, node(back)]),
        samples: [
          sample(5, undefined, nodeSample(undefined, covered[1])),
          sample(at, nodeSample(undefined, covered[0]), undefined),
        ],
      });
    expect(found(lost, 25, [89, 99])).toEqual([]);
    expect(found(node({ ...back, judgements: [{ at: 15, wallMs: 15, shard: undefined }] }), 25, [89, 99])).toEqual([]);
    expect(found(lost, 20, [89, 99])).toHaveLength(2);
    expect(found(lost, 25, [90, 99])).toHaveLength(2);
    expect(found(lost, 25, [89, 100])).toHaveLength(2);
    expect(found(node(back), 25, [89, 99])).toHaveLength(2);
    const written100 = entry(2, 20, { answer: written(100) });
    expect(found(lost, 25, [89, 99], [...history.slice(0, 1), written100])).toHaveLength(2);
    const removed = entry(3, 22, { type: "delete" });
    expect(found(lost, 25, [89, 99], [...history.slice(0, 1), written100, removed])).toEqual([]);
  });

  it("catches a value that came back under another stamp", () => {
    const history = [entry(1, 10, { answer: written(90) })];
    expect(messagesOf(history, node({ final: readPart(120, 1) }))[0]).toContain("came back with another stamp");
  });

  it("catches the value of a write that was refused", () => {
    const history = [entry(1, 10, { answer: { type: "refused", code: "PRECONDITION_FAILED" } })];
    expect(messagesOf(history, node({ final: readPart(100, 1) }))[0]).toContain("refused");
  });

  it("accepts either outcome of a write that was never answered", () => {
    const history = [entry(1, 10, { answer: written(90) }), entry(2, 20, {}), entry(3, 30, { type: "delete" })];
    expect(messagesOf(history, node({ final: readPart(90, 1) }))).toEqual([]);
    expect(messagesOf(history, node({ final: readPart(100, 2) }))).toEqual([]);
    expect(messagesOf(history, node(GONE))).toEqual([]);
  });

  it("accepts a deletion that was never answered where its stamp may be the greater one, and no other", () => {
    const dayMs = Date.UTC(2026, 0, 1);
    const stamp = timestampFromMs(dayMs + 500);
    const put = entry(2, 400, { answer: written(stamp) });
    const found = (at: number, ...ends: ReturnType<typeof crash>[]): string[] =>
      messagesOf(
        [
          { ...entry(1, at, { type: "delete" }), invokedWallMs: dayMs + at },
          { ...put, node: 1 },
        ],
        node({ ends }),
        node(GONE),
      );
    expect(found(100)).toEqual([]);
    expect(found(100, crash(490, 489))).toEqual([]);
    expect(found(100, crash(489, 488))).toHaveLength(1);
  });

  it("accepts that an expired value is gone, not that one which has not expired is", () => {
    const put = (ttlMs: number): HistoryEntry[] => [entry(1, 10, { ttlMs, answer: written(90, { ttlMs }) })];
    expect(messagesOf(put(1000), node(GONE))).toEqual([]);
    expect(messagesOf(put(60_000), node(GONE))).toHaveLength(1);
  });

  describe("after a crash of the replica that acknowledged", () => {
    const crashed = node({ ...GONE, ends: [crash(1000)] });

    it("does not hold it to `memory`, unless its disk took a later batch", () => {
      const history = [entry(1, 10, { answer: written(100) })];
      expect(messagesOf(history, crashed)).toEqual([]);
      expect(messagesOf(history, node({ ...GONE, ends: [crash(1000, 500)] }))).toHaveLength(1);
    });

    it("holds it to `disk`, unless it keeps nothing on disk, lost its disk, or said that it was not reached", () => {
      const history = [entry(1, 10, { ack: "disk", answer: written(100) })];
      const unmet = [entry(1, 10, { ack: "disk", answer: written(100, { met: false }) })];
      expect(messagesOf(history, crashed)).toHaveLength(1);
      expect(messagesOf(unmet, crashed)).toEqual([]);
      expect(messagesOf(history, node({ ...GONE, ends: [crash(1000)], durable: false }))).toEqual([]);
      expect(messagesOf(history, node({ ...GONE, ends: [crash(1000)], diskLosses: [diskLoss(0, 1000)] }))).toEqual([]);
    });

    it("holds it to `disk` for all but what its disk lost", () => {
      const history = [entry(1, 300, { ack: "disk", answer: written(100) })];
      const found = (from: number, to: number): string[] =>
        messagesOf(history, node({ ...GONE, ends: [crash(1000)], diskLosses: [diskLoss(from, to)] }));
      expect(found(300, 1000)).toEqual([]);
      expect(found(302, 1000)).toHaveLength(1);
      expect(found(-Infinity, 300)).toHaveLength(1);
    });

    it("holds it to `disk` where its disk lost other keys of the shard, or of other shards, and not where it lost the head", () => {
      const history = [entry(1, 300, { ack: "disk", answer: written(100) })];
      const found = (...entries: readonly string[]): string[] =>
        messagesOf(history, node({ ...GONE, ends: [crash(1000)], diskLosses: [diskLoss(0, 1000, ...entries)] }));
      const head = (shard: number): string => latin1FromBytes(shardHeadKey(shard as ShardId));
      expect(found(entryOf({ key: "other" as Key, shard: 0 }), head(1))).toHaveLength(1);
      expect(found(entryOf({ key: KEY, shard: 1 }))).toHaveLength(1);
      expect(found(head(0))).toEqual([]);
      expect(found(entryOf({ key: KEY, shard: 0 }))).toEqual([]);
    });

    it("holds the others to `quorum` though a minority lost its disk since", () => {
      const history = [entry(1, 10, { ack: "quorum", answer: written(100, { reached: 2 }) })];
      const wiped = node({ ...GONE, ends: [crash(1000)], diskLosses: [diskLoss(-Infinity, 1000)] });
      expect(messagesOf(history, wiped, node(GONE), node(GONE))).toHaveLength(3);
      expect(messagesOf(history, wiped, wiped, node(GONE))).toEqual([]);
    });

    it("holds the others to `quorum` as long as one that had it has not crashed", () => {
      const history = [entry(1, 10, { ack: "quorum", answer: written(100, { reached: 2 }) })];
      expect(messagesOf(history, crashed, node(GONE), node(GONE))).toHaveLength(3);
      expect(messagesOf(history, crashed, crashed, node(GONE))).toEqual([]);
    });
  });
});
