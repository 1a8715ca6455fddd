/**
 * What a shard holds: registers in their slots, and beside them what is kept true as each comes and goes. Whoever wants a
 * register stored or gone asks here, and nowhere else: chains, sums, expiries, graves, and what the disk lacks follow from it.
 */

import type { HybridClock } from "../clock.ts";
import type { Containers } from "../containers/containers.ts";
import type { Increments } from "../containers/increments.ts";
import { orderOf, partOf } from "../key-order.ts";
import { fallen } from "../record/fallen.ts";
import { isCollectionKind, isContainerKind, isValueIncrementsKind } from "../record/kind.ts";
import {
  expiresAt,
  FALLEN,
  flagsAt,
  isAway,
  keyLengthAt,
  keyStartAt,
  kindAt,
  originAt,
  type RecordWriter,
  sequenceAt,
  timestampAt,
} from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";
import { PART_SHIFT } from "../table/slot-marks.ts";
import { VersionVector } from "../version-vector.ts";
import type { Accounts } from "./accounts.ts";
import { mayBeAway } from "./accounts.ts";
import type { Agenda } from "./agenda.ts";
import { Expiries } from "./expiries.ts";
import { Falling } from "./falling.ts";
import { Graves } from "./graves.ts";
import { OriginChains } from "./origin-chains.ts";
import type { Residency } from "./residency.ts";
import type { Shard } from "./shard.ts";
import { Unconfirmed } from "./unconfirmed.ts";
import { Unsaved } from "./unsaved.ts";

export interface HoldingsOptions {
  readonly shard: Shard;
  readonly table: RegisterTable;
  readonly containers: Containers;
  readonly increments: Increments;
  readonly accounts: Accounts;
  readonly writer: RecordWriter;
  readonly clock: HybridClock;
  readonly agenda: Agenda;
  readonly isPersistent: boolean;
  readonly fallingAtOnceMax: number | undefined;
  /** Absent: all values stay. */
  readonly residency: Residency | undefined;
}

export class Holdings {
  readonly table: RegisterTable;
  readonly containers: Containers;
  readonly increments: Increments;
  readonly accounts: Accounts;
  readonly writer: RecordWriter;
  readonly clock: HybridClock;
  readonly residency: Residency | undefined;
  /** What it claims: not changed here. */
  readonly vector = new VersionVector();
  readonly chains: OriginChains;
  readonly unsaved: Unsaved;
  readonly unconfirmed: Unconfirmed;
  readonly expiries: Expiries;
  readonly graves: Graves;
  readonly falling: Falling;
  readonly #shard: Shard;

  constructor({ shard, agenda, isPersistent, fallingAtOnceMax, ...options }: HoldingsOptions) {
    this.#shard = shard;
    this.table = options.table;
    this.containers = options.containers;
    this.increments = options.increments;
    this.accounts = options.accounts;
    this.writer = options.writer;
    this.clock = options.clock;
    this.residency = options.residency;
    this.chains = new OriginChains(this.table);
    this.unsaved = new Unsaved(shard, this.table, agenda, isPersistent);
    this.unconfirmed = new Unconfirmed(this.table);
    this.expiries = new Expiries(this, agenda);
    this.graves = new Graves(this);
    this.falling = new Falling(shard, this, agenda, fallingAtOnceMax);
  }

  /** As `Shard.lookAt`. */
  lookAt(): number {
    const { accounts, chains, containers, graves, unconfirmed, unsaved } = this;
    const marks = Number(unsaved.isAny) ^ Number(graves.marks === undefined) ^ unconfirmed.count;
    return accounts.lookAt() ^ chains.lookAt() ^ containers.count ^ marks;
  }

  /** Visits the slot of every register, tombstones included. */
  forEachHeld(visit: (slot: number) => void): void {
    for (let slot = 1; slot < this.table.slotEnd; slot++) {
      if (this.table.isHeld(slot) && !this.table.isSentinel(slot)) visit(slot);
    }
  }

  /** Stores what was written or confirmed just now; returns its slot. Throws what `store` throws. */
  take(slot: number, view: DataView, bytes: Uint8Array, at: number, length: number, hash?: number): number {
    if (isCollectionKind(kindAt(view, at)) && this.containers.isSeen(view, at)) {
      const lengthLeft = this.writer.write(fallen(view, at));
      return this.take(slot, this.writer.view, this.writer.bytes, 0, lengthLeft, hash);
    }
    const stored = this.store(slot, view, bytes, at, length, hash);
    this.unconfirmed.confirm(stored);
    return stored;
  }

