/**
 * Where members lie in the orders of their container: of fields, of scores, of ends. What stands in for a member that has no register of its
 * own that stands lies there in its stead (M1 of `counted-members.ts`). A member leaves its places before its record changes, and takes the
 * new ones afterwards, whoever changes it.
 */

import { baseKindOf, isCollectionKind } from "../record/kind.ts";
import { expiresAt, keyAt, kindAt, RecordWriter, valueLengthAt } from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";
import type { Container } from "./container.ts";
import { covererOf, isMember, isMemberIncrements, isStanding } from "./container-part.ts";
import {
  additionTo,
  type CountedMember,
  countedMemberAt,
  memberFieldAt,
  standInAmong,
  summedScore,
} from "./counted-members.ts";
import { EndOrder } from "./end-order.ts";
import { FieldOrder } from "./field-order.ts";
import type { OrderedSlots } from "./ordered-slots.ts";
import { ScoreOrder } from "./score-order.ts";

export class MemberPlaces {
  readonly #table: RegisterTable;
  readonly order: FieldOrder;
  readonly ends: EndOrder;
  readonly scores: ScoreOrder;
  readonly #writer = new RecordWriter(64);
  /** A register that is being written over, and if it is a member's among which that is. */
  #changing = 0;
  #from: OrderedSlots | undefined;
  /** Members that increments are held of. */
  counted = 0;
  /** Collections that have members. */
  inhabited = 0;
  /** Containers of which something is falling. */
  readonly falling = new Set<Container>();

  constructor(table: RegisterTable) {
    this.#table = table;
    this.order = new FieldOrder(table);
    this.ends = new EndOrder(table);
    this.scores = new ScoreOrder(table);
  }

  noteMember(container: Container, slot: number, view: DataView, at: number): void {
    const stands = isStanding(view, at);
    const counted = countedMemberAt(container, view, at);
    if (counted !== undefined) {
      this.#lift(container, counted);
      counted.base = slot;
      if (stands) this.#standIn(container, counted, 0);
    }
    this.#place(container, slot, stands);
    if (counted !== undefined) this.#settle(container, counted);
    else if (stands) this.#account(container, slot, 1);
    this.#countInhabited(container);
  }

  noteIncrements(container: Container, slot: number, view: DataView, at: number): void {
    this.#changing = 0;
    const counted = countedMemberAt(container, view, at) ?? this.#beginCounting(container, memberFieldAt(view, at));
    this.#lift(container, counted);
    if (!counted.slots.includes(slot)) {
      counted.slots = [...counted.slots, slot];
      container.increments++;
    }
    this.#settle(container, counted);
    this.#countInhabited(container);
  }

