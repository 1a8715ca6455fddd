/**
 * Slots in an order, with their ranks: a B+ tree whose inner nodes count what is below them (Comer 1979; order statistics
 * as in Cormen et al. 14.1). To add, to remove and to find by place or by rank takes O(log n) comparisons, and no step
 * moves more than one node: a million slots grow and shrink without a pause. Whose slots they are, and by what they are
 * ordered, is for the caller to say; the order between two slots that are in it must not change.
 *
 *  S1. `before` is a strict order, total over what is in it.
 *  S2. Every leaf but an only one holds 1 to `LEAF_MAX` slots, every inner node 1 to `INNER_MAX` children, and all leaves lie
 *      equally deep. A node that has shrunk to a quarter joins a neighbour where both fit into one.
 */

import { assert } from "../../base/assert.ts";

const LEAF_MAX = 64;
const INNER_MAX = 32;

/** Of a small number: as much as most collections ever hold. */
type Leaf = number[];

interface Inner {
  readonly children: Node[];
  /** Slots below it. */
  size: number;
}

type Node = Leaf | Inner;

/** True when the slot lies before what is looked for. */
export type IsBefore = (slot: number) => boolean;

export class OrderedSlots {
  readonly #before: (a: number, b: number) => boolean;
  #root: Node = [];

  constructor(before: (a: number, b: number) => boolean) {
    this.#before = before;
  }

