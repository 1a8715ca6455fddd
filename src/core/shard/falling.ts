/**
 * How the members of a collection of a shard fall that was deleted as a whole (`containers.ts`): few at once, of many none is one
 * any more, and they fall in steps.
 */

import type { Container } from "../containers/container.ts";
import { isStanding } from "../containers/container-part.ts";
import { fallen, isFallen } from "../record/fallen.ts";
import { isCollectionKind } from "../record/kind.ts";
import { originAt, RecordWriter, sequenceAt, wholeLength } from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";
import type { VersionVector } from "../version-vector.ts";
import type { Agenda } from "./agenda.ts";
import type { Holdings } from "./holdings.ts";
import type { Shard } from "./shard.ts";

/** Members that fall at once with the deletion of the whole; of more all do in steps. */
const AT_ONCE_MAX = 256;
/** So many times as many, and no more, join what falls already in one go. */
const MOVED_MULTIPLE = 4;

export class Falling {
  readonly #shard: Shard;
  readonly #holdings: Holdings;
  readonly #agenda: Agenda;
  readonly #atOnceMax: number;

  constructor(shard: Shard, holdings: Holdings, agenda: Agenda, atOnceMax = AT_ONCE_MAX) {
    this.#shard = shard;
    this.#holdings = holdings;
    this.#agenda = agenda;
    this.#atOnceMax = atOnceMax;
  }

  /** The deletion in the slot `by` has come: what it saw falls. */
  displace(container: Container, by: number): void {
    const { containers } = this.#holdings;
    const shown = containers.expired.has(container) ? 0 : container.members.size;
    const isLong = container.members.size + container.increments > this.#atOnceMax;
    this.#letFall(containers.seen(container, by, isLong ? [] : container.parts()));
    const covers = container.covers.get(by);
    if (isLong && covers !== undefined) this.#doom(container, this.partsBeyond(container, covers));
    container.felled = Math.max(0, shown - container.members.size);
  }

  #doom(container: Container, unseen: readonly number[]): void {
    this.#holdings.containers.places.doom(container, unseen, MOVED_MULTIPLE * this.#atOnceMax);
    if (container.isFalling) this.#agenda.falling.add(this.#shard);
  }

  /** Goes on, once all is loaded, with what deletions saw and had not fallen when this replica stopped. */
  resume(): void {
    const { containers, table } = this.#holdings;
    for (const container of containers.all()) {
      if (!isCollectionKind(container.kind) || container.covers.size === 0) continue;
      const isSeen = (slot: number) => containers.isSeen(table.viewOf(slot), table.offsetOf(slot));
      const parts = [...new Set(container.parts())];
      if (parts.some(isSeen)) {
        this.#doom(
          container,
          parts.filter((slot) => !isSeen(slot)),
        );
      }
    }
  }

  /**
   * Members of a collection, and increments of some, with dots that a vector does not cover: O(members), or of what was written here
   * after it.
   */
  partsBeyond(container: Container, vector: VersionVector): number[] {
    const { chains, containers, table } = this.#holdings;
    const slots: number[] = [];
    if (container.members.size + container.increments <= this.#atOnceMax) {
      for (const slot of new Set(container.parts())) {
        const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
        if (isStanding(view, at) && !vector.covers(originAt(view, at), sequenceAt(view, at))) slots.push(slot);
      }
      return slots;
    }
    for (const origin of container.writers) {
      const sequence = vector.get(origin);
      if (sequence !== Infinity) chains.collectAbove(origin, sequence, slots);
    }
    return slots.filter((slot) => containers.places.isPartOf(container, slot));
  }

  /** Of members, and increments of some, that are to fall and have not yet, bytes, about: as if those of one collection were alike. */
  get bytes(): number {
    let bytes = 0;
    for (const container of this.#holdings.containers.places.falling) bytes += this.bytesOf(container);
    return bytes;
  }

  /** The same of one collection. */
  bytesOf(container: Container): number {
    const { containers, table } = this.#holdings;
    const { falling, fallingIncrements } = container;
    let bytes = 0;
    for (const slots of falling) bytes += slots.size * wholeLengthIn(table, slots.at(0));
    const [first] = fallingIncrements;
    if (first !== undefined && containers.places.isToFall(container, first))
      bytes += fallingIncrements.size * wholeLengthIn(table, first);
    return bytes;
  }

  /** Lets up to `budget` members fall. True once none is left. */
  step(budget: number): boolean {
    const { places } = this.#holdings.containers;
    const { falling } = places;
    let left = budget;
    for (const container of falling) {
      if (left <= 0) break;
      const slots = places.nextToFall(container, left);
      left -= slots.length;
      this.#letFall(slots);
    }
    const isDone = falling.size === 0;
    if (isDone) this.#agenda.falling.delete(this.#shard);
    return isDone;
  }

  /** Lets all members of a collection fall that are falling. */
  finish(container: Container): void {
    const { places } = this.#holdings.containers;
    while (container.isFalling) this.#letFall(places.nextToFall(container, this.#atOnceMax));
  }

  /**
   * The deletion in a slot is dropped, as if it had never been here. What fell because of it, and of no other, goes as well: its value
   * is not here, and others may show it. Returns whether there was any.
   */
  drop(container: Container, by: number): boolean {
    const { table } = this.#holdings;
    this.finish(container);
    const covers = container.covers.get(by);
    const fell = [container.lease, ...container.remains.from(0), ...container.heldIncrements()].filter((slot) => {
      if (slot === 0) return false;
      const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
      return isFallen(view, at) && covers?.covers(originAt(view, at), sequenceAt(view, at)) === true;
    });
    this.#holdings.discard(by);
    const left = fell.filter((slot) => {
      const [view, at] = [table.viewOf(slot), table.offsetOf(slot)];
      return !container.isCovered(originAt(view, at), sequenceAt(view, at));
    });
    for (const slot of left) this.#holdings.discard(slot);
    return left.length > 0;
  }

  /** What waits to be confirmed goes on waiting. */
  #letFall(slots: readonly number[]): void {
    const { table } = this.#holdings;
    // The deletion stays in the shared writer, for the push to carry (R3).
    const writer = new RecordWriter();
    for (const slot of slots) {
      const length = writer.write(fallen(table.viewOf(slot), table.offsetOf(slot)));
      this.#holdings.store(slot, writer.view, writer.bytes, 0, length);
    }
  }
}

function wholeLengthIn(table: RegisterTable, slot: number): number {
  return wholeLength(table.viewOf(slot), table.offsetOf(slot));
}
