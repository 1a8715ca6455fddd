/**
 * How long Yjs would look for the places of what an update inserts. Where many insert at one place without knowing of each
 * other, it steps over the others for each: an update of 70 KB can make it do so for 13 s. So the steps are counted before
 * anything is applied: over other new items (`insertion-trial.ts`), over what the document has between the two neighbours,
 * and, for what comes first under a key of a map, over all that this key ever held.
 *
 * Whoever inserts does so between two neighbours, so where nobody else does so at the same time, there is nothing between.
 * The count may be above what Yjs does, and below by one for each item. It takes less time than Yjs, and ends at the limit.
 */

import * as Y from "yjs";
import { AtollError } from "../base/errors.ts";
import { inArrivalOrder } from "./arrival-order.ts";
import type { UpdateLimits } from "./document-limits.ts";
import { areSame } from "./ids.ts";
import { InsertionTrial } from "./insertion-trial.ts";
import { itemAt, type NewItem, NewItems, type Place } from "./new-items.ts";
import type { Struct } from "./type-nesting.ts";

export type InsertionLimits = Pick<UpdateLimits, "insertionStepsMax" | "insertionStepsPerStructMax">;

/**
 * Throws `AtollError` with `UPDATE_TOO_LARGE` when Yjs may need more steps than `insertionStepsMax`, and
 * `insertionStepsPerStructMax` for each struct, to insert what is new. Nothing must be missing that the update refers to.
 */
export function checkInsertions(doc: Y.Doc, structs: readonly Struct[], limits: InsertionLimits): void {
  const max = limits.insertionStepsMax + structs.length * limits.insertionStepsPerStructMax;
  if (insertionSteps(doc, structs, max) > max) {
    throw new AtollError("UPDATE_TOO_LARGE", "too many insertions at one place that do not know of each other");
  }
}

/** Steps at most, as far as they are not more than `max`; more than that where they are. */
export function insertionSteps(doc: Y.Doc, structs: readonly Struct[], max = Number.POSITIVE_INFINITY): number {
  return new InsertionWork(doc, new NewItems(doc, structs), max).steps();
}

class InsertionWork {
  readonly #doc: Y.Doc;
  readonly #max: number;
  readonly #items: NewItems;
  /** By item of the document, how many new ones are right of something in it, and of these. */
  readonly #attached = new Map<Y.Item, number>();
  /** By item that is right of one of the document, the steps over what the document has there. */
  readonly #inDocument = new Map<NewItem, number>();
  readonly #headSteps = new Map<Place, number>();
  #steps = 0;

  constructor(doc: Y.Doc, items: NewItems, max: number) {
    this.#doc = doc;
    this.#max = max;
    this.#items = items;
  }

  steps(): number {
    const trial = new InsertionTrial(this.#items.all, this.#max);
    if (this.#doc.store.clients.size > 0) this.#attach();
    for (const item of inArrivalOrder(this.#items)) {
      if (item.place === undefined) continue;
      trial.insert(item);
      if (item.leftItem === undefined) this.#steps += this.#stepsFromDocument(item, item.place);
      if (this.#steps + trial.steps > this.#max) break;
    }
    return this.#steps + trial.steps;
  }

  #attach(): void {
    const holders = new Map<NewItem, Y.Item>();
    for (const item of inArrivalOrder(this.#items)) {
      const { left, leftItem } = item;
      const holder = leftItem === undefined ? left && itemAt(this.#doc, left) : holders.get(leftItem);
      if (holder == null) continue;
      holders.set(item, holder);
      this.#attached.set(holder, (this.#attached.get(holder) ?? 0) + 1);
    }
  }

  /** What is put in front of something new that is right of the same is where that is. */
  #stepsFromDocument(item: NewItem, place: Place): number {
    const { left, right, rightItem } = item;
    const isInFront = rightItem !== undefined && rightItem.clock === right?.clock && areSame(rightItem.left, left);
    const known = isInFront ? this.#inDocument.get(rightItem) : undefined;
    const steps = known ?? this.#stepsInDocument(left, right, place);
    this.#inDocument.set(item, steps);
    return left === null && place.key !== null ? steps + this.#stepsToHead(place) : steps;
  }

  /** Yjs finds the first item of a key from the last one. */
  #stepsToHead(place: Place): number {
    const counted = this.#headSteps.get(place);
    if (counted !== undefined) return counted;
    const { parent, key, heads, items } = place;
    let steps = heads > 1 ? items : 0;
    let item = parent?._map.get(key as string) ?? null;
    for (; item !== null && steps <= this.#max; item = item.left) steps++;
    this.#headSteps.set(place, steps);
    return steps;
  }

  /** As Yjs goes: until it meets what was not inserted between the two. */
  #stepsInDocument(left: Y.ID | null, right: Y.ID | null, place: Place): number {
    const passed = new Set<unknown>();
    let steps = 0;
    let item = left === null ? firstOf(place) : (itemAt(this.#doc, left) ?? null);
    if (item === null || (right !== null && isCollected(this.#doc, right))) return 0;
    if (left !== null) {
      const next = left.clock + 1;
      if (next < item.id.clock + item.length) {
        if (right?.client === left.client && right.clock === next) return 0;
        passed.add(item);
        steps = 1 + (this.#attached.get(item) ?? 0);
        if (holds(item, right)) return steps;
      }
      item = item.right;
    }
    for (; item !== null && !holds(item, right) && steps <= this.#max; item = item.right) {
      steps++;
      passed.add(item);
      const isSibling = areSame(item.origin, left);
      if (!isSibling && (item.origin === null || !passed.has(Y.getItem(this.#doc.store, item.origin)))) break;
      steps += this.#attached.get(item) ?? 0;
    }
    return steps;
  }
}

function firstOf({ parent, key }: Place): Y.Item | null {
  if (parent === undefined) return null;
  if (key === null) return parent._start;
  let item = parent._map.get(key) ?? null;
  while (item !== null && item.left !== null) item = item.left;
  return item;
}

function holds({ id, length }: Y.Item, wanted: Y.ID | null): boolean {
  return wanted !== null && wanted.client === id.client && wanted.clock >= id.clock && wanted.clock < id.clock + length;
}

/** The document knows of it, and has nothing there. */
function isCollected(doc: Y.Doc, id: Y.ID): boolean {
  return id.clock < Y.getState(doc.store, id.client) && itemAt(doc, id) === undefined;
}