  /**
   * Puts a record's content into its slot (0: a new one). `hash`: of its identity, from whoever looked for it. Throws
   * `MEMORY_FULL`, with nothing changed.
   */
  store(slot: number, view: DataView, bytes: Uint8Array, at: number, length: number, hash?: number): number {
    const origin = originAt(view, at);
    const sequence = sequenceAt(view, at);
    let target = slot;
    let moves = true;
    if (slot === 0) target = this.#insert(view, bytes, at, length, hash);
    else {
      const oldView = this.table.viewOf(slot);
      const oldAt = this.table.offsetOf(slot);
      moves = originAt(oldView, oldAt) !== origin || sequenceAt(oldView, oldAt) !== sequence;
      const wasAway = isAway(flagsAt(oldView, oldAt));
      const isContainer = isContainerKind(kindAt(view, at));
      this.accounts.change(oldView, oldAt, view, at);
      if (isContainer) this.containers.changing(slot);
      try {
        this.table.replace(slot, bytes, at, length);
        if (wasAway) this.accounts.away--;
      } catch (full) {
        this.accounts.change(view, at, oldView, oldAt);
        if (isContainer) this.containers.unchanged(slot);
        throw full;
      }
      if (moves) this.table.unlink(slot);
    }
    if (moves) this.chains.link(target, origin, sequence);
    if (slot === 0) this.accounts.enter(view, at, true);
    this.unsaved.note(target);
    if ((flagsAt(view, at) & FALLEN) !== 0) this.#fell(target, view, at);
    else if (expiresAt(view, at) !== Infinity) this.expiries.note(expiresAt(view, at), target);
    if (isContainerKind(kindAt(view, at))) this.#displace(target);
    if (this.residency !== undefined && mayBeAway(view, at)) this.residency.came(this.#shard, target);
    return target;
  }

  /** Drops what a register of a container kills. */
  #displace(by: number): void {
    const container = this.containers.note(by);
    if (container === undefined) return;
    if (isCollectionKind(container.kind)) return this.falling.displace(container, by);
    for (const slot of this.containers.dead(container, by)) {
      this.discard(slot);
      this.accounts.displaced++;
    }
  }

  /** The slot of a register that was not held. */
  #insert(view: DataView, bytes: Uint8Array, at: number, length: number, hash?: number): number {
    const slot = this.table.insert(view, bytes, at, length, hash);
    const start = keyStartAt(view, at);
    this.table.setMark(slot, partOf(orderOf(view, start, start + keyLengthAt(view, at))) << PART_SHIFT);
    if (isValueIncrementsKind(kindAt(view, at))) this.increments.note(slot);
    return slot;
  }

  #fell(slot: number, view: DataView, at: number): void {
    this.graves.bury(slot);
    this.expiries.noteFallen(view, at);
  }

  /** Drops a register without a mark: as if it had never been here. */
  discard(slot: number): void {
    const view = this.table.viewOf(slot);
    const at = this.table.offsetOf(slot);
    this.unsaved.noteRemoval(view, at);
    if (isAway(flagsAt(view, at))) this.accounts.away--;
    this.accounts.enter(view, at, false);
    this.unconfirmed.confirm(slot);
    this.containers.forget(slot);
    this.increments.forget(slot);
    this.table.unlink(slot);
    this.table.remove(slot);
    this.unsaved.noteHead();
  }

  /** Takes back a record read from disk; `finishLoad` must follow the last. */
  load(view: DataView, bytes: Uint8Array, at: number, length: number, nowMs: number): void {
    const slot = this.#insert(view, bytes, at, length);
    this.containers.note(slot);
    this.chains.load(slot, originAt(view, at), sequenceAt(view, at));
    this.accounts.enter(view, at, true);
    if ((flagsAt(view, at) & FALLEN) !== 0) this.#fell(slot, view, at);
    else if (expiresAt(view, at) !== Infinity) this.expiries.noteLoaded(expiresAt(view, at), slot);
    this.clock.observe(timestampAt(view, at), nowMs);
    if (this.residency !== undefined && mayBeAway(view, at)) this.residency.came(this.#shard, slot);
  }

  /** Hangs all loaded registers into their origins' chains, and goes on with what was falling. */
  finishLoad(): void {
    this.chains.finishLoad();
    this.falling.resume();
  }

  /** Forgets what is left of registers once all of them are gone. */
  clear(): void {
    this.chains.dropAll();
    this.expiries.clear();
    this.graves.clear();
    this.unsaved.noteHead();
  }
}
