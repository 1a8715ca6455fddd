/**
 * Start-up: takes a replica back from its storage and begins a new life, which is on disk before anything else happens.
 * What the disk lost is found here (disk-layout, Loader) and left for peers to bring back.
 */

import { BadBytes } from "../base/bytes.ts";
import { AtollError } from "../base/errors.ts";
import { isReplicaId, type ReplicaId } from "../base/ids.ts";
import { LIFE_MAX, leap } from "../core/origin.ts";
import type { ReplicaConfig } from "./config.ts";
import { decodeMeta, type Meta, metaRange, registerRange, shardHeadRange } from "./disk-layout.ts";
import { migrate } from "./disk-migrations.ts";
import { Loader } from "./loader.ts";
import { decodeExtra, type MetaExtra } from "./meta-extra.ts";
import type { Clock, Log, Random, Storage } from "./ports.ts";
import { Replica } from "./replica.ts";

export interface StartUpOptions {
  readonly config: ReplicaConfig;
  readonly ephemeral: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly storage: Storage;
  readonly log: Log;
}

/** Throws `DATA_LOCKED`, `DATA_UNREADABLE`, `DATA_NEWER_FORMAT`, `BAD_CONFIG`, `DISK_FAILED`. */
export async function startReplica(options: StartUpOptions): Promise<Replica> {
  const { storage, log } = options;
  for (let attempt = 1; ; attempt++) {
    const condition = await storage.open();
    if (condition.type !== "clean") log("error", `storage-${condition.type}`, condition);
    try {
      return await takeBack(options, condition.type === "clean");
    } catch (error) {
      await storage.close();
      // Damage may show only when it is read; the storage then repairs itself at the next open.
      if (attempt > 1 || !(error instanceof AtollError) || error.code !== "DISK_FAILED") throw error;
      log("error", "data-unreadable", { reason: error.message });
    }
  }
}

async function takeBack(options: StartUpOptions, isWhole: boolean): Promise<Replica> {
  const { config, storage, log, clock, random, ephemeral } = options;
  if (!ephemeral) await migrate(storage, log);
  const meta = await readMeta(storage, log);
  checkMeta(config, meta);
  const extra = readExtra(meta);
  const id = ephemeral ? ephemeralId(config.id, random) : (config.id ?? meta?.replica ?? newId(random));
  const self = extra.members.find((member) => member.id === id);
  const life = meta?.life ?? 0;
  const replica = new Replica(
    config,
    {
      id,
      life: life + 1 + leap(random, life),
      ephemeral,
      ...(self === undefined ? {} : { rootLife: self.rootLife }),
      epoch: extra.epoch,
      members: extra.members,
      lineage: extra.lineage,
      departures: extra.departures,
    },
    random,
    clock.now(),
  );
  if (!ephemeral) await load(replica, { extra, isWhole }, storage, log, clock.now());
  replica.begin(clock.now());
  if (replica.life > LIFE_MAX) {
    throw new AtollError("BAD_CONFIG", "this replica has used up its lives: give it a new --id");
  }
  if (!ephemeral) await writeFirst(replica, storage);
  return replica;
}

async function readMeta(storage: Storage, log: Log): Promise<Meta | undefined> {
  for await (const entries of storage.entries(metaRange())) {
    for (const entry of entries) {
      try {
        return decodeMeta(entry.value);
      } catch (error) {
        if (!(error instanceof BadBytes)) throw error;
        log("error", "meta-damaged", { reason: error.message });
      }
    }
  }
  return undefined;
}

/** Its checksum was right: what does not decode was written by another version. Throws `DATA_UNREADABLE`. */
function readExtra(meta: Meta | undefined): MetaExtra {
  if (meta === undefined) return { epoch: 0, headSum: 0, members: [], lineage: [], departures: 0 };
  try {
    return decodeExtra(meta.extra);
  } catch (error) {
    if (!(error instanceof BadBytes)) throw error;
    const message = `another version of this program wrote the data folder: ${error.message}`;
    throw new AtollError("DATA_UNREADABLE", message, { cause: error });
  }
}

function checkMeta(config: ReplicaConfig, meta: Meta | undefined): void {
  if (meta === undefined) return;
  if (config.id !== undefined && config.id !== meta.replica) {
    throw new AtollError("BAD_CONFIG", `the data folder belongs to replica ${meta.replica}, not to ${config.id}`);
  }
  if (config.cluster !== meta.cluster) {
    throw new AtollError("BAD_CONFIG", `the data folder belongs to cluster ${meta.cluster}, not to ${config.cluster}`);
  }
  if (config.shards !== meta.shards) {
    throw new AtollError("BAD_CONFIG", `the data folder has ${meta.shards} shards, not ${config.shards}`);
  }
}

/** A replica without a disk has no past: each start is another replica, so that no dot of an earlier one comes again. */
function ephemeralId(base: ReplicaId | undefined, random: Random): ReplicaId {
  const id = `${(base ?? "r").slice(0, 48)}-${suffix(random)}`;
  if (!isReplicaId(id)) throw new AtollError("BAD_CONFIG", `${id} is no replica id`);
  return id;
}

function newId(random: Random): ReplicaId {
  return `r-${suffix(random)}` as ReplicaId;
}

function suffix(random: Random): string {
  return `${random.uint32().toString(36)}${random.uint32().toString(36)}`.slice(0, 10);
}

async function load(
  replica: Replica,
  { extra, isWhole }: { readonly extra: MetaExtra; readonly isWhole: boolean },
  storage: Storage,
  log: Log,
  now: number,
): Promise<void> {
  const loader = new Loader(replica.shards, replica.limits, now);
  for await (const entries of storage.entries(shardHeadRange())) for (const entry of entries) loader.head(entry);
  for await (const entries of storage.entries(registerRange("all"))) {
    for (const entry of entries) loader.register(entry);
    replica.residency?.measure();
    replica.residency?.reclaim();
  }
  const report = loader.finish();
  // A head that is older than the last batch adds up with registers that are as old: only the sum of all heads tells.
  const isLatest = replica.persistence.adopt(loader.headChecksums, extra.headSum);
  // A database that lost entries may add up all the same, as it once was.
  const damaged = new Set(isLatest && isWhole ? report.damagedShards : replica.shards);
  for (const shard of replica.shards) {
    replica.persistence.found(shard);
    if (damaged.has(shard) || shard.quarantine.wasOn || shard.quarantined)
      shard.quarantine.distrust({ serve: !shard.quarantined });
    else replica.persistence.loaded(shard);
  }
  replica.persistence.removeDamaged(report.damagedKeys);
  if (damaged.size > 0) replica.persistence.putAllInOneBatch();
  const entries = report.damagedKeys.length;
  if (damaged.size > 0 || entries > 0) {
    log("error", "data-damaged", { shards: damaged.size, entries, registers: report.registers });
  } else if (report.registers > 0) log("info", "data-loaded", { registers: report.registers });
}

/** Puts the new life on disk (R4). */
async function writeFirst(replica: Replica, storage: Storage): Promise<void> {
  for (let batch = replica.persistence.take(); batch !== undefined; batch = replica.persistence.take()) {
    await storage.write(batch.operations);
    replica.persisted(batch);
  }
}
