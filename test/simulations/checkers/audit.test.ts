import { expect, it } from "vitest";
import { checkAudit } from "../../../simulations/checkers/audit.ts";
import type { Timestamp } from "../../../src/base/ids.ts";
import { msOfTimestamp } from "../../../src/core/clock.ts";
import { diskLoss, entry, evidence, node, written } from "./evidence-builder.ts";
import { nodeSample, sample, sampledRegister } from "./samples.ts";

const STAMP = 4096_000;
const repaired = { auditRepairs: [{ shard: 0, stampedAt: msOfTimestamp(STAMP as Timestamp) }] };

it("catches a repair by the audit, also where a disk was damaged, unless the register expires", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const expiring = [entry(1, 0, { ttlMs: 100, answer: written(STAMP, { ttlMs: 100 }) })];
  expect(checkAudit(evidence(lasting, [node()]))).toEqual([]);
  expect(checkAudit({ ...evidence(lasting, [node()]), ...repaired })).toHaveLength(1);
  expect(checkAudit({ ...evidence(lasting, [node({ diskLosses: [diskLoss(0, 9)] })]), ...repaired })).toHaveLength(1);
  expect(checkAudit({ ...evidence(expiring, [node()]), ...repaired })).toEqual([]);
});

it("catches a repair of what a document is made of, told or not", () => {
  const repairs = (isOfDocument: boolean) => ({ auditRepairs: [{ shard: 0, stampedAt: 7, isOfDocument }] });
  expect(checkAudit({ ...evidence([], [node()]), ...repairs(true) })).toHaveLength(1);
  expect(checkAudit({ ...evidence([], [node()]), ...repairs(false) })).toEqual([]);
});

it("lets the audit settle what was written before two of three that were given up sorted its shard out", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const [stampedAt] = repaired.auditRepairs.map((each) => each.stampedAt) as [number];
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
