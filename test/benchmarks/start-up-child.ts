/** Fills a data folder, or reads it: as a replica does when it starts, or in a bare loop. Prints what it took, in ms. */

import { join } from "node:path";
import { Level } from "level";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { checkRecord } from "../../src/core/containers/record-check.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { replicaDefaults } from "../../src/replica/config.ts";
import { registerRange } from "../../src/replica/disk-layout.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { startReplica } from "../../src/replica/start-up.ts";
import { LevelStorage } from "../../src/runtime/level-storage.ts";
import { SystemRandom, systemClock } from "../../src/runtime/system.ts";

const LIMITS = { keyBytesMax: 1024, valueBytesMax: 1024 };
const CHUNK_ENTRIES = 1000;
const BATCH = 20_000;

async function start(folder: string): Promise<{ replica: Replica; storage: LevelStorage }> {
  const storage = new LevelStorage({ folder, log: () => {} });
  const config = { ...replicaDefaults, id: "r1" as ReplicaId, address: "127.0.0.1:1" };
  const random = new SystemRandom();
  const replica = await startReplica({ config, ephemeral: false, clock: systemClock, random, storage, log: () => {} });
  return { replica, storage };
}

async function build(folder: string, count: number): Promise<void> {
  const { replica, storage } = await start(folder);
  const value = new Uint8Array(100).fill(7);
  const random = new SeededRandom("keys");
  for (let i = 1; i <= count; i++) {
    const key = random.uint32().toString(36).padStart(8, "0") + i.toString(36).padStart(8, "0");
    const shard = replica.shardOfKey(key as Key);
    replica.write(shard, { kind: KIND_PLAIN, key: key as Key, value }, false, Date.now());
    replica.replication.flush();
    if (i % BATCH !== 0 && i !== count) continue;
    for (let batch = replica.persistence.take(); batch !== undefined; batch = replica.persistence.take()) {
      await storage.write(batch.operations);
      replica.persisted(batch);
    }
  }
  await storage.close();
}

async function startUp(folder: string, count: number): Promise<void> {
  const { replica, storage } = await start(folder);
  const held = replica.shards.all.reduce((sum, shard) => sum + shard.standing, 0);
  if (held !== count) throw new Error(`${held} registers of ${count}`);
  await storage.close();
}

async function readBare(folder: string, count: number): Promise<void> {
  const database = new Level<Uint8Array, Uint8Array>(join(folder, "db"), {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  const { from, to } = registerRange("all");
  const iterator = database.iterator({ gte: from, lt: to, fillCache: false, highWaterMarkBytes: 1024 * 1024 });
  const scratch = new Uint8Array(4096);
  const view = new DataView(scratch.buffer);
  let read = 0;
  // As in `LevelStorage`, one chunk is read on another thread while the one before is handled.
  let reading = iterator.nextv(CHUNK_ENTRIES);
  for (let chunk = await reading; chunk.length > 0; chunk = await reading) {
    reading = iterator.nextv(CHUNK_ENTRIES);
    for (const [, value] of chunk) {
      scratch.set(value);
      checkRecord(view, 0, value.length, LIMITS);
      read++;
    }
  }
  await iterator.close();
  if (read !== count) throw new Error(`${read} records of ${count}`);
  await database.close();
}

const ways: Readonly<Record<string, (folder: string, count: number) => Promise<void>>> = {
  build,
  replica: startUp,
  bare: readBare,
};

const [, , way = "", folder = "", count = "0"] = process.argv;
const run = ways[way];
if (run !== undefined) {
  const from = performance.now();
  await run(folder, Number(count));
  process.stdout.write(`${performance.now() - from}\n`);
}
