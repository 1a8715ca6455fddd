/**
 * Origins: one life of one replica as a 53-bit number, replica number times 2^21 plus life. The replica number is a hash
 * of the replica's id, so no agreement is needed; two ids of one number are refused when they meet.
 */

import { hashText } from "../base/hash.ts";
import type { OriginId, ReplicaId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";

const LIVES = 2097152; // 2^21

/** Greatest life number: a replica that started every ten seconds would reach it after eight months. */
export const LIFE_MAX = LIVES - 1;

const LEAP_MAX = 1024;

const REPLICA_NUMBER_SEED = 0x61746f6c;

export function replicaNumber(id: ReplicaId): number {
  return hashText(id, REPLICA_NUMBER_SEED);
}

/** The origin of a life; `life` from 1 to `LIFE_MAX`. */
export function originOf(replica: number, life: number): OriginId {
  return (replica * LIVES + life) as OriginId;
}

export function lifeOf(origin: OriginId): number {
  return origin % LIVES;
}

export function replicaOf(origin: OriginId): number {
  return Math.floor(origin / LIVES);
}

/**
 * By how much a new life goes beyond the next number where the latest lives may be unknown: a disk lost entries, or whoever
 * begins anew may have an old copy of it, for whatever reason it heard of first. Most likely no other life has the number
 * then (R4), of which perhaps only one peer would know.
 */
export function leap(random: Random): number {
  return random.uint32() % LEAP_MAX;
}
