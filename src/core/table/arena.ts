/**
 * Memory for records, outside the JavaScript heap: blocks of fixed sizes cut from pages that all shards share (a slab
 * allocator, Bonwick 1994). No object for a block; a free block holds the number of the next free one of its page.
 *
 * What a page wastes is bounded by its size class (nothing up to 512 bytes, at most 1/16 above). Pages are filled from the
 * fullest end, and what sparse ones waste is bounded by `compact`, which empties them: otherwise a block never moves.
 */

import { assert } from "../../base/assert.ts";
import { copyShort, SHORT_BYTES_MAX } from "../../base/copy.ts";
import { AtollError } from "../../base/errors.ts";
import { giveBack } from "../../base/give-back.ts";

export const PAGE_BYTES = 262144;
/** Blocks over this get a page of their own, of exactly their size. */
export const PAGED_BLOCK_BYTES_MAX = 65536;

const BLOCK_BYTES_MIN = 32;
/** Up to here every multiple of 4 is a class; above, 16 classes for each power of two. */
const EXACT_BLOCK_BYTES_MAX = 512;
const EXACT_CLASSES = EXACT_BLOCK_BYTES_MAX / 4 + 1;
const CLASSES = EXACT_CLASSES + 7 * 16;

/** A ref is page number x 2^13 + block number: 2^13 blocks of 32 bytes fill a page, 2^19 pages are 128 GiB. */
const BLOCK_BITS = 13;
const BLOCK_MASK = (1 << BLOCK_BITS) - 1;
const PAGES_MAX = 2 ** (32 - BLOCK_BITS);

/** Refs below this are never handed out: a table may use them as marks. */
export const REF_MIN = 1 << BLOCK_BITS;

/**
 * Empty pages kept, 4 MiB of them, so that a shard at the edge of a page does not allocate and drop it at every write. A few
 * records of many lengths are at the edge of a page in every class: with 4 spares 2 % of a simulation's time went into pages.
 */
const SPARE_PAGES_MAX = 16;

/** Second word of a free block. No record has it: it would say that all eight flags are set. */
const FREE_MARK = -1;
const NO_BLOCK = -1;
const NO_PAGE = 0;
/** Class of a page that holds one large block. */
const CLASS_LARGE = -1;

const emptyBytes = new Uint8Array(0);
const emptyView = new DataView(emptyBytes.buffer);

function classOf(length: number): number {
  if (length <= EXACT_BLOCK_BYTES_MAX) return (length + 3) >> 2;
  const log = 31 - Math.clz32(length - 1);
  // Sixteenths of the power of two below, rounded up.
  const step = (length - 1) >> (log - 4);
  return EXACT_CLASSES + (log - 9) * 16 + (step - 16);
}

function blockBytesOf(sizeClass: number): number {
  if (sizeClass < EXACT_CLASSES) return sizeClass * 4;
  const rank = sizeClass - EXACT_CLASSES;
  return ((rank & 15) + 17) << ((rank >> 4) + 5);
}

function createBuffer(length: number): ArrayBuffer {
  try {
    return new ArrayBuffer(length);
  } catch (cause) {
    throw new AtollError("MEMORY_FULL", `the system has no ${length} bytes for a page`, { cause });
  }
}

/** Bytes of the block that `length` bytes would get. */
export function blockBytesFor(length: number): number {
  if (length > PAGED_BLOCK_BYTES_MAX) return length;
  return blockBytesOf(classOf(Math.max(length, BLOCK_BYTES_MIN)));
}

/**
 * Invariants. 1: a page is in its class's list exactly when it has a free block and a used one. 2: blocks from
 * `#fresh` on were never handed out. 3: page number 0 is never used, so no ref is 0. 4: a block in use does not hold
 * `FREE_MARK` in its second word.
 */
