/**
 * Members of collections that something was added to, as to a value (`increments.ts`): fields of hashes, and members of sorted sets. Their
 * increments are registers of the collection, (key, kind | 0x40, the member's field and the origin of who adds); the register of the
 * member, its base, stays as it is and says what of them it saw. N1 to N4 hold for them as for values, and besides:
 *
 *  M1. A member is there while its base stands, or anything was added that the base, dead, gone or not held at all, has not seen. Of
 *      one without a base that stands one of these increments has its place in the orders of the collection: it *stands in* for it.
 *  M2. What a deletion of the whole saw falls, increments as well (`containers.ts`). Whoever deletes the whole removes each member before
 *      of which increments of another life stand, whether its register has them or not: somebody else may go on with the run, or write
 *      the sum anew under a dot that the deletion did not see, and what was seen of it has to be told.
 *  M3. To remove a member is to write its base dead, with all that was seen, just after all that is held of it,
 *      increments included: so it loses to whatever is put later, wins over a sum that is written anew at the same time, and what was
 *      added meanwhile stays.
 *  M4. A base that has expired takes with it what it saw, and nothing else (not N5): the increments of a member that expires expire by
 *      themselves. So it does not matter whether a member expires or falls first.
 *
 * The score of a member is that of its base and the sum of what was added, which is exact, rounded once each.
 */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import { type Amount, addAmounts, doubleOfAmount } from "../record/amount.ts";
import { KIND_PLAIN } from "../record/kind.ts";
import { memberFieldLengthAt } from "../record/member.ts";
import { expiresAt, fieldLengthAt, identityEndAt } from "../record/record.ts";
import { NONE_SEEN } from "../record/seen.ts";
import type { RegisterTable } from "../table/register-table.ts";
import type { Container } from "./container.ts";
import { covererOf, isStanding } from "./container-part.ts";
import type { Containers } from "./containers.ts";
import { adderAt, type Increments, runAt, sightAt, unseenOf } from "./increments.ts";
import { scoreAt } from "./score-order.ts";

export interface CountedMember {
  readonly field: string;
  /** Slot of its own register; 0: none is held. */
  base: number;
  /** Of increments of it that are held, whether they stand or not. */
  slots: number[];
  /** The one of them that stands in for it (M1); 0: none does. */
  standIn: number;
  /** It is about to change: what is there of it is in no order by value or end. */
  isLifted: boolean;
}

/** What was added to a member that its base does not have. */
export interface Addition {
  /** Undefined: nothing. */
  readonly amount: Amount | undefined;
  /** Slots of the increments that say so. */
  readonly from: readonly number[];
}

const NOTHING_ADDED: Addition = { amount: undefined, from: [] };

/** Slots of what is held of increments of a value, or of a member of a collection, whether they stand or not. */
export function slotsAddedTo(
  { increments, containers }: { readonly increments: Increments; readonly containers: Containers },
  kind: number,
  key: Key,
  field?: string,
): readonly number[] {
  return kind === KIND_PLAIN ? increments.of(key) : containers.incrementsOf(kind, key, field);
}

/** The field of the member that a record is of, or whose increments it holds. */
export function memberFieldAt(view: DataView, at: number): string {
  const start = identityEndAt(view, at) - fieldLengthAt(view, at);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return latin1FromBytes(bytes, start, start + memberFieldLengthAt(view, at));
}

/** Undefined: nothing that is held was added to the member of a record. */
export function countedMemberAt(container: Container, view: DataView, at: number): CountedMember | undefined {
  return container.counted.size === 0 ? undefined : container.counted.get(memberFieldAt(view, at));
}

/** `isOut`: of increments that do not count, though they stand. */
export function additionTo(
  table: RegisterTable,
  container: Container,
  member: CountedMember,
  isOut?: (slot: number) => boolean,
): Addition {
  const { base, slots } = member;
  if (slots.length === 0) return NOTHING_ADDED;
  const seen = base === 0 ? NONE_SEEN : sightAt(table.viewOf(base), table.offsetOf(base));
  const from: number[] = [];
  let amount: Amount | undefined;
  for (const slot of slots) {
    const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
    if (!isStanding(view, at) || covererOf(container, view, at, 0) !== 0 || isOut?.(slot) === true) continue;
    const run = runAt(view, at);
    const unseen = run === undefined ? undefined : unseenOf(run.tally, seen.get(adderAt(view, at)));
    if (unseen === undefined) continue;
    amount = amount === undefined ? unseen : addAmounts(amount, unseen);
    from.push(slot);
  }
  return { amount, from };
}

/** Of increments the one that stands in for their member: that which ends last, or the one that does now. */
export function standInAmong(table: RegisterTable, { standIn }: CountedMember, from: readonly number[]): number {
  let best = 0;
  let bestEnd = 0;
  for (const slot of from) {
    const end = expiresAt(table.viewOf(slot), table.offsetOf(slot));
    if (best !== 0 && (end < bestEnd || (end === bestEnd && slot !== standIn))) continue;
    best = slot;
    bestEnd = end;
  }
  return best;
}

/** The score of a member of a sorted set; `base`: the slot of its register if that stands, or 0. */
export function summedScore(table: RegisterTable, base: number, amount: Amount | undefined): number {
  const own = base === 0 ? 0 : scoreAt(table.viewOf(base), table.offsetOf(base));
  const sum = own + (amount === undefined ? 0 : doubleOfAmount(amount));
  // Of two infinities the one that was put.
  return Number.isNaN(sum) ? own : sum + 0;
}
