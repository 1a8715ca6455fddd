/**
 * Containers: what lies under a key and is made of many registers, each of which is written, sent, stored and repaired by
 * itself. By its identity a register of a container is
 *
 *   its base      (key, kind, no field)     of a document, dead: the last deletion of the whole
 *   a deletion    (key, kind, "-" origin)   of a collection, dead: the last of the whole by that origin, with what it saw
 *   its lease     (key, kind, empty field)  when the whole expires
 *   a member      (key, kind, field)        of a document with a bond (`bond.ts`) to the others; of a collection "+" and its name (`member.ts`)
 *   increments    (key, kind | 0x40, field) of a member of a hash or a sorted set: its field, and the origin (`counted-members.ts`)
 *
 * Of a *document* a deletion begins a new *generation*, named by its stamp. Members that did not know of it are dead, wherever
 * and whenever they come: edits of an old generation are dropped. A member that knew of a deletion tells of it, so that it kills
 * what is older also where the deletion itself has not arrived. Where nothing is held of a document it may be because all
 * owners had its deletion and purged it: what is written then comes after all that was purged from the bucket of its base.
 * A member may cover others (a snapshot): it holds what they held, and they are dead.
 *
 * A document's registers that are dead are dropped at once and leave no tombstone: whoever killed them is held, or was
 * superseded by what kills as much. So the set of what is held depends on the dots that were seen and not on their order.
 *
 * Of a *collection* (hash, set, sorted set, list) members are registers like any other, and a deletion of the whole is a tombstone that says what
 * its writer saw. What it covers *falls*, as if it had expired, whenever it comes: its value goes, and its place in the order
 * stays until it is purged like any tombstone, so that what it had surpassed never comes back. Of many members that takes several
 * steps, and none of them is shown meanwhile. What the deletion did not see
 * stays (add wins). Deletions of which neither saw the other stand side by side.
 *
 * A lease is stamped after what it is the lease of, and dies with its generation or falls with what was seen. Once it has expired nothing
 * of the container is shown; it is deleted when somebody writes, or when no owner can prolong it any more (`replica/leases.ts`).
 */

import type { Key } from "../../base/ids.ts";
import { afterAt, coversAt, generationAt } from "../record/bond.ts";
import { baseKindOf, isCollectionKind, isContainerKind } from "../record/kind.ts";
import { expiresAt, flagsAt, isGone, keyAt, kindAt, originAt, sequenceAt, timestampAt } from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";
import { Container } from "./container.ts";
import {
  covererOf,
  isBase,
  isDeletion,
  isLease,
  isMember,
  isMemberIncrements,
  mayFall,
  sawAt,
} from "./container-part.ts";
import { ContainersByKey } from "./containers-by-key.ts";
import { MemberPlaces } from "./member-places.ts";

const NO_SLOTS: readonly number[] = [];

export class Containers {
  readonly #table: RegisterTable;
  readonly places: MemberPlaces;
  readonly #byKey = new ContainersByKey();
  /** Registers of containers that stand. */
  standing = 0;
  #changes = 0;
  /** Those whose lease has fallen. */
  readonly expired = new Set<Container>();

  constructor(table: RegisterTable) {
    this.#table = table;
    this.places = new MemberPlaces(table);
  }

  get count(): number {
    return this.#byKey.count;
  }

  all(): Iterable<Container> {
    return this.#byKey.all();
  }

  /** Whatever is held under a key, of ascending kinds. */
  under(key: Key): Iterable<Container> {
    return this.#byKey.under(key);
  }

  /** Undefined where nothing is held of it. */
  find(kind: number, key: Key): Container | undefined {
    return this.#byKey.find(kind, key);
  }

  /** The container of a record; undefined for a plain value and where nothing is held. */
  of(view: DataView, at: number): Container | undefined {
    const kind = kindAt(view, at);
    return isContainerKind(kind) ? this.find(baseKindOf(kind), keyAt(view, bytesOf(view), at)) : undefined;
  }

  /**
   * The slot of what is held and kills a record of a document, itself not among what is held; 0 when nothing does, `UNNAMED` when what
   * did is not held any more.
   */
  killerOf(view: DataView, at: number): number {
    const container = this.of(view, at);
    if (container === undefined) return 0;
    if (isOutdated(container, view, at)) return this.#witness(container);
    return isMember(view, at) ? covererOf(container, view, at, 0) : 0;
  }

  /** Takes note of a register that is now held in `slot`; returns its container where it may have killed something. */
  note(slot: number): Container | undefined {
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    const kind = kindAt(view, at);
    if (!isContainerKind(kind)) return undefined;
    const container = this.#containerOf(baseKindOf(kind), keyAt(view, bytesOf(view), at));
    const { generation } = container;
    container.changes = ++this.#changes;
    container.newest = Math.max(container.newest, timestampAt(view, at));
    if (isDeletion(view, at)) container.covers.set(slot, sawAt(view, at));
    else if (isBase(view, at)) {
      container.base = slot;
      this.#learn(container, timestampAt(view, at), timestampAt(view, at));
    } else if (isLease(view, at)) {
      container.lease = slot;
      // One that fell because a deletion saw it says no more when the whole ends.
      if (isGone(flagsAt(view, at)) && expiresAt(view, at) !== Infinity) this.expired.add(container);
      else this.expired.delete(container);
    } else {
      container.wroteHere(originAt(view, at));
      if (isMemberIncrements(view, at)) this.places.noteIncrements(container, slot, view, at);
      else this.places.noteMember(container, slot, view, at);
      if (!isCollectionKind(kind)) this.#noteBond(container, slot, view, at);
    }
    return container.generation > generation || container.covers.has(slot) ? container : undefined;
  }

