/** What lies under a key and is made of many registers, as `containers.ts` tells: which registers those are, and what they come to. */

import type { Key } from "../base/ids.ts";
import type { FieldOrder } from "./field-order.ts";
import { KIND_LIST, KIND_SORTED_SET } from "./kind.ts";
import { OrderedSlots } from "./ordered-slots.ts";
import type { ScoreOrder } from "./score-order.ts";
import type { VersionVector } from "./version-vector.ts";

export class Container {
  readonly kind: number;
  readonly key: Key;
  /** The one of the next greater kind under the same key. */
  next: Container | undefined;
  /** Slot of the last deletion; 0: none is held. */
  base = 0;
  /** Slot of the lease; 0: it does not expire. */
  lease = 0;
  /** Slots of members that stand, which are neither deleted nor expired as of the last sweep, by the order of their fields; of a list from head to tail. */
  readonly members: OrderedSlots;
  /** Slots of the others, tombstones and what has fallen, in the same order. */
  readonly remains: OrderedSlots;
  /** Of a sorted set: slots of members that stand, by their scores. */
  readonly byScore: OrderedSlots | undefined;
  /** Members that stand and expire by themselves. */
  expiring = 0;
  readonly #order: FieldOrder;
  /** Of the values of all members that stand. */
  bytes = 0;
  /** Another one, of all containers of the shard, whenever something of it has changed. */
  changes = 0;
  /** Members that were shown when the last deletion of the whole came, and that it saw. */
  felled = 0;
  /** The greatest stamp that was seen of it since something of it is held. */
  newest = 0;
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
    const isBefore = kind === KIND_LIST ? order.isBeforeInList : order.isBefore;
    this.members = new OrderedSlots(isBefore);
    this.remains = new OrderedSlots(isBefore);
    this.byScore = kind === KIND_SORTED_SET ? new OrderedSlots(scores.isBefore) : undefined;
  }

  /** Where a member lies in their order, from 0 on. */
  placeOf(slot: number): number {
    return this.#order.orderOf(slot);
  }

  get isEmpty(): boolean {
    const hasMembers = this.members.size > 0 || this.remains.size > 0;
    return this.base === 0 && this.lease === 0 && !hasMembers && this.covers.size === 0;
  }
}