  /** Whether it has members may have changed. */
  #countInhabited(container: Container): void {
    const isInhabited = container.members.size > 0;
    if (isInhabited === container.isInhabited) return;
    container.isInhabited = isInhabited;
    if (isCollectionKind(container.kind)) this.inhabited += isInhabited ? 1 : -1;
  }

  #beginCounting(container: Container, field: string): CountedMember {
    this.#writer.writeIdentity(container.kind, container.key, field);
    const base = this.#table.find(this.#writer.view, 0);
    const counted: CountedMember = { field, base, slots: [], standIn: 0, isLifted: false };
    container.counted.set(field, counted);
    this.counted++;
    return counted;
  }

  /** What is there of a member leaves the orders that its value or its end is in, until it is settled. */
  #lift(container: Container, counted: CountedMember): void {
    if (counted.isLifted) return;
    counted.isLifted = true;
    const slot = counted.standIn === 0 ? counted.base : counted.standIn;
    if (this.#isAmongMembers(container, slot)) this.#account(container, slot, -1);
  }

  /** M1 of `counted-members.ts`. */
  #settle(container: Container, counted: CountedMember): void {
    counted.isLifted = false;
    const base = this.#isAmongMembers(container, counted.base) ? counted.base : 0;
    const { amount, from } = additionTo(this.#table, container, counted);
    this.#standIn(container, counted, base === 0 ? standInAmong(this.#table, counted, from) : 0);
    const slot = base === 0 ? counted.standIn : base;
    this.scores.sums.delete(counted.base);
    if (slot !== 0) {
      if (container.byScore !== undefined && from.length > 0)
        this.scores.sums.set(slot, summedScore(this.#table, base, amount));
      this.#account(container, slot, 1);
    }
    if (counted.slots.length > 0) return;
    container.counted.delete(counted.field);
    this.counted--;
  }

  /** Has another of its increments stand in for a member, or with 0 none. */
  #standIn(container: Container, counted: CountedMember, to: number): void {
    const last = counted.standIn;
    if (last === to && (to === 0 || this.#isAmongMembers(container, to))) return;
    counted.standIn = to;
    if (last !== 0) {
      if (container.fallingStandIns.delete(last)) container.fallingIncrements.add(last);
      this.order.compared(last);
      this.#take(container, container.placeIn(last, true), last);
      this.scores.sums.delete(last);
    }
    if (to === 0) return;
    this.order.compared(to);
    container.members.add(to);
  }

  /** True of a slot that stands for a member, which is neither deleted nor gone nor about to fall. */
  #isAmongMembers(container: Container, slot: number): boolean {
    if (slot === 0 || !isStanding(this.#table.viewOf(slot), this.#table.offsetOf(slot))) return false;
    return container.falling.length === 0 || container.placeIn(slot, true) === container.members;
  }

  #place(container: Container, slot: number, stands: boolean): void {
    const from = slot === this.#changing ? this.#from : undefined;
    this.#changing = 0;
    const to = stands ? container.members : container.remains;
    if (from === to) return;
    this.order.compared(slot);
    if (from !== undefined) this.#take(container, from, slot);
    to.add(slot);
  }

  #take(container: Container, from: OrderedSlots, slot: number): void {
    from.remove(slot);
    if (from.size > 0) return;
    container.isLeft(from);
    if (!container.isFalling) this.falling.delete(container);
  }

  /** A member's register, or increments of it, are about to be written over: they are noted afterwards, or `unchanged`. */
  changing(container: Container, slot: number): void {
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    this.#changing = slot;
    const counted = countedMemberAt(container, view, at);
    if (counted !== undefined) this.#lift(container, counted);
    if (isMemberIncrements(view, at)) return;
    this.#from = container.placeIn(slot, isStanding(view, at));
    if (this.#from === container.members && counted === undefined) this.#account(container, slot, -1);
  }

  /** It was not written over. */
  unchanged(container: Container, slot: number): void {
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    if (slot !== this.#changing) return;
    this.#changing = 0;
    const counted = countedMemberAt(container, view, at);
    if (counted !== undefined) this.#settle(container, counted);
    else if (this.#from === container.members) this.#account(container, slot, 1);
  }

  /** Of what is counted of members. */
  #account(container: Container, slot: number, step: number): void {
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    container.bytes += step * valueLengthAt(view, at);
    if (expiresAt(view, at) !== Infinity) {
      container.byEnd ??= this.ends.inOrder();
      if (step > 0) container.byEnd.add(slot);
      else container.byEnd.remove(slot);
    }
    if (step > 0) this.#scoreChanged(container, slot);
    else this.#scoreChanging(container, slot);
  }

  /** A member that stands is about to have another score, or none: until it has, it is in no place. */
  #scoreChanging({ byScore }: Container, slot: number): void {
    byScore?.remove(slot);
  }

  /** A member that stands has the score that it has from now on. */
  #scoreChanged({ byScore }: Container, slot: number): void {
    byScore?.add(slot);
  }

  /** Members and increments that a deletion saw are to fall in steps: all but those in `unseen`. `fewMax`: how many may be moved at once. */
  doom(container: Container, unseen: readonly number[], fewMax: number): void {
    if (container.counted.size === 0 && unseen.length === container.members.size) return;
    const unseenOfCounted = new Set<CountedMember>();
    // What falls may be joined by what stands in for the same member, and two of one place have none in one order.
    if (container.members.size <= fewMax) this.#dropStandIns(container);
    const stays = new Set(unseen);
    container.letAllFall(fewMax, (slot) => !stays.has(slot) && this.isToFall(container, slot));
    for (const slot of unseen) {
      const [view, at] = [this.#table.viewOf(slot), this.#table.offsetOf(slot)];
      const counted = countedMemberAt(container, view, at);
      if (counted !== undefined) unseenOfCounted.add(counted);
      if (isMemberIncrements(view, at)) continue;
      this.order.compared(slot);
      this.#take(container, container.placeIn(slot, true), slot);
      container.members.add(slot);
      if (counted === undefined) this.#account(container, slot, 1);
    }
    // They are in no order by value any more.
    for (const counted of unseenOfCounted) this.#settle(container, counted);
    if (container.isFalling) this.falling.add(container);
    this.#countInhabited(container);
  }

  #dropStandIns(container: Container): void {
    if (container.counted.size === 0) return;
    for (const slot of [...container.members.from(0)]) {
      const [view, at] = [this.#table.viewOf(slot), this.#table.offsetOf(slot)];
      const counted = isMemberIncrements(view, at) ? countedMemberAt(container, view, at) : undefined;
      if (counted !== undefined) this.#standIn(container, counted, 0);
    }
  }

  /** Slots of up to so many members and increments that fall next; after as many looks there may be fewer. */
  nextToFall(container: Container, count: number): number[] {
    const slots = container.nextToFall(count);
    for (let left = count - slots.length; left > 0; left--) {
      const from = container.fallingIncrements.size > 0 ? container.fallingIncrements : container.fallingStandIns;
      const [slot] = from;
      if (slot === undefined) break;
      from.delete(slot);
      if (this.isToFall(container, slot)) slots.push(slot);
    }
    if (!container.isFalling) this.falling.delete(container);
    return slots;
  }

  /** True of increments of a container that a deletion saw; the slot may be that of something else meanwhile. */
  isToFall(container: Container, slot: number): boolean {
    if (!this.#table.isHeld(slot) || this.#table.isSentinel(slot)) return false;
    const [view, at] = [this.#table.viewOf(slot), this.#table.offsetOf(slot)];
    return (
      isMemberIncrements(view, at) &&
      isOf(container, view, at) &&
      isStanding(view, at) &&
      covererOf(container, view, at, 0) !== 0
    );
  }

  /** The slot that stands for the member whose register, or increments of which, a slot holds; 0: it is not there, or of no member. */
  presentSlot(container: Container, slot: number): number {
    const [view, at] = [this.#table.viewOf(slot), this.#table.offsetOf(slot)];
    if (!isOf(container, view, at) || !(isMember(view, at) || isMemberIncrements(view, at))) return 0;
    const counted = countedMemberAt(container, view, at);
    const present = counted === undefined ? slot : counted.standIn === 0 ? counted.base : counted.standIn;
    return this.#isAmongMembers(container, present) ? present : 0;
  }

  /** True of a slot that a member of the container is in, or increments of one that stand. */
  isPartOf(container: Container, slot: number): boolean {
    const [view, at] = [this.#table.viewOf(slot), this.#table.offsetOf(slot)];
    if (!isOf(container, view, at)) return false;
    if (isMemberIncrements(view, at)) return isStanding(view, at);
    return isMember(view, at) && this.#isAmongMembers(container, slot);
  }

  forgetMember(container: Container, slot: number, view: DataView, at: number): void {
    const counted = countedMemberAt(container, view, at);
    const place = container.placeIn(slot, isStanding(view, at));
    if (counted !== undefined) this.#lift(container, counted);
    else if (place === container.members) this.#account(container, slot, -1);
    this.order.compared(slot);
    this.#take(container, place, slot);
    if (counted !== undefined) {
      counted.base = 0;
      this.scores.sums.delete(slot);
      this.#settle(container, counted);
    }
    this.#countInhabited(container);
  }

  forgetIncrements(container: Container, slot: number, view: DataView, at: number): void {
    const counted = countedMemberAt(container, view, at);
    if (counted === undefined) return;
    this.#lift(container, counted);
    counted.slots = counted.slots.filter((each) => each !== slot);
    container.increments--;
    this.#settle(container, counted);
    this.#countInhabited(container);
  }
}

function isOf({ kind, key }: Container, view: DataView, at: number): boolean {
  return baseKindOf(kindAt(view, at)) === kind && keyAt(view, bytesOf(view), at) === key;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
