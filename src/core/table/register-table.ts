/**
 * The registers of one shard by identity (kind, key, field), without an object for any of them: records lie in the
 * arena, and a register is a *slot*, a small number that stays the same as long as it is held.
 *
 * A slot has four 32-bit columns, side by side so that one cache line serves a visit, in chunks that never move: growth
 * copies nothing but the index. The index is open addressing with linear probing and backward-shift deletion (Knuth,
 * section 6.4). An entry is the slot in its low bits and, above them, bits of the hash, so that probing past other
 * registers stays within the index. The hash is keyed: whoever chooses the keys cannot choose the collisions.
 *
 * Slots also form circular chains (a register is in one at most) around sentinels: slots without a record.
 *
 * Columns and index do not shrink; they go with the table. The index grows in one step: 0.3 ms at 13,000 registers (the
 * share of a shard in 3 million), but 0.1 to 0.2 s in a shard that alone holds over a million.
 */

import { assert } from "../../base/assert.ts";
import { AtollError } from "../../base/errors.ts";
import { identityHash, isSameIdentity } from "../record/identity.ts";
import type { Arena } from "./arena.ts";
import { blockBytesFor, REF_MIN } from "./arena.ts";

const CHUNK_BITS = 10;
const CHUNK_SLOTS = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_SLOTS - 1;
/** The first chunk begins small and doubles: an empty shard costs next to nothing. */
const FIRST_CHUNK_SLOTS = 8;

/** Columns of a slot. `REF` is a block of the arena or one of the marks below; `NEXT` also threads the free slots. */
const COLUMNS_BITS = 2;
const HASH = 0;
const REF = 1;
const NEXT = 2;
const PREVIOUS = 3;

const REF_FREE = 0;
const REF_SENTINEL = 1;

const INDEX_MIN = 8;
/** At a load of 0.8 a lookup of what is not there passes 13 entries on average, all within a cache line or two. */
const LOAD_MAX = 0.8;
/** Slots of one table: the index entry needs bits for the hash as well. */
const SLOTS_MAX = 2 ** 26;

export class RegisterTable {
  readonly #arena: Arena;
  readonly #k0: number;
  readonly #k1: number;
  /** Slot s: columns of chunk s / 1024, its byte of marks, and that of how its value is used. */
  readonly #chunks: Uint32Array[] = [];
  readonly #marks: Uint8Array[] = [];
  readonly #uses: Uint8Array[] = [];
  #slotsMax = 0;
  #slotEnd = 1;
  #freeSlot = 0;
  #count = 0;
  /** Entry: hash bits above `#indexMask`, slot below it; 0 = empty. Home of a hash: its low bits. */
  #index: Uint32Array = new Uint32Array(INDEX_MIN);
  #indexMask = INDEX_MIN - 1;

  /** `seed` is private to the process: it keeps collisions out of an adversary's hands. */
  constructor(arena: Arena, seed: { readonly k0: number; readonly k1: number }) {
    this.#arena = arena;
    this.#k0 = seed.k0;
    this.#k1 = seed.k1;
    this.#setChunk(0, FIRST_CHUNK_SLOTS);
  }

  /** Registers held. */
  get count(): number {
    return this.#count;
  }

  /** Slots in use, and some that are not, are from 1 to this - 1; 0 stands for none. */
  get slotEnd(): number {
    return this.#slotEnd;
  }

  /** Bytes of columns and index; records are the arena's. */
  get residentBytes(): number {
    return this.#index.byteLength + this.#slotsMax * ((4 << COLUMNS_BITS) + 2);
  }

