/** How those parts of a replica are made that have to be told more than whose they are. */

import type { OriginId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { AntiEntropy } from "../cluster/anti-entropy.ts";
import { Audit } from "../cluster/audit.ts";
import { Replication } from "../cluster/replication.ts";
import type { RecordWriter } from "../core/record/record.ts";
import { Residency } from "../core/shard/residency.ts";
import { Shard } from "../core/shard/shard.ts";
import { Shards } from "../core/shard/shards.ts";
import { Persistence } from "./persistence.ts";
import { logRepair } from "./repair-log.ts";
import type { Replica } from "./replica.ts";

/** Undefined: memory has no bound. */
export function createResidency({ config, arena, isEphemeral, ghosts }: Replica): Residency | undefined {
  const { memoryBytesMax: bytesMax, memoryFillShare: fillShare } = config;
  if (bytesMax === Infinity) return undefined;
  const residency = new Residency(arena, { bytesMax, fillShare, hasDisk: !isEphemeral });
  if (isEphemeral) residency.lender = ghosts;
  return residency;
}

/** `writer`: where shards put what is written together. */
export function createShards(replica: Replica, writer: RecordWriter, random: Random): Shards {
  const { agenda, arena, conflicts, isEphemeral, residency, invalidations, clock } = replica;
  const seed = { k0: random.uint32(), k1: random.uint32() };
  const mayReturn = (origin: OriginId) => replica.members.mayReturn(origin);
  const shared = { arena, seed, clock, writer, agenda, conflicts, mayReturn, isPersistent: !isEphemeral };
  return new Shards(replica.config.shards, (id) => {
    const space = spaceOf(id);
    const own = {
      id,
      residency: space === SYSTEM_SPACE ? undefined : residency,
      invalidations: invalidations.of(space),
    };
    return new Shard({ ...own, ...shared });
  });
}

export function createPersistence(replica: Replica, epoch: number): Persistence {
  const { shards, members, ownership, config, id, agenda } = replica;
  const lineage = () => replica.lineage;
  const view = () => ownership.viewOf(members);
  return new Persistence(shards, members, { ...config, id }, { agenda, epoch, lineage, view });
}

export function createAntiEntropy(replica: Replica, random: Random): AntiEntropy {
  const { members, persistence, time, ownership, movement, pulls, config } = replica;
  return new AntiEntropy(replica, pulls, {
    intervalMs: config.antiEntropyMs,
    random,
    sweptTo: () => replica.sweptTo,
    facts: (at) => ({
      lives: members.livesDigest(),
      epoch: persistence.epoch,
      clock: at,
      correctionMs: time.guard.correctionMs,
      view: ownership.view,
    }),
    measured: (peer, sample) => time.measured(peer, sample),
    stamp: (at) => time.stampToTell(at),
    caughtUp: (shard) => movement.caughtUp(shard),
    heardOfDepartures: (departures) => {
      if (members.hearOfDepartures(departures)) persistence.metaDirty = true;
    },
    suspect: (shard, peer, asOf, at) => replica.audit.begin(shard, peer, asOf, at),
  });
}

export function createReplication(replica: Replica): Replication {
  const { config, limits, membership, pulls, sender, tidings } = replica;
  return new Replication(replica, pulls, {
    limits,
    region: config.region,
    isAlive: (id) => membership.stateOf(id) === "alive",
    broadcast: (to, frame) => sender.broadcast(to, frame),
    heardOf: (space, at) => replica.heardOf(space, at),
    applied: (shard, view, at, when) => tidings.applied(shard, view, at, when),
  });
}

export function createAudit(replica: Replica): Audit {
  const { limits, outbox, tidings } = replica;
  return new Audit(replica, {
    limits,
    sweptTo: () => replica.sweptTo,
    repaired: (shard, view, at, how) => {
      logRepair(outbox, shard, view, at, how);
      if (how === "restored") tidings.applied(shard, view, at, replica.sweptTo);
      else tidings.changedUntold();
    },
  });
}
