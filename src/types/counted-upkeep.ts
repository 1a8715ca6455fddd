/** What goes of the increments of members (`core/containers/counted-members.ts`): U1 to U3 of `counter-upkeep.ts`, with each member for a key. */

import type { OriginId } from "../base/ids.ts";
import { msOfTimestamp } from "../core/clock.ts";
import type { Container } from "../core/containers/container.ts";
import { isStanding } from "../core/containers/container-part.ts";
import { type CountedMember, memberFieldAt } from "../core/containers/counted-members.ts";
import { adderAt, runAt, sightAt, unseenOf } from "../core/containers/increments.ts";
import { incrementsOf } from "../core/record/kind.ts";
import { nameAt, valueWithName } from "../core/record/member.ts";
import { textOfOrigin } from "../core/record/origin-bytes.ts";
import { expiresAt } from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import { partsOfMember, summedValue } from "./counted-member.ts";
import type { UpkeepView } from "./counter-upkeep.ts";
import { foldStamp, hasWitness } from "./fold-witness.ts";

/** What has to be written, nothing else meanwhile. */
export function memberUpkeepOf(
  shard: Shard,
  container: Container,
  counted: CountedMember,
  view: UpkeepView,
): readonly LocalWrite[] {
  // What a deletion of the whole saw goes first.
  if (container.isFalling) return [];
  const isSettled = isSettledIn(shard, counted, view);
  const removals = isSettled ? removalsOf(shard, container, counted) : [];
  if (removals.length > 0) return removals;
  const folded = foldOf(shard, container, counted, isSettled, view);
  return folded === undefined ? [] : [folded];
}

/** Its register is held, has not come to its end unless it has fallen, and is settled. */
function isSettledIn({ table }: Shard, { base }: CountedMember, { nowMs, isSettled }: UpkeepView): boolean {
  if (base === 0) return false;
  const [view, at] = [table.viewOf(base), table.offsetOf(base)];
  return (!isStanding(view, at) || expiresAt(view, at) > nowMs) && isSettled(view, at);
}

/** U1. */
function removalsOf(shard: Shard, { kind, key }: Container, { base, slots, field }: CountedMember): LocalWrite[] {
  const { table } = shard;
  const seen = sightAt(table.viewOf(base), table.offsetOf(base));
  const removals: LocalWrite[] = [];
  for (const slot of slots) {
    if (!shard.isStanding(slot) || shard.isUnconfirmed(slot)) continue;
    const run = runAt(table.viewOf(slot), table.offsetOf(slot));
    const origin = adderAt(table.viewOf(slot), table.offsetOf(slot));
    const last = seen.get(origin);
    if (run === undefined || last === undefined || unseenOf(run.tally, last) !== undefined) continue;
    removals.push({ kind: incrementsOf(kind), key, field: field + textOfOrigin(origin), isRemoval: true });
  }
  return removals;
}

/** U2, U3. */
function foldOf(
  shard: Shard,
  { kind, key }: Container,
  counted: CountedMember,
  isSettled: boolean,
  around: UpkeepView,
): LocalWrite | undefined {
  const { nowMs, ageMin } = around;
  const { base, standIn } = counted;
  const { table, vector } = shard;
  const slot = standIn === 0 ? base : standIn;
  if (slot === 0 || !shard.isLive(slot, nowMs)) return undefined;
  const parts = partsOfMember(shard, slot).filter((each) => each !== base);
  const isOfSealed = (each: number) => vector.isSealed(adderIn(shard, each));
  const isGone = base !== 0 && standIn !== 0;
  if (parts.length === 0 || (!parts.some(isOfSealed) && !(isGone && isSettled))) return undefined;
  const value = summedValue(shard, slot);
  // No number: what was added to it does not count, and stays as it is.
  if (value === undefined) return undefined;
  const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
  const due = expiresAt(view, at);
  const field = memberFieldAt(view, at);
  const stamp = foldStamp(shard, base, parts, shard.graves.markOf(kind, key, field));
  const mayTell = parts.filter((each) => isOfSealed(each) || adderIn(shard, each) === shard.ownOrigin);
  const isOld = msOfTimestamp(stamp) < nowMs - ageMin;
  if (!isOld || !hasWitness(shard, mayTell, { stamp, end: due }, around.isSettled)) return undefined;
  const write: LocalWrite = {
    ...{ kind, key, field, value: valueWithName(nameAt(view, at), value) },
    expiresAt: due === Infinity ? undefined : due,
  };
  if (base === 0) return { ...write, exactStamp: stamp };
  return shard.isUnconfirmed(base) ? undefined : { ...write, isRemoval: true };
}

function adderIn({ table }: Shard, slot: number): OriginId {
  return adderAt(table.viewOf(slot), table.offsetOf(slot));
}
