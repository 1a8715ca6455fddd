/**
 * Members of collections that are added to: what one comes to, of its register and of increments by many replicas
 * (`core/containers/counted-members.ts`). Writes are told, not made: whoever calls hands them to the shard, in order.
 */

import { bytesFromLatin1 } from "../base/bytes.ts";
import type { Container } from "../core/containers/container.ts";
import { covererOf, isMember, isStanding } from "../core/containers/container-part.ts";
import { type Addition, additionTo, type CountedMember, countedMemberAt } from "../core/containers/counted-members.ts";
import { adderAt, encodeRun } from "../core/containers/increments.ts";
import { encodeScore } from "../core/containers/score-order.ts";
import { type Amount, addAmounts, textOfAmount } from "../core/record/amount.ts";
import { incrementsOf, KIND_SORTED_SET } from "../core/record/kind.ts";
import { fieldOfName, memberLengthAt, memberStartAt, nameAt, valueWithName } from "../core/record/member.ts";
import { textOfOrigin } from "../core/record/origin-bytes.ts";
import { timestampAt } from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { CollectionId } from "./collection.ts";
import { numberOf } from "./counter.ts";

/** What is there of a member whose slot stands for it; undefined: nothing was added that its register does not have. */
function additionIn(shard: Shard, slot: number): Addition | undefined {
  if (shard.containers.places.counted === 0) return undefined;
  const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  const container = shard.containers.of(view, at);
  const counted = container === undefined ? undefined : countedMemberAt(container, view, at);
  if (container === undefined || counted === undefined) return undefined;
  const isOut = shard.quarantined ? (each: number) => shard.isUnconfirmed(each) : undefined;
  const addition = additionTo(shard.table, container, counted, isOut);
  return addition.amount === undefined && isMember(view, at) ? undefined : addition;
}

/** What a member comes to; undefined: its register says so. */
export function summedValue(shard: Shard, slot: number): Uint8Array | undefined {
  const addition = additionIn(shard, slot);
  if (addition === undefined) return undefined;
  const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  if (shard.containers.of(view, at)?.kind === KIND_SORTED_SET)
    return encodeScore(shard.containers.places.scores.scoreOf(slot));
  const amount = isMember(view, at) ? sumWith(shard, slot, addition.amount) : addition.amount;
  // No number: what was added to it does not count.
  return amount === undefined ? undefined : bytesFromLatin1(textOfAmount(amount));
}

function sumWith(shard: Shard, base: number, amount: Amount | undefined): Amount | undefined {
  const [view, at] = [shard.table.viewOf(base), shard.table.offsetOf(base)];
  const start = view.byteOffset + memberStartAt(view, at);
  const own = numberOf(new Uint8Array(view.buffer, start, memberLengthAt(view, at)));
  return own === undefined || amount === undefined ? undefined : addAmounts(own, amount);
}

/** Slots of all that a member comes to of, that which stands for it first. */
export function partsOfMember(shard: Shard, slot: number): readonly number[] {
  return [...new Set([slot, ...(additionIn(shard, slot)?.from ?? [])])];
}

/** Adds to a member. `due`: when that expires by itself; undefined: it does not. */
export function memberAddition(
  shard: Shard,
  { kind, key }: CollectionId,
  name: string,
  { by, due }: { readonly by: Amount; readonly due: number | undefined },
  nowMs: number,
): LocalWrite {
  const field = fieldOfName(name) + textOfOrigin(shard.ownOrigin);
  const slot = shard.find(incrementsOf(kind), key, field);
  const last = slot === 0 || !goesOn(shard, slot, nowMs) ? undefined : shard.increments.runIn(slot);
  const tally =
    last === undefined
      ? { run: shard.nextSequence, count: 1, sum: by }
      : { ...last.tally, count: last.tally.count + 1, sum: addAmounts(last.tally.sum, by) };
  const run = valueWithName(name, encodeRun({ after: 0, began: 0, tally }));
  const above = lastOf(shard, { kind, key }, fieldOfName(name)) + 1;
  return { kind: incrementsOf(kind), key, field, value: run, expiresAt: due, above };
}

/** Stamp of the register of a member, which additions are two ticks above at the least (U3 of `counter-upkeep.ts`); or what was purged. */
function lastOf(shard: Shard, { kind, key }: CollectionId, field: string): number {
  const slot = shard.find(kind, key, field);
  if (slot === 0) return shard.graves.markOf(kind, key, field);
  return timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
}

/** True of a run that is neither over nor was seen by a deletion of the whole (N1 of `core/containers/increments.ts`). */
function goesOn(shard: Shard, slot: number, nowMs: number): boolean {
  return shard.isLive(slot, nowMs) && !shard.containers.isSeen(shard.table.viewOf(slot), shard.table.offsetOf(slot));
}

/** Of members whose runs others may go on with, or may write anew as they do not know the deletion yet. */
export function* namesAddedToElsewhere(shard: Shard, container: Container): Generator<string, void> {
  for (const counted of container.counted.values()) {
    const slot = openElsewhere(shard, container, counted);
    if (slot !== undefined) yield nameAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
  }
}

/** Increments by another life: also of those that a register of the member has, others may have none, and write one. */
function openElsewhere(shard: Shard, container: Container, counted: CountedMember): number | undefined {
  return counted.slots.find((slot) => {
    const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
    return isStanding(view, at) && covererOf(container, view, at, 0) === 0 && adderAt(view, at) !== shard.ownOrigin;
  });
}
