/**
 * What a replica adds to a map: `put` and `get` of 200,000 keys of 16 bytes and values of 100 through the store, in one
 * process, with nothing on disk and nobody linked, against a bare `Map` of copies. For information: no target.
 */

import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { Driver } from "../../src/replica/driver.ts";
import type { Transport } from "../../src/replica/ports.ts";
import { MemoryStorage } from "../../src/runtime/memory-storage.ts";
import { systemClock, systemScheduler } from "../../src/runtime/system.ts";
import { median } from "./median.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const KEYS = 200_000;
const BATCH = 100;
const ROUNDS = 5;

const nobody: Transport = {
  queueBytesMax: 0,
  start: async () => {},
  connect: () => {},
  send: () => {},
  queuedBytes: () => 0,
  close: () => {},
  block: () => {},
  stop: async () => {},
};

interface Contestant {
  put(key: Key, value: Uint8Array): unknown;
  get(key: Key): unknown;
}

function createMap(): Contestant {
  const values = new Map<Key, Uint8Array>();
  return { put: (key, value) => values.set(key, value.slice()), get: (key) => values.get(key)?.slice() };
}

async function createDriver(): Promise<Driver> {
  const driver = new Driver({
    config: { ...replicaDefaults, id: "bench" as ReplicaId },
    ephemeral: true,
    clock: systemClock,
    scheduler: systemScheduler,
    random: new SeededRandom("driver"),
    storage: new MemoryStorage(),
    transport: nobody,
    log: () => {},
  });
  await driver.start("127.0.0.1:1");
  return driver;
}

/** Operations a second, `BATCH` of them at once as a busy door has them. */
async function rateOf(keys: readonly Key[], operate: (key: Key) => unknown): Promise<number> {
  globalThis.gc?.();
  const from = performance.now();
  for (let first = 0; first < keys.length; first += BATCH) {
    const pending: unknown[] = [];
    for (let i = first; i < first + BATCH; i++) pending.push(operate(keys[i] as Key));
    await Promise.all(pending);
  }
  return (keys.length / (performance.now() - from)) * 1000;
}

export async function run(): Promise<BenchmarkReport> {
  const random = new SeededRandom("keys");
  const keys = Array.from(
    { length: KEYS },
    (_, i) => (random.uint32().toString(36).padStart(8, "0") + i.toString(36).padStart(8, "0")) as Key,
  );
  const value = new Uint8Array(100).fill(7);
  const driver = await createDriver();
  const map = createMap();
  const measure = async ({ put, get }: Contestant) => ({
    put: await rateOf(keys, (key) => put(key, value)),
    get: await rateOf(keys, get),
  });
  const store: Contestant = { put: (key, bytes) => driver.put(key, bytes), get: (key) => driver.get(key) };
  await measure(store);
  const rounds: { store: Record<"put" | "get", number>; map: Record<"put" | "get", number> }[] = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push({ store: await measure(store), map: await measure(map) });
  await driver.stop();
  const rows = (["put", "get"] as const).map(
    (each): BenchmarkRow => ({
      what: `store.${each}, 100 bytes`,
      value: median(rounds.map((round) => round.store[each])),
      unit: "/s",
      against: `Map (${Math.round(median(rounds.map((round) => round.map[each]))).toLocaleString("en-US")}/s)`,
      ratio: median(rounds.map((round) => round.store[each] / round.map[each])),
    }),
  );
  return { name: "store in process", rows };
}
