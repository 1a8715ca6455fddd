/**
 * For each origin, the chain of its registers that are still held, in the order of their sequences: what a peer lacks of
 * an origin is the end of its chain, however much is held. A chain is a ring of slots through a sentinel in the register
 * table, which has the links.
 */

import { assert } from "../../base/assert.ts";
import { mix32 } from "../../base/hash.ts";
import type { OriginId } from "../../base/ids.ts";
import { originAt, sequenceAt } from "../record/record.ts";
import type { RegisterTable } from "../table/register-table.ts";
import type { VersionVector } from "../version-vector.ts";

interface OriginChain {
  readonly sentinel: number;
  /** The slot linked last: the next one most often belongs right behind it. */
  hint: number;
  /**
   * Greatest sequence ever seen, applied or superseded: none in the chain is greater. Above the vector's entry: something is
   * missing in between.
   */
  seen: number;
  /**
   * Where registers beyond the vector's entry may have been seen: up to `fetchedTo`, and from `pushedFrom` to `pushedTo`. Pushes
   * run ahead of the delta that fills the gap before them, so the two are told apart.
   */
  fetchedTo: number;
  pushedFrom: number;
  pushedTo: number;
  /** It is among `#ahead`: asked of every register that comes, which a set takes several times as long to say. */
  isAhead: boolean;
}

/** Slots in the order of the disk, and their sequences. */
interface LoadedChain {
  readonly slots: number[];
  readonly sequences: number[];
}

/** What is held, or was seen, of one origin beyond what a vector covers. */
export interface EarlyRegisters {
  readonly origin: OriginId;
  /** Greatest sequence seen. */
  readonly seen: number;
  /** Order-independent digest of the sequences held; 0 when none is. */
  readonly held: number;
}

export class OriginChains {
  readonly #table: RegisterTable;
  readonly #chains = new Map<OriginId, OriginChain>();
  /** The origin asked for last, and its chain: registers come in runs of one origin. */
  #lastOrigin: OriginId | undefined;
  #lastChain: OriginChain | undefined;
  /** Origins of which something may have been seen beyond what the vector covers: all that are, and few that are not. */
  readonly #ahead = new Set<OriginId>();
  /** While registers come from disk: those of each origin, and the origin of the last. */
  readonly #loadingByOrigin = new Map<OriginId, LoadedChain>();
  #loading: LoadedChain = { slots: [], sequences: [] };
  #loadingOrigin: OriginId | undefined;

  constructor(table: RegisterTable) {
    this.#table = table;
  }

  /** As `Shard.lookAt`: at the end of the chain that was added to last, where the next register mostly goes. */
  lookAt(): number {
    const chain = this.#lastChain;
    return chain === undefined ? 0 : this.#table.next(this.#table.previous(chain.sentinel)) ^ chain.seen;
  }

  /** Origins whose registers are, or were, held. */
  origins(): IterableIterator<OriginId> {
    return this.#chains.keys();
  }

  /** Notes that a sequence of an origin exists, whether or not its register is taken in. */
  see(origin: OriginId, sequence: number): void {
    this.#see(origin, this.#chainOf(origin), sequence);
  }

