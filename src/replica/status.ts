/** What a replica tells of itself and of the others: for `atoll status` and `/v1/cluster`. */

import type { ReplicaId } from "../base/ids.ts";
import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { isDisplaced, isGivenUp, type Member } from "../cluster/members.ts";
import type { ClusterStatus, MemberStatus } from "../cluster-status.ts";
import { DigestSum, digestText } from "../core/digest.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Replica } from "./replica.ts";

export function clusterStatus(
  replica: Replica,
  more: { readonly reasons: readonly string[]; readonly cut: readonly ReplicaId[] },
): ClusterStatus {
  const members = replica.members.all().filter((member) => !member.left);
  return {
    cluster: replica.config.cluster,
    replica: replica.id,
    region: replica.config.region,
    life: replica.life,
    ready: more.reasons.length === 0,
    reasons: more.reasons,
    members: members.map((member) => memberStatus(replica, member)).sort((a, b) => (a.id < b.id ? -1 : 1)),
    shards: replica.shards.perSpace,
    registers: sumOfKeys(replica, (shard) => shard.standing),
    tombstones: sumOfKeys(replica, (shard) => shard.tombstones),
    memoryBytes: memoryBytes(replica),
    ...valuesStatus(replica),
    ...diskStatus(replica),
    digest: contentDigest(replica),
    cut: more.cut,
    ...clockStatus(replica),
    ...placementStatus(replica),
  };
}

/** Over the shards of clients' keys: what the cluster notes for itself is none of them. */
function sumOfKeys({ shards }: Replica, of: (shard: Shard) => number): number {
  return shards.all.reduce((sum, shard) => (spaceOf(shard.id) === SYSTEM_SPACE ? sum : sum + of(shard)), 0);
}

function placementStatus({ ownership, movement }: Replica): Pick<ClusterStatus, "placement"> {
  if (!ownership.isAnyPlaced) return {};
  const { owned, ready, strays } = movement.progress();
  const { taken, handedOver } = movement;
  return { placement: { owned, ready, toHandOver: strays, taken, handedOver } };
}

function ownedBy({ ownership, shards }: Replica, id: ReplicaId): number {
  let owned = 0;
  for (const shard of shards)
    if (!ownership.isEverywhere(spaceOf(shard.id)) && ownership.isOwner(shard.id, id)) owned++;
  return owned;
}

function clockStatus({ time }: Replica): Pick<ClusterStatus, "clockOffsetMs" | "clockCorrectionMs"> {
  const { offsetMs, correctionMs } = time.guard;
  return {
    ...(offsetMs === undefined ? {} : { clockOffsetMs: offsetMs }),
    ...(correctionMs === 0 ? {} : { clockCorrectionMs: correctionMs }),
  };
}

/** Digest of the standing registers: equal on replicas that hold the same, whatever they have purged. */
export function contentDigest(replica: Replica): string {
  const sum = new DigestSum();
  for (const shard of replica.shards) sum.add(shard.id, shard.fingerprint);
  return digestText(sum);
}

/** Of registers and what finds them. */
export function memoryBytes({ shards, arena, residency }: Replica): number {
  const around = arena.residentBytes + (residency?.queueBytes ?? 0);
  return shards.all.reduce((sum, shard) => sum + shard.residentBytes, around);
}

function diskStatus({
  eviction: { disk, evicted },
}: Replica): Pick<ClusterStatus, "dataBytes" | "dataBytesMax" | "evicted"> {
  const bounds = disk === undefined ? {} : { dataBytes: disk.folderBytes, dataBytesMax: disk.bytesMax };
  return { ...bounds, ...(evicted > 0 && { evicted }) };
}

function valuesStatus({
  shards,
  residency,
}: Replica): Pick<ClusterStatus, "memoryBytesMax" | "valuesOnDiskOnly" | "ghosts"> {
  if (residency === undefined) return {};
  const away = shards.all.reduce((sum, shard) => sum + shard.accounts.away, 0);
  const memoryBytesMax = Math.round(residency.bytesMax);
  return residency.hasDisk ? { memoryBytesMax, valuesOnDiskOnly: away } : { memoryBytesMax, ghosts: away };
}

function stateOf(replica: Replica, member: Member): MemberStatus["state"] {
  const { membership } = replica;
  if (isGivenUp(member)) return "given-up";
  const state = membership.stateOf(member.id);
  if (state === "alive" && isDisplaced(member)) return "leaving";
  if (state !== "alive" || replica.isLinked(member.id)) return state;
  return membership.neighbours().has(member.id) ? "unreachable" : "alive";
}

function memberStatus(replica: Replica, member: Member): MemberStatus {
  const round = replica.antiEntropy.roundOf(member.id);
  const rttMs = replica.membership.swim.roundTrips.roundTripMs(member.id) ?? round?.rttMs;
  const lag = replica.antiEntropy.lagOf(member.id);
  const lastSeenAt = replica.members.lastSeenAt(member.id);
  const isSelf = member.id === replica.id;
  const isLinked = replica.isLinked(member.id);
  return {
    id: member.id,
    region: member.region,
    address: member.address,
    state: isSelf ? "self" : stateOf(replica, member),
    life: member.life,
    ...(rttMs === undefined || !isLinked ? {} : { rttMs }),
    ...(round === undefined || !isLinked ? {} : { clockOffsetMs: round.offsetMs }),
    ...(lag === undefined || !isLinked ? {} : { lag }),
    ...(lastSeenAt === undefined || isSelf ? {} : { lastSeenAt }),
    ...(replica.ownership.isAnyPlaced ? { owned: ownedBy(replica, member.id) } : {}),
  };
}
