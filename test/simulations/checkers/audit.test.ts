import { expect, it } from "vitest";
import { checkAudit } from "../../../simulations/checkers/audit.ts";
import type { Timestamp } from "../../../src/base/ids.ts";
import { msOfTimestamp } from "../../../src/core/clock.ts";
import { entry, evidence, node, written } from "./evidence-builder.ts";

const STAMP = 4096_000;
const repaired = { auditRepairs: [{ shard: 0, stampedAt: msOfTimestamp(STAMP as Timestamp) }] };

it("catches a repair by the audit, also where a disk was damaged, unless the register expires", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const expiring = [entry(1, 0, { ttlMs: 100, answer: written(STAMP, { ttlMs: 100 }) })];
  expect(checkAudit(evidence(lasting, [node()]))).toEqual([]);
  expect(checkAudit({ ...evidence(lasting, [node()]), ...repaired })).toHaveLength(1);
  expect(checkAudit({ ...evidence(lasting, [node({ diskLosses: [{ from: 0, to: 9 }] })]), ...repaired })).toHaveLength(
    1,
  );
  expect(checkAudit({ ...evidence(expiring, [node()]), ...repaired })).toEqual([]);
});

it("lets the audit settle what was written before two replicas began anew, and nothing later", () => {
  const lasting = [entry(1, 0, { answer: written(STAMP) })];
  const [stampedAt] = repaired.auditRepairs.map((each) => each.stampedAt) as [number];
  const begun = (afterMs: number) => node({ judgements: [{ at: 0, wallMs: stampedAt + afterMs, shard: undefined }] });
  const found = (...nodes: ReturnType<typeof node>[]) => checkAudit({ ...evidence(lasting, nodes), ...repaired });
  expect(found(begun(1), begun(5), node())).toEqual([]);
  expect(found(begun(1), begun(-5), node())).toHaveLength(1);
  expect(found(begun(1), node(), node())).toHaveLength(1);
});