  #noteBond(container: Container, slot: number, view: DataView, at: number): void {
    const covers = coversAt(view, at);
    if (covers === undefined) container.covers.delete(slot);
    else container.covers.set(slot, covers);
    this.#learn(container, generationAt(view, at), afterAt(view, at));
  }

  /** What is held in a slot is about to be written over: `note` is to follow, or `unchanged`. */
  changing(slot: number): void {
    const container = this.#containerOfPart(slot);
    if (container !== undefined) this.places.changing(container, slot);
  }

  /** It was not written over. */
  unchanged(slot: number): void {
    const container = this.#containerOfPart(slot);
    if (container !== undefined) this.places.unchanged(container, slot);
  }

  /** Of a member's register, or of increments of one. */
  #containerOfPart(slot: number): Container | undefined {
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    return isMember(view, at) || isMemberIncrements(view, at) ? this.of(view, at) : undefined;
  }

  /** True of a record of a collection that a deletion saw: it is to fall. */
  isSeen(view: DataView, at: number): boolean {
    return mayFall(view, at) && this.isCovered(view, at);
  }

  /** Slots of what is held of increments of a member. */
  incrementsOf(kind: number, key: Key, field: string | undefined): readonly number[] {
    if (field === undefined || this.places.counted === 0) return NO_SLOTS;
    return this.find(kind, key)?.counted.get(field)?.slots ?? NO_SLOTS;
  }

  /** True of what a deletion that is held says that it saw, fallen or not. */
  isCovered(view: DataView, at: number): boolean {
    const container = this.of(view, at);
    return container !== undefined && covererOf(container, view, at, 0) !== 0;
  }

  /** Slots of a collection that the deletion in the slot `by` saw, and that stand: the lease, and of members and increments `among`. */
  seen(container: Container, by: number, among: Iterable<number>): number[] {
    const covers = container.covers.get(by);
    const slots: number[] = [];
    for (const slot of new Set([container.lease, ...among])) {
      if (slot === 0) continue;
      const view = this.#table.viewOf(slot);
      const at = this.#table.offsetOf(slot);
      if (mayFall(view, at) && covers?.covers(originAt(view, at), sequenceAt(view, at)) === true) slots.push(slot);
    }
    return slots;
  }

  /**
   * Slots of a document that are held and dead, now that `by` is held: of a base nothing but older ones, of a member what it
   * covers too.
   */
  dead(container: Container, by: number): number[] {
    const slots: number[] = [];
    const covers = container.covers.get(by);
    for (const slot of held(container)) {
      if (slot === by) continue;
      const view = this.#table.viewOf(slot);
      const at = this.#table.offsetOf(slot);
      const isCovered = covers?.covers(originAt(view, at), sequenceAt(view, at)) === true && isMember(view, at);
      if (isCovered || isOutdated(container, view, at)) slots.push(slot);
    }
    return slots;
  }

  /** A register is about to leave its slot. */
  forget(slot: number): void {
    const view = this.#table.viewOf(slot);
    const at = this.#table.offsetOf(slot);
    const container = this.of(view, at);
    if (container === undefined) return;
    container.changes = ++this.#changes;
    if (container.base === slot) {
      container.base = 0;
      container.generation = this.#toldGeneration(container);
    }
    if (container.lease === slot) {
      container.lease = 0;
      this.expired.delete(container);
    }
    if (isMember(view, at)) this.places.forgetMember(container, slot, view, at);
    else if (isMemberIncrements(view, at)) this.places.forgetIncrements(container, slot, view, at);
    container.covers.delete(slot);
    if (container.isEmpty) this.#byKey.remove(container);
  }

  #learn(container: Container, generation: number, after: number): void {
    container.generation = Math.max(container.generation, generation);
    container.after = Math.max(container.after, after);
  }

  /** The generation that members tell of, where no deletion is held: as it would be found after a restart. */
  #toldGeneration(container: Container): number {
    let told = 0;
    for (const slot of container.members.from(0)) {
      told = Math.max(told, generationAt(this.#table.viewOf(slot), this.#table.offsetOf(slot)));
    }
    return told;
  }

  /** Who tells of the present generation. */
  #witness(container: Container): number {
    if (container.base !== 0) return container.base;
    for (const slot of container.members.from(0)) {
      if (generationAt(this.#table.viewOf(slot), this.#table.offsetOf(slot)) === container.generation) return slot;
    }
    return UNNAMED;
  }

  #containerOf(kind: number, key: Key): Container {
    const held = this.find(kind, key);
    if (held !== undefined) return held;
    const container = new Container(kind, key, this.places.order, this.places.scores);
    this.#byKey.add(container);
    return container;
  }
}

/** Stands for a killer that is not held any more. */
export const UNNAMED = -1;

/** Lease and members that stand. */
function* held(container: Container): Generator<number, void> {
  if (container.lease !== 0) yield container.lease;
  yield* container.members.from(0);
}

/** True for what a known deletion kills. */
function isOutdated(container: Container, view: DataView, at: number): boolean {
  if (isMember(view, at)) return afterAt(view, at) < container.generation;
  return isLease(view, at) && timestampAt(view, at) < container.generation;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
