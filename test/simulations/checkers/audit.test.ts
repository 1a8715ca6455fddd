import { expect, it } from "vitest";
import { checkAudit } from "../../../simulations/checkers/audit.ts";
import type { DocumentEntry } from "../../../simulations/documents/document-history.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import type { Timestamp } from "../../../src/base/ids.ts";
import { msOfTimestamp } from "../../../src/core/clock.ts";
import { originOf } from "../../../src/core/origin.ts";
import { done } from "./document-builder.ts";
import { diskLoss, entry, evidence, node, written } from "./evidence-builder.ts";
import { nodeSample, sample, sampledRegister } from "./samples.ts";

const STAMP = 4096_000;
const repair = { shard: 0, timestamp: STAMP, origin: 1, isOfDocument: false };
const repaired = { auditRepairs: [repair] };

it("catches a repair by the audit, also where a disk was damaged, unless the register expires", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const expiring = [entry(1, 0, { ttlMs: 100, answer: written(STAMP, { ttlMs: 100 }) })];
  expect(checkAudit(evidence(lasting, [node()]))).toEqual([]);
  expect(checkAudit({ ...evidence(lasting, [node()]), ...repaired })).toHaveLength(1);
  expect(checkAudit({ ...evidence(lasting, [node({ diskLosses: [diskLoss(0, 9)] })]), ...repaired })).toHaveLength(1);
  expect(checkAudit({ ...evidence(expiring, [node()]), ...repaired })).toEqual([]);
});

it("tells registers apart by shard, timestamp and replica, whichever of its lives they bear", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const found = (changes: Partial<typeof repair>) =>
    checkAudit({ ...evidence(lasting, [node()]), auditRepairs: [{ ...repair, ...changes }] });
  expect(found({ origin: 2 })).toHaveLength(1);
  expect(found({ origin: originOf(1, 1) })).toEqual([]);
  expect(found({ shard: 1 })).toEqual([]);
  expect(found({ timestamp: STAMP + 1 })).toEqual([]);
});

it("lets the audit settle between a removal and what a newcomer wrote below it, unaware", () => {
  const deletion = (at: number) => entry(1, at, { type: "delete", answer: written(STAMP, { type: "delete" }) });
  const value = entry(1, 10, { answer: written(STAMP) });
  const anew = (life: number, stamp = STAMP - 9) => entry(2, 20, { node: 1, life, answer: written(stamp) });
  const found = (timestamp: number, history: readonly HistoryEntry[], durable = false, heardAt = 21) => {
    const samples = [sample(heardAt, undefined, nodeSample(undefined, STAMP, { life: 2 }))];
    const all = { ...evidence(history, [node(), node({ durable })]), samples };
    return checkAudit({ ...all, auditRepairs: [{ ...repair, timestamp }] }).length;
  };
  for (const lacked of [STAMP, STAMP - 9]) {
    expect(found(lacked, [deletion(10), anew(2)])).toBe(0);
    expect(found(lacked, [deletion(10), anew(1)])).toBe(1);
    expect(found(lacked, [deletion(10), anew(2)], true)).toBe(1);
    expect(found(lacked, [deletion(10), anew(2)], false, 19)).toBe(1);
    expect(found(lacked, [deletion(30), anew(2)])).toBe(1);
    expect(found(lacked, [value, anew(2)])).toBe(1);
  }
  expect(found(STAMP, [deletion(10)])).toBe(1);
  const later = entry(3, 12, { type: "delete", answer: written(STAMP + 1, { type: "delete" }) });
  expect(found(STAMP, [value, later, anew(2)])).toBe(1);
  expect(found(STAMP, [deletion(10), anew(2, STAMP + 9)])).toBe(1);
});

