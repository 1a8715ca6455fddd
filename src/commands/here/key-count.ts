/** How many keys there are, of shards. */

import type { Container } from "../../core/containers/container.ts";
import { kindAt } from "../../core/record/record.ts";
import { isValueKind } from "../../core/shard/accounts.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { isLonelySum } from "./key-value.ts";

/** Looked at in one turn. */
const TURN_MAX = 4096;
/** Ends that have come, looked at in one turn of all shards; in turns, of each. */
const ENDS_MAX = 16_384;
/** A shard where ends have come counts as so many looks. */
const ENDS_LOOKS = TURN_MAX / 8;

/** True of a container that is what its key shows. */
export type IsListed = (shard: Shard, container: Container) => boolean;

/** In steps. */
export function* keyCounting(shards: Iterable<Shard>, nowMs: number, isListed: IsListed): Generator<void, number> {
  let [count, looked] = [0, 0];
  for (const shard of shards) {
    if (shard.expiries.earliest <= nowMs) looked += ENDS_LOOKS;
    if (looked >= TURN_MAX) {
      looked = 0;
      yield;
    }
    count += basesIn(shard) - expiredIn(shard, nowMs, TURN_MAX);
    for (const isCounted of others(shard, nowMs, isListed)) {
      if (isCounted) count++;
      if (++looked < TURN_MAX) continue;
      looked = 0;
      yield;
    }
  }
  return count;
}

/** Of each number that was added to, and of each collection, whether it is a key that is not counted as a value. */
function* others(shard: Shard, nowMs: number, isListed: IsListed): Generator<boolean, void> {
  for (const key of shard.increments.keys()) yield isLonelySum(shard, key, nowMs);
  for (const container of shard.containers.all()) yield isListed(shard, container);
}

/** In one turn: of many collections, or numbers that were added to, as they are kept count of. */
export function keyCountOf(shards: Iterable<Shard>, nowMs: number, isListed: IsListed): number {
  if (areMany(shards)) return keptCountOf([...shards], nowMs);
  const each = [...shards];
  const endsMax = ENDS_MAX / Math.max(1, each.length);
  let count = 0;
  for (const shard of each) {
    count += basesIn(shard) - expiredIn(shard, nowMs, endsMax);
    for (const isCounted of others(shard, nowMs, isListed)) if (isCounted) count++;
  }
  return count;
}

/**
 * Without a walk through collections: of a key under which replicas made several things at once each counts. Of very many numbers
 * that were added to some of each shard are looked at, and stand for the others.
 */
export function keptCountOf(shards: readonly Shard[], nowMs: number): number {
  const endsMax = ENDS_MAX / Math.max(1, shards.length);
  const sumsMax = sumsIn(shards) > TURN_MAX ? Math.ceil(TURN_MAX / shards.length) : TURN_MAX;
  let count = 0;
  for (const shard of shards) {
    count += basesIn(shard) - expiredIn(shard, nowMs, endsMax) + lonelySumsIn(shard, nowMs, sumsMax);
    count += shard.containers.places.inhabited;
  }
  return count;
}

/** Values, but for those that consist of what was added alone. */
function basesIn({ standing, containers, increments }: Shard): number {
  return standing - containers.standing - increments.standing;
}

/** What stands though it has expired, until it is swept: of very many at once, more than `endsMax`, all are counted until then. */
function expiredIn({ expiries, table }: Shard, nowMs: number, endsMax: number): number {
  const due = expiries.dueBy(nowMs, endsMax) ?? [];
  return due.filter((slot) => isValueKind(kindAt(table.viewOf(slot), table.offsetOf(slot)))).length;
}

/** About, of more than `sumsMax`. */
function lonelySumsIn(shard: Shard, nowMs: number, sumsMax: number): number {
  let [looked, lonely] = [0, 0];
  for (const key of shard.increments.keys()) {
    if (looked === sumsMax) break;
    looked++;
    if (isLonelySum(shard, key, nowMs)) lonely++;
  }
  return looked === 0 ? 0 : Math.round((lonely * shard.increments.count) / looked);
}

function sumsIn(shards: Iterable<Shard>): number {
  let count = 0;
  for (const { increments } of shards) count += increments.count;
  return count;
}

/** They are counted one by one in more than one turn. */
export function areMany(shards: Iterable<Shard>): boolean {
  let count = sumsIn(shards);
  for (const { containers } of shards) count += containers.count;
  return count > TURN_MAX;
}