export class Arena {
  /** By page number. A number is used again once its page is given back. */
  readonly #views: DataView[] = [emptyView];
  readonly #bytes: Uint8Array[] = [emptyBytes];
  readonly #blockBytes: number[] = [0];
  readonly #classes: number[] = [CLASS_LARGE];
  readonly #used: number[] = [0];
  /** First block never handed out, and head of the chain of those freed since. */
  readonly #fresh: number[] = [0];
  readonly #freed: number[] = [NO_BLOCK];
  /** Bytes from the start of the page that were ever written. */
  readonly #touched: number[] = [0];
  readonly #next: number[] = [NO_PAGE];
  readonly #previous: number[] = [NO_PAGE];
  readonly #freeNumbers: number[] = [];
  /** By size class: first page with a free block. */
  readonly #open: number[] = new Array<number>(CLASSES).fill(NO_PAGE);
  readonly #spares: number[] = [];
  /** The bytes last copied from and a view of them: usually the same scratch buffer or frame again and again. */
  #source: Uint8Array = emptyBytes;
  #sourceView: DataView = emptyView;
  readonly #pagesMax: number;
  #usedBytes = 0;
  #residentBytes = 0;

  /** `pagesMax` is for tests: the bound that a ref sets is 128 GiB of pages. */
  constructor(pagesMax: number = PAGES_MAX - 1) {
    this.#pagesMax = pagesMax;
  }

  /** Bytes of all blocks in use. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Bytes of all pages as far as they were ever written. */
  get residentBytes(): number {
    return this.#residentBytes;
  }

  /** Pages held, spare ones included. */
  get pages(): number {
    return this.#views.length - 1 - this.#freeNumbers.length;
  }