it("lets it settle the same of a document", () => {
  const deletion = done(10, { type: "delete" });
  const found = (
    changes: Parameters<typeof done>[1],
    removal = deletion,
    origin = 1,
    shard = 0,
    others: DocumentEntry[] = [],
  ) => {
    const documents = [removal, ...others, done(20, { node: 1, life: 2, upTo: 5, ...changes })];
    const auditRepairs = [{ ...repair, shard, origin, isOfDocument: true }];
    return checkAudit({ ...evidence([], [node(), node({ durable: false })]), documents, auditRepairs }).length;
  };
  const anew = { answer: { ...done(20).answer, dot: { shard: 0, origin: 7, sequence: 1 } } } as never;
  expect(found(anew, deletion, 7)).toBe(0);
  expect(found(anew, done(10, { type: "lease", ttlMs: 5 }), 7)).toBe(0);
  expect(found(anew, done(10, { type: "lease" }), 7)).toBe(1);
  expect(found(anew, done(10, { type: "delete", invokedAt: 30 }), 7)).toBe(1);
  expect(found(anew, done(10), 7)).toBe(1);
  expect(found(anew, deletion, 8)).toBe(1);
  expect(found({ ...(anew as object), upTo: 10 }, deletion, 7)).toBe(1);
  expect(found({ ...(anew as object), life: 1 }, deletion, 7)).toBe(1);
  expect(found({ ...(anew as object), node: 0 }, deletion, 7)).toBe(1);
  expect(found(anew, deletion, 7, 1)).toBe(1);
  const aware = done(15, { node: 1, life: 2, ...(anew as object) });
  expect(found({ life: 3 }, deletion, 7, 0, [aware])).toBe(1);
});

it("catches a repair of what a document is made of, told or not", () => {
  const repairs = (isOfDocument: boolean) => ({ auditRepairs: [{ ...repair, isOfDocument }] });
  expect(checkAudit({ ...evidence([], [node()]), ...repairs(true) })).toHaveLength(1);
  expect(checkAudit({ ...evidence([], [node()]), ...repairs(false) })).toEqual([]);
});

it("lets the audit settle what was written before two of three that were given up sorted its shard out", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const stampedAt = msOfTimestamp(STAMP as Timestamp);
  const begun = (afterMs: number, shard = 0, reason = "away") => {
    const beginning = { at: 5, wallMs: stampedAt + afterMs, shard: undefined, reason };
    return node({ givenUpAt: [3], judgements: [beginning, { at: 9, wallMs: stampedAt + afterMs, shard }] });
  };
  const givenUp = node({ givenUpAt: [3] });
  const found = (...nodes: ReturnType<typeof node>[]) => checkAudit({ ...evidence(lasting, nodes), ...repaired });
  expect(found(begun(1), begun(5), givenUp)).toEqual([]);
  expect(found(begun(1), begun(5), node())).toHaveLength(1);
  expect(found(begun(1), begun(-5), givenUp)).toHaveLength(1);
  expect(found(begun(1), begun(5, 1), givenUp)).toHaveLength(1);
  expect(found(begun(1), begun(5, 0, "stale disk"), givenUp)).toHaveLength(1);
  expect(found(begun(1), givenUp, givenUp)).toHaveLength(1);
});

it("lets it settle that, too, where a third that nobody gave up gave up both", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const begun = (...givenUpBy: number[]) => {
    const beginning = { at: 5, wallMs: msOfTimestamp(STAMP as Timestamp) + 1, shard: undefined, reason: "away" };
    return node({ givenUpAt: [3], givenUpBy, judgements: [beginning, { ...beginning, at: 9, shard: 0 }] });
  };
  const found = (...nodes: ReturnType<typeof node>[]) => checkAudit({ ...evidence(lasting, nodes), ...repaired });
  expect(found(begun(1, 2), begun(2), node())).toEqual([]);
  expect(found(begun(1), begun(2), node())).toHaveLength(1);
  expect(found(begun(2), node({ givenUpAt: [3], givenUpBy: [2] }), node())).toHaveLength(1);
});

it("lets the audit spread what its writer had lost, and all who ran, before somebody came back with it", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const holder = nodeSample(sampledRegister(STAMP), 0);
  const [none, older] = [nodeSample(undefined, 0), nodeSample(sampledRegister(STAMP - 1), 0)];
  const lost = node({ diskLosses: [diskLoss(-1, 9)] });
  const found = (writer: ReturnType<typeof node>, ...samples: ReturnType<typeof sample>[]) =>
    checkAudit({ ...evidence(lasting, [writer, node()]), samples, ...repaired });
  expect(found(lost, sample(10, none, holder), sample(20, none, undefined))).toEqual([]);
  expect(found(lost, sample(20, older, none))).toEqual([]);
  expect(found(lost, sample(20, none, holder))).toHaveLength(1);
  expect(found(lost, sample(20, undefined, undefined))).toHaveLength(1);
  expect(found(lost, sample(0, none, none))).toHaveLength(1);
  expect(found(node(), sample(20, none, undefined))).toHaveLength(1);
});
