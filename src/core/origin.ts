/**
 * Origins: one life of one replica as a 53-bit number, replica number times 2^21 plus life. The replica number is a hash
 * of the replica's id, so no agreement is needed; two ids of one number are refused when they meet.
 */

import { hashText } from "../base/hash.ts";
import type { OriginId, ReplicaId } from "../base/ids.ts";
import type { Random } from "../base/random.ts";

const LIVES = 2097152; // 2^21

/** Greatest life number: a replica that started every quarter of an hour would reach it after a year (`leap`). */
export const LIFE_MAX = LIVES - 1;

/** A leap is over so great a share of the numbers that are left, at most. */
const LEAP_SHARE = 1 / 4096;

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
 * By how much a new life goes beyond the next number, given the one before. Nobody knows at a start whether the disk is an old
 * copy, or lost entries, and its latest lives are unknown here: most likely no other process lives one of the same number then
 * (R4). What others then know of either is told apart by dots and names. The fewer numbers are left, the shorter it is.
 */
export function leap(random: Random, life: number): number {
  const longest = Math.max(0, Math.floor((LIFE_MAX - life) * LEAP_SHARE));
  return random.uint32() % (longest + 1);
}