  /** A block of at least `length` bytes with undefined content. Throws `MEMORY_FULL`. */
  allocate(length: number): number {
    if (length > PAGED_BLOCK_BYTES_MAX) return this.#allocateLarge(length);
    const sizeClass = classOf(Math.max(length, BLOCK_BYTES_MIN));
    let page = this.#open[sizeClass] as number;
    if (page === NO_PAGE) page = this.#openPage(sizeClass);
    const blockBytes = this.#blockBytes[page] as number;
    const view = this.#views[page] as DataView;
    let block = this.#freed[page] as number;
    if (block === NO_BLOCK) {
      block = this.#fresh[page] as number;
      this.#fresh[page] = block + 1;
      const end = (block + 1) * blockBytes;
      if (end > (this.#touched[page] as number)) this.#touch(page, end);
    } else {
      this.#freed[page] = view.getInt32(block * blockBytes, true);
    }
    // Invariant 4, also for a fresh block of a page that served before.
    view.setInt32(block * blockBytes + 4, 0, true);
    this.#used[page] = (this.#used[page] as number) + 1;
    this.#usedBytes += blockBytes;
    if (this.#isFull(page)) this.#close(page);
    return ((page << BLOCK_BITS) | block) >>> 0;
  }

  /** Gives a block back. Refs to it mean nothing from now on. */
  free(ref: number): void {
    const page = ref >>> BLOCK_BITS;
    const block = ref & BLOCK_MASK;
    assert(page < this.#used.length && (this.#used[page] as number) > 0, "free of a page that is not in use");
    if ((this.#classes[page] as number) === CLASS_LARGE) {
      this.#freeLarge(page);
      return;
    }
    const view = this.#views[page] as DataView;
    const blockBytes = this.#blockBytes[page] as number;
    const at = block * blockBytes;
    assert(block < (this.#fresh[page] as number), "free of a block never handed out");
    assert(view.getInt32(at + 4, true) !== FREE_MARK, "double free");
    const wasFull = this.#isFull(page);
    view.setInt32(at, this.#freed[page] as number, true);
    view.setInt32(at + 4, FREE_MARK, true);
    this.#freed[page] = block;
    this.#usedBytes -= blockBytes;
    const used = (this.#used[page] as number) - 1;
    this.#used[page] = used;
    if (wasFull) this.#link(page);
    if (used === 0) this.#retire(page);
  }

  /** The page that a block is in; `offsetOf` says where. Valid until the block is freed. */
  viewOf(ref: number): DataView {
    return this.#views[ref >>> BLOCK_BITS] as DataView;
  }

  /** The same page as bytes. */
  bytesOf(ref: number): Uint8Array {
    return this.#bytes[ref >>> BLOCK_BITS] as Uint8Array;
  }

  offsetOf(ref: number): number {
    return (ref & BLOCK_MASK) * (this.#blockBytes[ref >>> BLOCK_BITS] as number);
  }

  /** For `lookahead.ts`: looks at the first cache lines of a block. What it returns means nothing. */
  lookAt(ref: number): number {
    const page = ref >>> BLOCK_BITS;
    const view = this.#views[page] as DataView;
    const blockBytes = this.#blockBytes[page] as number;
    const at = (ref & BLOCK_MASK) * blockBytes;
    const last = Math.min(blockBytes, SHORT_BYTES_MAX) - 4;
    let seen = view.getInt32(at + last, true);
    for (let i = 0; i < last; i += 64) seen ^= view.getInt32(at + i, true);
    return seen;
  }

  /** Bytes of the block, at least what was asked for. */
  capacityOf(ref: number): number {
    return this.#blockBytes[ref >>> BLOCK_BITS] as number;
  }

  /** Copies `length` bytes, which must fit, from `at` of `bytes` to the beginning of a block. */
  write(ref: number, bytes: Uint8Array, at: number, length: number): void {
    const page = ref >>> BLOCK_BITS;
    const start = (ref & BLOCK_MASK) * (this.#blockBytes[page] as number);
    if (length > SHORT_BYTES_MAX) {
      (this.#bytes[page] as Uint8Array).set(bytes.subarray(at, at + length), start);
      return;
    }
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    copyShort(this.#sourceView, at, length, this.#views[page] as DataView, start);
  }

  /** Bytes that hold nothing, in pages that do. */
  get wastedBytes(): number {
    return this.#residentBytes - this.#usedBytes;
  }

  /**
   * Empties the sparsest page whose blocks fit into others of its class, and gives it back. `moved` is told of each block, of
   * which both copies are there as long as that takes. Returns how many moved; 0: there is no such page.
   */
  compact(moved: (from: number, to: number) => void): number {
    const page = this.#sparsestPage();
    if (page === NO_PAGE) return 0;
    const blockBytes = this.#blockBytes[page] as number;
    const used = this.#used[page] as number;
    const view = this.#views[page] as DataView;
    const bytes = this.#bytes[page] as Uint8Array;
    this.#close(page);
    for (let block = 0, left = used; left > 0; block++) {
      const at = block * blockBytes;
      if (view.getInt32(at + 4, true) === FREE_MARK) continue;
      const to = this.allocate(blockBytes);
      this.write(to, bytes, at, blockBytes);
      moved(((page << BLOCK_BITS) | block) >>> 0, to);
      left--;
    }
    this.#usedBytes -= used * blockBytes;
    this.#used[page] = 0;
    this.#keepOrDrop(page);
    return used;
  }

  #sparsestPage(): number {
    const freeByClass = new Float64Array(CLASSES);
    for (let page = 1; page < this.#views.length; page++) {
      if (!this.#isOpen(page)) continue;
      const sizeClass = this.#classes[page] as number;
      freeByClass[sizeClass] = (freeByClass[sizeClass] as number) + this.#freeIn(page);
    }
    let [sparsest, share] = [NO_PAGE, 1];
    for (let page = 1; page < this.#views.length; page++) {
      if (!this.#isOpen(page)) continue;
      const used = this.#used[page] as number;
      const free = this.#freeIn(page);
      const hasRoom = (freeByClass[this.#classes[page] as number] as number) - free >= used;
      if (!hasRoom || used / (used + free) >= share) continue;
      sparsest = page;
      share = used / (used + free);
    }
    return sparsest;
  }

  /** Invariant 1. */
  #isOpen(page: number): boolean {
    return (this.#classes[page] as number) !== CLASS_LARGE && (this.#used[page] as number) > 0 && !this.#isFull(page);
  }

  #freeIn(page: number): number {
    return Math.floor(PAGE_BYTES / (this.#blockBytes[page] as number)) - (this.#used[page] as number);
  }

  #isFull(page: number): boolean {
    return (
      (this.#freed[page] as number) === NO_BLOCK &&
      ((this.#fresh[page] as number) + 1) * (this.#blockBytes[page] as number) > PAGE_BYTES
    );
  }

  #touch(page: number, end: number): void {
    this.#residentBytes += end - (this.#touched[page] as number);
    this.#touched[page] = end;
  }

  #openPage(sizeClass: number): number {
    const page = this.#spares.pop() ?? this.#addPage(PAGE_BYTES);
    this.#blockBytes[page] = blockBytesOf(sizeClass);
    this.#classes[page] = sizeClass;
    this.#used[page] = 0;
    this.#fresh[page] = 0;
    this.#freed[page] = NO_BLOCK;
    this.#link(page);
    return page;
  }

  #addPage(length: number): number {
    const page = this.#freeNumbers.at(-1) ?? this.#views.length;
    if (page > this.#pagesMax) throw new AtollError("MEMORY_FULL", `all ${this.#pagesMax} pages are in use`);
    const buffer = createBuffer(length);
    this.#views[page] = new DataView(buffer);
    this.#bytes[page] = new Uint8Array(buffer);
    this.#freeNumbers.pop();
    this.#touched[page] = 0;
    this.#next[page] = NO_PAGE;
    this.#previous[page] = NO_PAGE;
    return page;
  }

  #dropPage(page: number): void {
    this.#residentBytes -= this.#touched[page] as number;
    this.#views[page] = emptyView;
    this.#bytes[page] = emptyBytes;
    this.#used[page] = 0;
    this.#freeNumbers.push(page);
  }

  /** An empty page becomes a spare for any class, or goes. */
  #retire(page: number): void {
    this.#close(page);
    this.#keepOrDrop(page);
  }

  #keepOrDrop(page: number): void {
    if (this.#spares.length < SPARE_PAGES_MAX) this.#spares.push(page);
    else this.#dropPage(page);
  }

  #allocateLarge(length: number): number {
    const page = this.#addPage(length);
    this.#blockBytes[page] = length;
    this.#classes[page] = CLASS_LARGE;
    this.#used[page] = 1;
    this.#usedBytes += length;
    this.#touch(page, length);
    return (page << BLOCK_BITS) >>> 0;
  }

  #freeLarge(page: number): void {
    this.#usedBytes -= this.#blockBytes[page] as number;
    const { buffer } = this.#bytes[page] as Uint8Array;
    this.#dropPage(page);
    giveBack(buffer);
  }

  /** A page that was full has one free block: at the head it is filled up first, and the sparse ones may run empty. */
  #link(page: number): void {
    const sizeClass = this.#classes[page] as number;
    const head = this.#open[sizeClass] as number;
    this.#next[page] = head;
    this.#previous[page] = NO_PAGE;
    if (head !== NO_PAGE) this.#previous[head] = page;
    this.#open[sizeClass] = page;
  }

  #close(page: number): void {
    const next = this.#next[page] as number;
    const previous = this.#previous[page] as number;
    if (next !== NO_PAGE) this.#previous[next] = previous;
    if (previous !== NO_PAGE) this.#next[previous] = next;
    else this.#open[this.#classes[page] as number] = next;
    this.#next[page] = NO_PAGE;
    this.#previous[page] = NO_PAGE;
  }
}
