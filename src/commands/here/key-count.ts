/** How many keys there are, of shards. */

import type { Container } from "../../core/containers/container.ts";
import { kindAt } from "../../core/record/record.ts";
import { isValueKind } from "../../core/shard/accounts.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { lonelySums } from "./key-value.ts";

/** Looked at in one turn. */
const TURN_MAX = 4096;

/** True of a container that is what its key shows. */
export type IsListed = (shard: Shard, container: Container) => boolean;

/** In steps. */
export function* keyCounting(shards: Iterable<Shard>, nowMs: number, isListed: IsListed): Generator<void, number> {
  let [count, looked] = [0, 0];
  for (const shard of shards) {
    count += valuesIn(shard, nowMs);
    for (const container of shard.containers.all()) {
      if (isListed(shard, container)) count++;
      if (++looked % TURN_MAX === 0) yield;
    }
  }
  return count;
}

/** In one turn: of many collections as they are kept count of. */
export function keyCountOf(shards: Iterable<Shard>, nowMs: number, isListed: IsListed): number {
  if (areMany(shards)) return [...shards].reduce((sum, shard) => sum + keptCountOf(shard, nowMs), 0);
  const counting = keyCounting(shards, nowMs, isListed);
  let step = counting.next();
  while (step.done !== true) step = counting.next();
  return step.value;
}

/** Of a shard, without a walk through its collections: of a key under which replicas made several things at once each counts. */
export function keptCountOf(shard: Shard, nowMs: number): number {
  return valuesIn(shard, nowMs) + shard.containers.places.inhabited;
}

function valuesIn(shard: Shard, nowMs: number): number {
  const values = shard.standing - shard.containers.standing - shard.increments.standing;
  return values - expiredIn(shard, nowMs) + lonelySums(shard, nowMs);
}

/** What stands though it has expired, until it is swept: of very many at once some are counted until then. */
function expiredIn({ expiries, table }: Shard, nowMs: number): number {
  const due = expiries.dueBy(nowMs, TURN_MAX) ?? [];
  return due.filter((slot) => isValueKind(kindAt(table.viewOf(slot), table.offsetOf(slot)))).length;
}

/** They are counted one by one in more than one turn. */
export function areMany(shards: Iterable<Shard>): boolean {
  let count = 0;
  for (const { containers } of shards) count += containers.count;
  return count > TURN_MAX;
}
