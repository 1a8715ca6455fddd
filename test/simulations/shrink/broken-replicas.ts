/** Replicas with a defect that the simulator finds, and the lanes that run them. */

import { createProductionReplica } from "../../../simulations/production-replica.ts";
import type { CreateReplica } from "../../../simulations/run/plan-world.ts";
import { runJob } from "../../../simulations/workers/job.ts";
import type { Lane } from "../../../simulations/workers/lane.ts";
import type { DocumentStore } from "../../../src/document-store.ts";
import type { Storage } from "../../../src/replica/ports.ts";

/** Says that a batch is on disk when it has only been handed over. */
export const answersBeforeTheSync: CreateReplica = (identity, ports, settings) => {
  const { storage } = ports;
  let written = Promise.resolve();
  const hasty: Storage = {
    durable: storage.durable,
    open: () => storage.open(),
    entries: (range) => storage.entries(range),
    read: (key) => storage.read(key),
    size: () => storage.size(),
    compact: (range) => storage.compact(range),
    close: () => written.then(() => storage.close()),
    async write(operations) {
      const copies = operations.map((operation) => structuredClone(operation));
      written = written.then(() => storage.write(copies)).catch(() => {});
    },
  };
  return createProductionReplica(identity, { ...ports, storage: hasty }, settings);
};

/** Forgets that a value was to expire. */
export const forgetsExpiries: CreateReplica = (identity, ports, settings) => {
  const replica = createProductionReplica(identity, ports, settings);
  const put = replica.put.bind(replica);
  replica.put = (key, value, { ttlMs: _ttlMs, ...options } = {}) => put(key, value, options);
  return replica;
};

/** Keeps to itself that a document is to expire. */
export const forgetsLeases: CreateReplica = (identity, ports, settings) => {
  const replica = createProductionReplica(identity, ports, settings);
  const documents = replica.documents as DocumentStore;
  const expire = documents.expireDocument.bind(documents);
  documents.expireDocument = (key, _ttlMs, options) => expire(key, undefined, options);
  return replica;
};

export function laneOf(createReplica: CreateReplica): Lane {
  return { run: (job) => runJob(job, createReplica), close: async () => {} };
}