  /** Of the identity of a record (or probe): for whoever both looks for it and inserts it, since it is dear. */
  hashOf(view: DataView, at: number): number {
    return identityHash(view, at, this.#k0, this.#k1);
  }

  /** The slot of the register with the identity of this record (or probe), 0 when there is none. */
  find(view: DataView, at: number, hash: number = this.hashOf(view, at)): number {
    return (this.#index[this.#positionOf(hash, view, at)] as number) & this.#indexMask;
  }

  /** For `lookahead.ts`: mostly the slot of the register of this hash, 0 where there surely is none. */
  likelySlot(hash: number): number {
    const index = this.#index;
    const mask = this.#indexMask;
    let position = hash & mask;
    while (index[position] !== 0 && (((index[position] as number) ^ hash) & ~mask) !== 0)
      position = (position + 1) & mask;
    return (index[position] as number) & mask;
  }

  /** For `lookahead.ts`: looks at whatever is read and written when this slot takes another record. What it returns means nothing. */
  lookAt(slot: number): number {
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    if ((columns[row + REF] as number) < REF_MIN) return 0;
    const neighbours = this.next(columns[row + NEXT] as number) ^ this.next(columns[row + PREVIOUS] as number);
    return neighbours ^ this.getMark(slot) ^ this.getUse(slot) ^ this.#arena.lookAt(columns[row + REF] as number);
  }

  /** Holds a copy of the record of a register that is not held yet, and returns its slot. Throws `MEMORY_FULL`. */
  insert(view: DataView, bytes: Uint8Array, at: number, length: number, hash: number = this.hashOf(view, at)): number {
    this.#makeRoom();
    const position = this.#positionOf(hash, view, at);
    assert((this.#index[position] as number) === 0, "insert of a register that is held");
    const ref = this.#store(bytes, at, length);
    const slot = this.#takeSlot();
    this.#index[position] = (hash & ~this.#indexMask) | slot;
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    columns[row + HASH] = hash;
    columns[row + REF] = ref;
    this.#count++;
    return slot;
  }

  /** Makes room in the index for `count` registers at once: growing step by step would enter each a few times. */
  reserve(count: number): void {
    const wanted = Math.min(count, SLOTS_MAX);
    while (wanted > (this.#indexMask + 1) * LOAD_MAX - 1) this.#growIndex();
  }

  /** Puts another record of the same register in place of the one held. Its bytes may move. Throws `MEMORY_FULL`. */
  replace(slot: number, bytes: Uint8Array, at: number, length: number): void {
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    const ref = columns[row + REF] as number;
    assert(ref >= REF_MIN, "replace of a slot without a register");
    if (this.#arena.capacityOf(ref) === blockBytesFor(length)) {
      this.#arena.write(ref, bytes, at, length);
      return;
    }
    columns[row + REF] = this.#store(bytes, at, length);
    this.#arena.free(ref);
  }

  /** Forgets a register that is in no chain. Its slot is used again. */
  remove(slot: number): void {
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    const ref = columns[row + REF] as number;
    assert(ref >= REF_MIN, "remove of a slot without a register");
    assert((columns[row + NEXT] as number) === 0, "remove of a register in a chain");
    this.#leave(columns[row + HASH] as number, slot);
    this.#arena.free(ref);
    this.#count--;
    this.#giveSlot(slot);
  }

  /** The record at `at` of `view`, one of whose copies is the block `from`, is the block `to` from now on. False: of another table. */
  relocate(view: DataView, at: number, from: number, to: number): boolean {
    const position = this.#positionOf(identityHash(view, at, this.#k0, this.#k1), view, at);
    if (position < 0) return false;
    const slot = (this.#index[position] as number) & this.#indexMask;
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    if (columns[row + REF] !== from) return false;
    columns[row + REF] = to;
    return true;
  }

  /** True when the slot holds a register now. */
  isHeld(slot: number): boolean {
    return this.#markOf(slot) >= REF_MIN;
  }

  isSentinel(slot: number): boolean {
    return this.#markOf(slot) === REF_SENTINEL;
  }

  /** The page with the record of a slot, valid until the slot is replaced or removed; `offsetOf` says where. */
  viewOf(slot: number): DataView {
    return this.#arena.viewOf(this.#refOf(slot));
  }

  /** The same page as bytes. */
  bytesOf(slot: number): Uint8Array {
    return this.#arena.bytesOf(this.#refOf(slot));
  }

  offsetOf(slot: number): number {
    return this.#arena.offsetOf(this.#refOf(slot));
  }

  /** A chain of its own, with nothing in it. */
  createSentinel(): number {
    this.#makeRoom();
    const slot = this.#takeSlot();
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    columns[row + REF] = REF_SENTINEL;
    columns[row + NEXT] = slot;
    columns[row + PREVIOUS] = slot;
    return slot;
  }

  /** Ends a chain that has nothing in it, or takes a second sentinel out of its chain once that was unlinked. */
  removeSentinel(slot: number): void {
    assert(this.isSentinel(slot), "not a sentinel");
    const next = this.next(slot);
    assert(next === slot || next === 0, "removal of a sentinel whose chain is not empty");
    this.#giveSlot(slot);
  }

  /** 0 when the slot is in no chain. */
  next(slot: number): number {
    return this.#columnsOf(slot)[((slot & CHUNK_MASK) << COLUMNS_BITS) + NEXT] as number;
  }

  /** 0 when the slot is in no chain. */
  previous(slot: number): number {
    return this.#columnsOf(slot)[((slot & CHUNK_MASK) << COLUMNS_BITS) + PREVIOUS] as number;
  }

  /** Puts a slot that is in no chain behind one that is. */
  linkAfter(slot: number, after: number): void {
    const next = this.next(after);
    assert(next !== 0, "link behind a slot that is in no chain");
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    const linked = columns[row + NEXT] as number;
    assert(linked === 0 || (linked === slot && slot !== after), "link of a slot that is in a chain");
    columns[row + NEXT] = next;
    columns[row + PREVIOUS] = after;
    this.#columnsOf(after)[((after & CHUNK_MASK) << COLUMNS_BITS) + NEXT] = slot;
    this.#columnsOf(next)[((next & CHUNK_MASK) << COLUMNS_BITS) + PREVIOUS] = slot;
  }

  /** Takes a slot out of its chain. */
  unlink(slot: number): void {
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    const next = columns[row + NEXT] as number;
    const previous = columns[row + PREVIOUS] as number;
    assert(next !== 0, "unlink of a slot that is in no chain");
    this.#columnsOf(previous)[((previous & CHUNK_MASK) << COLUMNS_BITS) + NEXT] = next;
    this.#columnsOf(next)[((next & CHUNK_MASK) << COLUMNS_BITS) + PREVIOUS] = previous;
    columns[row + NEXT] = 0;
    columns[row + PREVIOUS] = 0;
  }

  /** The eight marks of a slot, for its owner to use; 0 for a slot just taken. */
  getMark(slot: number): number {
    return (this.#marks[slot >>> CHUNK_BITS] as Uint8Array)[slot & CHUNK_MASK] as number;
  }

  setMark(slot: number, bits: number): void {
    const marks = this.#marks[slot >>> CHUNK_BITS] as Uint8Array;
    marks[slot & CHUNK_MASK] = (marks[slot & CHUNK_MASK] as number) | bits;
  }

  clearMark(slot: number, bits: number): void {
    const marks = this.#marks[slot >>> CHUNK_BITS] as Uint8Array;
    marks[slot & CHUNK_MASK] = (marks[slot & CHUNK_MASK] as number) & ~bits;
  }

  /** What `residency.ts` notes of a slot; it stays when the register goes. */
  getUse(slot: number): number {
    return (this.#uses[slot >>> CHUNK_BITS] as Uint8Array)[slot & CHUNK_MASK] as number;
  }

  setUse(slot: number, use: number): void {
    (this.#uses[slot >>> CHUNK_BITS] as Uint8Array)[slot & CHUNK_MASK] = use;
  }

  #columnsOf(slot: number): Uint32Array {
    return this.#chunks[slot >>> CHUNK_BITS] as Uint32Array;
  }

  #markOf(slot: number): number {
    if (slot >= this.#slotEnd) return REF_FREE;
    return this.#columnsOf(slot)[((slot & CHUNK_MASK) << COLUMNS_BITS) + REF] as number;
  }

  #refOf(slot: number): number {
    const ref = this.#columnsOf(slot)[((slot & CHUNK_MASK) << COLUMNS_BITS) + REF] as number;
    assert(ref >= REF_MIN, "slot without a register");
    return ref;
  }

  #store(bytes: Uint8Array, at: number, length: number): number {
    const ref = this.#arena.allocate(length);
    this.#arena.write(ref, bytes, at, length);
    return ref;
  }

  /** Where the index has the register, or else the empty entry where it would. */
  #positionOf(hash: number, view: DataView, at: number): number {
    const index = this.#index;
    const mask = this.#indexMask;
    for (let position = hash & mask; ; position = (position + 1) & mask) {
      const entry = index[position] as number;
      if (entry === 0) return position;
      if (((entry ^ hash) & ~mask) !== 0) continue;
      const ref = this.#refOf(entry & mask);
      if (isSameIdentity(view, at, this.#arena.viewOf(ref), this.#arena.offsetOf(ref))) return position;
    }
  }

  #enter(hash: number, slot: number): void {
    const index = this.#index;
    const mask = this.#indexMask;
    let position = hash & mask;
    while ((index[position] as number) !== 0) position = (position + 1) & mask;
    index[position] = (hash & ~mask) | slot;
  }

  /** Removes the entry and moves back those behind it that the gap would cut off from their home (Knuth 6.4 R). */
  #leave(hash: number, slot: number): void {
    const index = this.#index;
    const mask = this.#indexMask;
    let gap = hash & mask;
    while (((index[gap] as number) & mask) !== slot) gap = (gap + 1) & mask;
    for (let position = (gap + 1) & mask; ; position = (position + 1) & mask) {
      const entry = index[position] as number;
      if (entry === 0) break;
      const home = this.#hashOfSlot(entry & mask) & mask;
      if (((position - home) & mask) < ((position - gap) & mask)) continue;
      index[gap] = entry;
      gap = position;
    }
    index[gap] = 0;
  }

  #hashOfSlot(slot: number): number {
    return this.#columnsOf(slot)[((slot & CHUNK_MASK) << COLUMNS_BITS) + HASH] as number;
  }

  #growIndex(): void {
    const old = this.#index;
    const oldMask = this.#indexMask;
    this.#index = new Uint32Array(old.length * 2);
    this.#indexMask = old.length * 2 - 1;
    for (let position = 0; position < old.length; position++) {
      const slot = (old[position] as number) & oldMask;
      if (slot !== 0) this.#enter(this.#hashOfSlot(slot), slot);
    }
  }

  /** Room for one more slot and one more entry of the index. Throws `MEMORY_FULL`. */
  #makeRoom(): void {
    if (this.#count >= (this.#indexMask + 1) * LOAD_MAX - 1) this.#growIndex();
    if (this.#freeSlot !== 0) return;
    if (this.#slotEnd === SLOTS_MAX) {
      throw new AtollError("MEMORY_FULL", `a shard holds at most ${SLOTS_MAX - 1} registers`);
    }
    if (this.#slotEnd === this.#slotsMax) this.#addChunk();
    // An entry of the index has room for slots up to its mask.
    if (this.#slotEnd > this.#indexMask) this.#growIndex();
  }

  /** A slot that nobody uses, with empty columns, for which there must be room. */
  #takeSlot(): number {
    const slot = this.#freeSlot;
    if (slot === 0) return this.#slotEnd++;
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    this.#freeSlot = columns[row + NEXT] as number;
    columns[row + NEXT] = 0;
    return slot;
  }

  #giveSlot(slot: number): void {
    const columns = this.#columnsOf(slot);
    const row = (slot & CHUNK_MASK) << COLUMNS_BITS;
    columns[row + REF] = REF_FREE;
    columns[row + NEXT] = this.#freeSlot;
    columns[row + PREVIOUS] = 0;
    (this.#marks[slot >>> CHUNK_BITS] as Uint8Array)[slot & CHUNK_MASK] = 0;
    this.#freeSlot = slot;
  }

  #addChunk(): void {
    if (this.#slotsMax >= CHUNK_SLOTS) {
      this.#setChunk(this.#chunks.length, CHUNK_SLOTS);
      return;
    }
    const columns = this.#chunks[0] as Uint32Array;
    const marks = this.#marks[0] as Uint8Array;
    const uses = this.#uses[0] as Uint8Array;
    this.#setChunk(0, marks.length * 2);
    (this.#chunks[0] as Uint32Array).set(columns);
    (this.#marks[0] as Uint8Array).set(marks);
    (this.#uses[0] as Uint8Array).set(uses);
  }

  #setChunk(chunk: number, slots: number): void {
    const columnsBytes = slots << (COLUMNS_BITS + 2);
    const buffer = new ArrayBuffer(columnsBytes + 2 * slots);
    this.#chunks[chunk] = new Uint32Array(buffer, 0, slots << COLUMNS_BITS);
    this.#marks[chunk] = new Uint8Array(buffer, columnsBytes, slots);
    this.#uses[chunk] = new Uint8Array(buffer, columnsBytes + slots, slots);
    this.#slotsMax = (chunk << CHUNK_BITS) + slots;
  }
}