  #see(origin: OriginId, chain: OriginChain, sequence: number): void {
    if (sequence <= chain.seen) return;
    chain.seen = sequence;
    if (!chain.isAhead) this.#goAhead(origin, chain);
  }

  #goAhead(origin: OriginId, chain: OriginChain): void {
    chain.isAhead = true;
    this.#ahead.add(origin);
  }

  /**
   * Notes that a register of another origin came that is not covered: what is covered is given for one that was pushed,
   * -1 for any other. True where it surely never came before.
   */
  arrive(origin: OriginId, sequence: number, pushedBehind: number): boolean {
    const chain = this.#chainOf(origin);
    const isNew = sequence > chain.fetchedTo && (sequence > chain.pushedTo || sequence < chain.pushedFrom);
    if (pushedBehind < 0) chain.fetchedTo = Math.max(chain.fetchedTo, sequence);
    else {
      if (chain.pushedTo <= pushedBehind) chain.pushedFrom = sequence;
      chain.pushedFrom = Math.min(chain.pushedFrom, sequence);
      chain.pushedTo = Math.max(chain.pushedTo, sequence);
    }
    this.#see(origin, chain, sequence);
    return isNew;
  }

  /** The vector is about to cover less than it does. */
  uncover(vector: VersionVector): void {
    for (const [origin, chain] of this.#chains) {
      this.#goAhead(origin, chain);
      chain.fetchedTo = Math.max(chain.fetchedTo, chain.seen, vector.get(origin));
    }
  }

  /** True when a sequence of this origin was seen beyond what the vector covers: something in between is missing. */
  hasGap(origin: OriginId, vector: VersionVector): boolean {
    const chain = this.#chains.get(origin);
    return chain !== undefined && chain.seen > vector.get(origin);
  }

  /** True when there is no gap in any origin. */
  isWhole(vector: VersionVector): boolean {
    for (const origin of this.#ahead) {
      if (this.hasGap(origin, vector)) return false;
      this.#ahead.delete(origin);
      const chain = this.#chains.get(origin);
      if (chain !== undefined) chain.isAhead = false;
    }
    return true;
  }

  /** What is held, or was seen, beyond the vector. */
  early(vector: VersionVector): EarlyRegisters[] {
    const early: EarlyRegisters[] = [];
    if (this.isWhole(vector)) return early;
    for (const [origin, chain] of this.#chains) {
      const covered = vector.get(origin);
      if (chain.seen <= covered) continue;
      const slots: number[] = [];
      this.collectAbove(origin, covered, slots);
      let held = 0;
      for (const slot of slots) held = (held + mix32(this.#sequenceIn(slot) >>> 0)) >>> 0;
      early.push({ origin, seen: chain.seen, held });
    }
    return early;
  }

  /** Slots of an origin with sequences above `sequence`, ascending, behind `into`. O(what is collected). */
  collectAbove(origin: OriginId, sequence: number, into: number[]): void {
    const chain = this.#chains.get(origin);
    if (chain === undefined) return;
    const start = into.length;
    for (let slot = this.#table.previous(chain.sentinel); slot !== chain.sentinel; slot = this.#table.previous(slot)) {
      // Whoever lacks everything is asked nothing of each: records lie apart in memory, and looking at one is dear.
      if (sequence > 0 && this.#sequenceIn(slot) <= sequence) break;
      into.push(slot);
    }
    for (let low = start, high = into.length - 1; low < high; low++, high--) {
      const slot = into[low] as number;
      into[low] = into[high] as number;
      into[high] = slot;
    }
  }

  /** Links a slot into its chain at its sequence: most often last, or right behind the one before (a delta). */
  link(slot: number, origin: OriginId, sequence: number): void {
    const chain = this.#chainOf(origin);
    const table = this.#table;
    let after = table.previous(chain.sentinel);
    // What was never seen before comes last: the record there, perhaps in no cache any more, need not be looked at.
    this.#see(origin, chain, sequence);
    if (sequence < chain.seen && after !== chain.sentinel && this.#sequenceIn(after) > sequence) {
      const hint = chain.hint;
      const usable = hint !== 0 && table.isHeld(hint) && !table.isSentinel(hint) && this.#originIn(hint) === origin;
      if (usable && hint !== slot) after = hint;
      while (after !== chain.sentinel && this.#sequenceIn(after) > sequence) after = table.previous(after);
      for (let next = table.next(after); next !== chain.sentinel; next = table.next(after)) {
        if (this.#sequenceIn(next) > sequence) break;
        after = next;
      }
    }
    table.linkAfter(slot, after);
    chain.hint = slot;
  }

  /** Drops the chains of sealed lives that have nothing left in them. */
  dropSealed(vector: VersionVector): void {
    for (const [origin, chain] of this.#chains) {
      if (!vector.isSealed(origin) || this.#table.next(chain.sentinel) !== chain.sentinel) continue;
      this.#table.removeSentinel(chain.sentinel);
      this.#chains.delete(origin);
      this.#forgetLast();
    }
  }

  /** Forgets all chains, in which nothing is left. */
  dropAll(): void {
    for (const { sentinel } of this.#chains.values()) {
      assert(this.#table.next(sentinel) === sentinel, "a chain that goes is empty");
      this.#table.removeSentinel(sentinel);
    }
    this.#chains.clear();
    this.#forgetLast();
    this.#ahead.clear();
  }

  /** Takes a slot read from disk, in any order; `finishLoad` hangs them up, sorted once. */
  load(slot: number, origin: OriginId, sequence: number): void {
    if (origin !== this.#loadingOrigin) {
      this.#loading = this.#loadingByOrigin.get(origin) ?? { slots: [], sequences: [] };
      this.#loadingByOrigin.set(origin, this.#loading);
      this.#loadingOrigin = origin;
    }
    this.#loading.slots.push(slot);
    this.#loading.sequences.push(sequence);
  }

  finishLoad(): void {
    for (const [origin, { slots, sequences }] of this.#loadingByOrigin) {
      const order = sortedOrder(sequences);
      const chain = this.#chainOf(origin);
      for (let i = 0; i < order.length; i++) {
        this.#table.linkAfter(slots[order[i] as number] as number, this.#table.previous(chain.sentinel));
      }
      this.see(origin, sequences[order[order.length - 1] as number] as number);
      chain.fetchedTo = chain.seen;
    }
    this.#loadingByOrigin.clear();
    this.#loadingOrigin = undefined;
  }

  #forgetLast(): void {
    this.#lastOrigin = undefined;
    this.#lastChain = undefined;
  }

  #chainOf(origin: OriginId): OriginChain {
    if (origin === this.#lastOrigin && this.#lastChain !== undefined) return this.#lastChain;
    const chain = this.#findOrCreate(origin);
    this.#lastOrigin = origin;
    this.#lastChain = chain;
    return chain;
  }

  #findOrCreate(origin: OriginId): OriginChain {
    let chain = this.#chains.get(origin);
    if (chain === undefined) {
      chain = {
        sentinel: this.#table.createSentinel(),
        hint: 0,
        seen: 0,
        fetchedTo: 0,
        pushedFrom: 0,
        pushedTo: 0,
        isAhead: false,
      };
      this.#chains.set(origin, chain);
    }
    return chain;
  }

  #sequenceIn(slot: number): number {
    return sequenceAt(this.#table.viewOf(slot), this.#table.offsetOf(slot));
  }

  #originIn(slot: number): OriginId {
    return originAt(this.#table.viewOf(slot), this.#table.offsetOf(slot));
  }
}

/** Positions of `values` in ascending order of value. Packs value and position into one double where both fit. */
function sortedOrder(values: readonly number[]): Float64Array | number[] {
  const count = values.length;
  let greatest = 0;
  for (let i = 0; i < count; i++) greatest = Math.max(greatest, values[i] as number);
  if (greatest * count + count < Number.MAX_SAFE_INTEGER) {
    const packed = new Float64Array(count);
    for (let i = 0; i < count; i++) packed[i] = (values[i] as number) * count + i;
    packed.sort();
    // Of doubles this is several times as fast as the remainder.
    for (let i = 0; i < count; i++)
      packed[i] = (packed[i] as number) - Math.floor((packed[i] as number) / count) * count;
    return packed;
  }
  return values.map((_, i) => i).sort((a, b) => (values[a] as number) - (values[b] as number));
}
