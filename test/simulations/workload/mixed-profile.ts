/** A workload of everything, for tests of what is drawn from one. */

import type { WorkloadProfile } from "../../../simulations/workload/generator.ts";

export const MIXED: WorkloadProfile = {
  nodes: 3,
  keys: 10,
  skew: 1,
  operationsPerSecond: 100,
  fromMs: 1000,
  untilMs: 61_000,
  types: { put: 1, delete: 1, "put-absent": 1, update: 1, get: 1, batch: 1 },
  acks: { memory: 1, disk: 1, region: 1, quorum: 1, all: 1 },
  ttlShare: 0.5,
  ttlMsMax: 1000,
  valueBytesMax: 50,
};
