import { describe, expect, it } from "vitest";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { checkQuorum } from "../../../simulations/checkers/quorum.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import { crash, entry, evidence, node, read, written } from "./evidence-builder.ts";

const THREE = [node(), node(), node()];
const WRITE = entry(1, 10, { ack: "quorum", answer: written(100, { reached: 2 }) });
const quorumRead = (at: number, stamp: number | undefined): HistoryEntry =>
  entry(9, at, { node: 2, type: "get", consistency: "quorum", answer: read(stamp) });

function messagesOf(history: readonly HistoryEntry[], nodes: readonly NodeEvidence[] = THREE): string[] {
  return checkQuorum(evidence(history, nodes)).map((violation) => violation.message);
}

describe("checker of quorum reads", () => {
  it("is content with what a majority acknowledged, or something newer", () => {
    expect(messagesOf([WRITE, quorumRead(20, 100)])).toEqual([]);
    expect(messagesOf([WRITE, quorumRead(20, 120)])).toEqual([]);
  });

  it("catches a read behind what a majority had acknowledged", () => {
    expect(messagesOf([WRITE, quorumRead(20, 90)])[0]).toContain("read 90");
    expect(messagesOf([WRITE, quorumRead(20, undefined)])[0]).toContain("read nothing");
  });

  it("accepts nothing where the key may have been deleted or has expired", () => {
    expect(messagesOf([WRITE, entry(2, 15, { type: "delete" }), quorumRead(20, undefined)])).toEqual([]);
    const expiring = entry(1, 10, { ack: "all", ttlMs: 5, answer: written(100, { reached: 3, ttlMs: 5 }) });
    expect(messagesOf([expiring, quorumRead(20, undefined)])).toEqual([]);
  });

  it("promises nothing to a local read, to one that overlaps, or after a write that reached no majority", () => {
    const local = entry(9, 20, { type: "get", answer: read(90) });
    expect(messagesOf([WRITE, local])).toEqual([]);
    expect(messagesOf([WRITE, quorumRead(11, 90)])).toEqual([]);
    const unmet = entry(1, 10, { ack: "quorum", answer: written(100, { met: false }) });
    expect(messagesOf([unmet, quorumRead(20, 90)])).toEqual([]);
  });

  it("promises nothing once a member was given up: a majority is one of those that are left", () => {
    const givenUp = (at: number): NodeEvidence[] => [node({ givenUpAt: [at] }), node(), node()];
    expect(messagesOf([WRITE, quorumRead(20, 90)], givenUp(15))).toEqual([]);
    expect(messagesOf([WRITE, quorumRead(20, 90)], givenUp(25))).toHaveLength(1);
  });

  it("promises as before once who was given up has begun anew, as long as majorities of who was left meet", () => {
    const back = (at: number) => ({ givenUpAt: [3], judgements: [{ at, wallMs: 0, shard: undefined }] });
    const found = (...nodes: NodeEvidence[]): number => messagesOf([WRITE, quorumRead(20, 90)], nodes).length;
    expect(found(node(back(9)), node(), node())).toBe(1);
    expect(found(node(back(2)), node(), node())).toBe(0);
    expect(found(node(back(10)), node(), node())).toBe(0);
    expect(found(node(back(9)), node(back(9)), node())).toBe(0);
  });

  it("counts only those that cannot have forgotten", () => {
    const forgetful = node({ ends: [crash(15)] });
    const read90 = quorumRead(20, 90);
    expect(messagesOf([WRITE, read90], [forgetful, node(), node()])).toEqual([]);
    const onAll = entry(1, 10, { ack: "all", answer: written(100, { reached: 3 }) });
    expect(messagesOf([onAll, read90], [forgetful, node(), node()])).toHaveLength(1);
    expect(messagesOf([WRITE, read90], [node({ ends: [crash(25)] }), node(), node()])).toHaveLength(1);
  });

  it("counts who crashed once the disk had taken what was held by the answer", () => {
    const found = (durableUpTo: number): number =>
      messagesOf([WRITE, quorumRead(20, 90)], [node({ ends: [crash(15, durableUpTo)] }), node(), node()]).length;
    expect(found(12)).toBe(1);
    expect(found(11)).toBe(0);
  });

  it("promises nothing from the first end of who keeps nothing on disk, and what is due before it", () => {
    const found = (at: number): number =>
      messagesOf([WRITE, quorumRead(20, 90)], [node({ durable: false, ends: [crash(at)] }), node(), node()]).length;
    expect(found(22)).toBe(1);
    expect(found(21)).toBe(0);
  });
});