  get size(): number {
    return sizeOf(this.#root);
  }

  has(slot: number): boolean {
    return this.at(this.rankOf(slot)) === slot;
  }

  /** How many slots lie before one, which need not be in it. */
  rankOf(slot: number): number {
    const before = this.#before;
    return this.rank((other) => before(other, slot));
  }

  /** The slot must not be in it, nor one that has the same place. */
  add(slot: number): void {
    const right = this.#addTo(this.#root, slot);
    if (right !== undefined) this.#root = { children: [this.#root, right], size: sizeOf(this.#root) + sizeOf(right) };
  }

  /** The slot must be in it, at the place that its order says. */
  remove(slot: number): void {
    this.#removeFrom(this.#root, slot);
    while (!isLeaf(this.#root) && this.#root.children.length <= 1) this.#root = this.#root.children[0] ?? [];
  }

  /** How many slots lie before a place: the rank of the first that does not. */
  rank(isBefore: IsBefore): number {
    let rank = 0;
    let node = this.#root;
    while (!isLeaf(node)) {
      const index = childFor(node, isBefore);
      for (let i = 0; i < index; i++) rank += sizeOf(node.children[i] as Node);
      node = node.children[index] as Node;
    }
    return rank + placeIn(node, isBefore);
  }

  /** The slot at a rank, from 0 on; 0 where there is none. */
  at(rank: number): number {
    if (rank < 0 || rank >= this.size) return 0;
    let node = this.#root;
    for (let left = rank; ; ) {
      if (isLeaf(node)) return node[left] as number;
      let index = 0;
      for (let size = sizeOf(node.children[0] as Node); left >= size; size = sizeOf(node.children[index] as Node)) {
        left -= size;
        index++;
      }
      node = node.children[index] as Node;
    }
  }

  /** Slots from a rank on, upwards. Nothing may be added or removed meanwhile. */
  *from(rank: number): Generator<number, void> {
    let left = Math.max(0, rank);
    const nodes: Node[] = [this.#root];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const size = sizeOf(node);
      if (left >= size) left -= size;
      else if (isLeaf(node)) {
        for (let i = left; i < node.length; i++) yield node[i] as number;
        left = 0;
      } else for (let i = node.children.length - 1; i >= 0; i--) nodes.push(node.children[i] as Node);
    }
  }

  /** Those from one rank on to before another, copied at once: a million take a few ms. */
  copy(from: number, to: number): Uint32Array {
    const slots = new Uint32Array(Math.max(0, Math.min(to, this.size) - Math.max(0, from)));
    copyInto(slots, this.#root, -Math.max(0, from));
    return slots;
  }

  /** Up to so many of the first. */
  firstOf(count: number): number[] {
    const slots: number[] = [];
    for (const slot of this.from(0)) {
      if (slots.length >= count) break;
      slots.push(slot);
    }
    return slots;
  }

  /** Returns what of a node that was full comes to stand on its right. */
  #addTo(node: Node, slot: number): Node | undefined {
    const before = this.#before;
    const isBefore = (other: number) => before(other, slot);
    if (isLeaf(node)) {
      const place = placeIn(node, isBefore);
      node.splice(place, 0, slot);
      return node.length > LEAF_MAX ? node.splice(cutAt(place)) : undefined;
    }
    const index = childFor(node, isBefore);
    node.size++;
    const right = this.#addTo(node.children[index] as Node, slot);
    if (right === undefined) return undefined;
    node.children.splice(index + 1, 0, right);
    return node.children.length > INNER_MAX ? halve(node) : undefined;
  }

  #removeFrom(node: Node, slot: number): void {
    const before = this.#before;
    if (isLeaf(node)) {
      const place = placeIn(node, (other) => before(other, slot));
      assert(node[place] === slot, "a slot is taken out at the place where it is");
      node.splice(place, 1);
      return;
    }
    const index = childFor(node, (other) => !before(slot, other));
    const child = node.children[index] as Node;
    this.#removeFrom(child, slot);
    node.size--;
    if (sizeOf(child) === 0) node.children.splice(index, 1);
    else if (isSmall(child)) join(node, index);
  }
}

/** Copies the slots of a node of which the first is to stand at a place, as far as there are such places. */
function copyInto(slots: Uint32Array, node: Node, place: number): void {
  let at = place;
  if (isLeaf(node)) {
    for (const slot of node) if (at++ >= 0 && at <= slots.length) slots[at - 1] = slot;
    return;
  }
  for (const child of node.children) {
    if (at >= slots.length) return;
    const size = sizeOf(child);
    if (at + size > 0) copyInto(slots, child, at);
    at += size;
  }
}

function isLeaf(node: Node): node is Leaf {
  return Array.isArray(node);
}

function sizeOf(node: Node): number {
  return isLeaf(node) ? node.length : node.size;
}

function firstOf(node: Node): number {
  let first = node;
  while (!isLeaf(first)) first = first.children[0] as Node;
  return first[0] as number;
}

/** How many slots of a leaf lie before a place. */
function placeIn(leaf: Leaf, isBefore: IsBefore): number {
  let low = 0;
  let high = leaf.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(leaf[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The child that a place lies in: the last that begins before it, or the first. */
function childFor(node: Inner, isBefore: IsBefore): number {
  let low = 0;
  let high = node.children.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (isBefore(firstOf(node.children[middle] as Node))) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a leaf that is full is cut. What grows at one end leaves full leaves behind it. */
function cutAt(place: number): number {
  if (place === LEAF_MAX) return LEAF_MAX;
  return place === 0 ? 1 : (LEAF_MAX + 1) >>> 1;
}

function halve(node: Inner): Inner {
  const children = node.children.splice(node.children.length >>> 1);
  const size = children.reduce((sum, child) => sum + sizeOf(child), 0);
  node.size -= size;
  return { children, size };
}

function isSmall(node: Node): boolean {
  return isLeaf(node) ? node.length <= LEAF_MAX / 4 : node.children.length <= INNER_MAX / 4;
}

/** Joins a child with a neighbour where both fit into one. */
function join(node: Inner, index: number): void {
  const leftIndex = index > 0 ? index - 1 : index;
  const left = node.children[leftIndex];
  const right = node.children[leftIndex + 1];
  if (left === undefined || right === undefined) return;
  if (isLeaf(left) && isLeaf(right)) {
    if (left.length + right.length > LEAF_MAX) return;
    left.push(...right);
  } else if (!isLeaf(left) && !isLeaf(right)) {
    if (left.children.length + right.children.length > INNER_MAX) return;
    left.children.push(...right.children);
    left.size += right.size;
  }
  node.children.splice(leftIndex + 1, 1);
}
