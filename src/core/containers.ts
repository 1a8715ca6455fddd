/**
 * Containers: what lies under a key and is made of many registers, each of which is written, sent, stored and repaired by
 * itself. By its identity a register of a container is
 *
 *   its base      (key, kind, no field)     dead: the last deletion of the whole
 *   its lease     (key, kind, empty field)  when the whole expires
 *   a member      (key, kind, field)        with a bond (`bond.ts`) to the others
 *
 * A deletion begins a new *generation*, named by its stamp. Members that did not know of it are dead, wherever and whenever
 * they come: edits of an old generation are dropped. A member that knew of a deletion tells of it, so that it kills
 * what is older also where the deletion itself has not arrived. Where nothing is held of a container it may be because all
 * owners had its deletion and purged it: what is written then comes after all that was purged from the bucket of its base.
 *
 * A member may cover others (a snapshot): it holds what they held, and they are dead.
 *
 * What is dead is dropped at once and leaves no tombstone: whoever killed it is held, or was superseded by what
 * kills as much. So the set of what is held depends on the dots that were seen and not on their order.
 *
 * A lease is stamped after what it is the lease of and dies with its generation. Once it has expired nothing of the
 * container is shown; it is deleted when somebody writes, or when no owner can prolong it any more (`replica/leases.ts`).
 */

import type { Key } from "../base/ids.ts";
import { afterAt, coversAt, generationAt } from "./bond.ts";
import {
  FLAG_FIELD,
  fieldLengthAt,
  flagsAt,
  isContainerKind,
  isGone,
  keyAt,
  kindAt,
  originAt,
  sequenceAt,
  timestampAt,
  valueLengthAt,
} from "./record.ts";
import type { RegisterTable } from "./register-table.ts";
import type { VersionVector } from "./version-vector.ts";

/** The field of a lease. */
export const LEASE_FIELD = "";

export class Container {
  readonly kind: number;
  readonly key: Key;
  /** Slot of the last deletion; 0: none is held. */
  base = 0;
  /** Slot of the lease; 0: it does not expire. */
  lease = 0;
  /** Slots, in the order in which they came. */
  readonly members = new Set<number>();
  /** Of the values of all members. */
  bytes = 0;
  /** What some members cover, by their slots. */
  readonly covers = new Map<number, VersionVector>();
  /** Stamp of the newest deletion that is known exactly. */
  generation = 0;
  /** At least `generation`: every deletion up to this stamp is known, or was purged, to somebody who wrote here. */
  after = 0;

  constructor(kind: number, key: Key) {
    this.kind = kind;
    this.key = key;
  }

  get isEmpty(): boolean {
    return this.base === 0 && this.lease === 0 && this.members.size === 0;
  }
}

export class Containers {
  readonly #table: RegisterTable;
  readonly #byName = new Map<string, Container>();
  /** Those whose lease has fallen. */
  readonly expired = new Set<Container>();

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  get count(): number {
    return this.#byName.size;
  }

  all(): IterableIterator<Container> {
    return this.#byName.values();
  }

  /** Undefined where nothing is held of it. */
  find(kind: number, key: Key): Container | undefined {
    return this.#byName.get(nameOf(kind, key));
  }

  /** The container of a record; undefined for a plain value and where nothing is held. */
  of(view: DataView, at: number): Container | undefined {
    const kind = kindAt(view, at);
    return isContainerKind(kind) ? this.find(kind, keyAt(view, bytesOf(view), at)) : undefined;
  }

  /**
   * The slot of what is held and kills a record, itself not among what is held; 0 when nothing does, `UNNAMED` when what
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
    const container = this.#containerOf(kind, keyAt(view, bytesOf(view), at));
    const { generation } = container;
    if (isBase(view, at)) {
      container.base = slot;
      this.#learn(container, timestampAt(view, at), timestampAt(view, at));
    } else if (isLease(view, at)) {
      container.lease = slot;
      if (isGone(flagsAt(view, at))) this.expired.add(container);
      else this.expired.delete(container);
    } else {
      // A member that comes again, under another dot, is what it was.
      if (!container.members.has(slot)) container.bytes += valueLengthAt(view, at);
      container.members.add(slot);
      const covers = coversAt(view, at);
      if (covers === undefined) container.covers.delete(slot);
      else container.covers.set(slot, covers);
      this.#learn(container, generationAt(view, at), afterAt(view, at));
    }
    return container.generation > generation || container.covers.has(slot) ? container : undefined;
  }

  /** Slots that are held and dead, now that `by` is held: of a base nothing but older ones, of a member what it covers too. */
  dead(container: Container, by: number): number[] {
    const slots: number[] = [];
    const covers = container.covers.get(by);
    for (const slot of container.lease === 0 ? container.members : [container.lease, ...container.members]) {
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
    const container = this.of(view, this.#table.offsetOf(slot));
    if (container === undefined) return;
    if (container.base === slot) {
      container.base = 0;
      container.generation = this.#toldGeneration(container);
    }
    if (container.lease === slot) {
      container.lease = 0;
      this.expired.delete(container);
    }
    if (container.members.delete(slot)) container.bytes -= valueLengthAt(view, this.#table.offsetOf(slot));
    container.covers.delete(slot);
    if (container.isEmpty) this.#byName.delete(nameOf(container.kind, container.key));
  }

  #learn(container: Container, generation: number, after: number): void {
    container.generation = Math.max(container.generation, generation);
    container.after = Math.max(container.after, after);
  }

  /** The generation that members tell of, where no deletion is held: as it would be found after a restart. */
  #toldGeneration(container: Container): number {
    let told = 0;
    for (const slot of container.members) {
      told = Math.max(told, generationAt(this.#table.viewOf(slot), this.#table.offsetOf(slot)));
    }
    return told;
  }

  /** Who tells of the present generation. */
  #witness(container: Container): number {
    if (container.base !== 0) return container.base;
    for (const slot of container.members) {
      if (generationAt(this.#table.viewOf(slot), this.#table.offsetOf(slot)) === container.generation) return slot;
    }
    return UNNAMED;
  }

  #containerOf(kind: number, key: Key): Container {
    const name = nameOf(kind, key);
    let container = this.#byName.get(name);
    if (container === undefined) {
      container = new Container(kind, key);
      this.#byName.set(name, container);
    }
    return container;
  }
}

/** Stands for a killer that is not held any more. */
export const UNNAMED = -1;

/** True for a record of a container's deletion. */
export function isBase(view: DataView, at: number): boolean {
  return isContainerKind(kindAt(view, at)) && (flagsAt(view, at) & FLAG_FIELD) === 0;
}

export function isLease(view: DataView, at: number): boolean {
  return isContainerKind(kindAt(view, at)) && (flagsAt(view, at) & FLAG_FIELD) !== 0 && fieldLengthAt(view, at) === 0;
}

export function isMember(view: DataView, at: number): boolean {
  return isContainerKind(kindAt(view, at)) && fieldLengthAt(view, at) > 0;
}

/** True for what a known deletion kills. */
function isOutdated(container: Container, view: DataView, at: number): boolean {
  if (isMember(view, at)) return afterAt(view, at) < container.generation;
  return isLease(view, at) && timestampAt(view, at) < container.generation;
}

function covererOf(container: Container, view: DataView, at: number, self: number): number {
  if (container.covers.size === 0) return 0;
  const origin = originAt(view, at);
  const sequence = sequenceAt(view, at);
  for (const [slot, covers] of container.covers) if (slot !== self && covers.covers(origin, sequence)) return slot;
  return 0;
}

function nameOf(kind: number, key: Key): string {
  return String.fromCharCode(kind) + key;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
