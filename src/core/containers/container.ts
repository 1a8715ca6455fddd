/** What lies under a key and is made of many registers, as `containers.ts` tells: which registers those are, and what they come to. */

import type { Key, OriginId } from "../../base/ids.ts";
import { KIND_LIST, KIND_SORTED_SET } from "../record/kind.ts";
import { USE_OF_UNQUEUED, usedOnceMore } from "../table/s3-fifo.ts";
import type { VersionVector } from "../version-vector.ts";
import type { CountedMember } from "./counted-members.ts";
import type { FieldOrder } from "./field-order.ts";
import { OrderedSlots } from "./ordered-slots.ts";
import type { ScoreOrder } from "./score-order.ts";

export class Container {
  readonly kind: number;
  readonly key: Key;
  /** The one of the next greater kind under the same key. */
  next: Container | undefined;
  /** Slot of the last deletion; 0: none is held. */
  base = 0;
  /** Slot of the lease; 0: it does not expire. */
  lease = 0;
  /** Slots of members that stand, or of increments that stand for one, which are neither deleted nor expired as of the last sweep, by the order of their fields; of a list from head to tail. */
  members: OrderedSlots;
  /** Slots of the others, tombstones and what has fallen, in the same order. */
  readonly remains: OrderedSlots;
  /**
   * Slots of members that stand, that a deletion of the whole saw, and that have not fallen yet: none of them is a member any
   * more. Those of the earlier deletions first; none is empty.
   */
  readonly falling: OrderedSlots[] = [];
  /** Of a sorted set: slots of members, by their scores. */
  byScore: OrderedSlots | undefined;
  /** Members that something was added to, by their fields (`counted-members.ts`). */
  readonly counted = new Map<string, CountedMember>();
  /** Registers of increments that are held. */
  increments = 0;
  /** Slots of increments that are still to fall, as a deletion of the whole may have seen them. */
  readonly fallingIncrements = new Set<number>();
  /** Of those that stand in for members which fall: they fall with these. */
  readonly fallingStandIns = new Set<number>();
  /** Whoever wrote a member that is, or was, held; and who else may have. */
  readonly writers: OriginId[] = [];
  /** Slots of members that expire by themselves, by when; absent until there is one. */
  byEnd: OrderedSlots | undefined;
  readonly #order: FieldOrder;
  readonly #scores: ScoreOrder;
  /** Of the values of all members that stand. */
  bytes = 0;
  /** Another one, of all containers of the shard, whenever something of it has changed. */
  changes = 0;
  /** It has members, and counts among those that do (`MemberPlaces.inhabited`). */
  isInhabited = false;
  /** Members that were shown when the last deletion of the whole came, and that it saw. */
  felled = 0;
  /** The greatest stamp that was seen of it since something of it is held. */
  newest = 0;
  /** How much it was asked for of late, all of it alike (`s3-fifo.ts`). */
  use = USE_OF_UNQUEUED;
  /** When it was last, ms; undefined: nobody came across it yet. */
  usedAt: number | undefined;
  /** What some members of a document, or deletions of a collection, cover, by their slots. */
  readonly covers = new Map<number, VersionVector>();
  /** Stamp of the newest deletion that is known exactly. */
  generation = 0;
  /** At least `generation`: every deletion up to this stamp is known, or was purged, to somebody who wrote here. */
  after = 0;

  constructor(kind: number, key: Key, order: FieldOrder, scores: ScoreOrder) {
    this.kind = kind;
    this.key = key;
    this.#order = order;
    this.#scores = scores;
    this.members = this.#inOrder();
    this.remains = this.#inOrder();
    this.byScore = this.#inScoreOrder();
  }

  #inOrder(): OrderedSlots {
    return new OrderedSlots(this.kind === KIND_LIST ? this.#order.isBeforeInList : this.#order.isBefore);
  }

  #inScoreOrder(): OrderedSlots | undefined {
    return this.kind === KIND_SORTED_SET ? new OrderedSlots(this.#scores.isBefore) : undefined;
  }

  /**
   * Makes all members fall, in no time, and of increments those that do. No more than `fewMax` join those that fall already, so that few
   * places are to be looked into.
   */
  letAllFall(fewMax: number, falls: (increments: number) => boolean): void {
    const { members, falling } = this;
    for (const { slots, standIn } of this.counted.values()) {
      for (const slot of slots)
        if (falls(slot)) (slot === standIn ? this.fallingStandIns : this.fallingIncrements).add(slot);
    }
    const last = members.size > fewMax ? undefined : falling[falling.length - 1];
    if (last === undefined && members.size > 0) falling.push(members);
    else if (last !== undefined) for (const slot of members.from(0)) last.add(slot);
    this.members = this.#inOrder();
    this.byScore = this.#inScoreOrder();
    this.bytes = 0;
    this.byEnd = undefined;
  }

  /** True of a dot that a deletion of the whole saw, or a member covers. */
  isCovered(origin: OriginId, sequence: number): boolean {
    for (const covers of this.covers.values()) if (covers.covers(origin, sequence)) return true;
    return false;
  }

  /** A command asks for something of it at `now`: that counts once, however often it looks, and not for who has made it. */
  used(now: number): void {
    if (this.usedAt === now) return;
    if (this.usedAt !== undefined) this.use = usedOnceMore(this.use);
    this.usedAt = now;
  }

  wroteHere(origin: OriginId): void {
    const { writers } = this;
    if (writers[writers.length - 1] !== origin && !writers.includes(origin)) writers.push(origin);
  }

  /** Of a member that is held, `stands` or not. */
  placeIn(slot: number, stands: boolean): OrderedSlots {
    if (!stands) return this.remains;
    for (const slots of this.falling) if (slots.has(slot)) return slots;
    return this.members;
  }

  /** Nothing is left in a place. */
  isLeft(place: OrderedSlots): void {
    const index = this.falling.indexOf(place);
    if (index >= 0) this.falling.splice(index, 1);
  }

  get isFalling(): boolean {
    return this.falling.length > 0 || this.fallingIncrements.size > 0 || this.fallingStandIns.size > 0;
  }

  /** Slots of members that stand, and of increments, some of which may stand for a member. */
  *parts(): Generator<number, void> {
    yield* this.members.from(0);
    yield* this.heldIncrements();
  }

  /** Slots of increments, whether they stand or not. */
  *heldIncrements(): Generator<number, void> {
    for (const { slots } of this.counted.values()) yield* slots;
  }

  /** Slots of up to so many of those members that fall first. */
  nextToFall(count: number): number[] {
    const slots: number[] = [];
    for (const each of this.falling) {
      if (slots.length >= count) break;
      for (const slot of each.firstOf(count - slots.length)) slots.push(slot);
    }
    return slots;
  }

  /** Where a member lies in their order, from 0 on. */
  placeOf(slot: number): number {
    return this.#order.orderOf(slot);
  }

  /** The slot that stands for the whole where keys are listed; 0: there is nothing. It may have expired, and others not. */
  get representative(): number {
    return this.members.at(0);
  }

  get isEmpty(): boolean {
    const hasMembers =
      this.members.size > 0 || this.remains.size > 0 || this.falling.length > 0 || this.counted.size > 0;
    return this.base === 0 && this.lease === 0 && !hasMembers && this.covers.size === 0;
  }
}
