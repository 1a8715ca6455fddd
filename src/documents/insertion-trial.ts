/**
 * What Yjs does to find the places of new items, without the document: the same steps over the same items in the same order,
 * so that they can be counted, and given up. An item goes right of its left neighbour, and right of those others there that
 * have the same left neighbour and a lower client, with all that is right of these. See Item.integrate in
 * https://github.com/yjs/yjs/blob/v13.6.27/src/structs/Item.js; and Nicolaescu et al., "Near Real-Time Peer-to-Peer Shared
 * Editing on Extensible Data Types", GROUP 2016, section 3.
 *
 * Items are cut beforehand wherever something is inserted within them; Yjs cuts them as it goes, and steps over fewer. What
 * is right of an item of the document is a list of its own here: who steps over what is between is to count that apart.
 */

import type * as Y from "yjs";
import { areSame } from "./ids.ts";
import type { NewItem, Place } from "./new-items.ts";

/** What is right of one item of the document, or the beginning of a place. */
interface List {
  start: Piece | undefined;
}

/** Of an item, what nothing is inserted into. */
interface Piece {
  readonly client: number;
  readonly clock: number;
  readonly left: Y.ID | null;
  readonly right: Y.ID | null;
  leftPiece: Piece | undefined;
  list: List | undefined;
  next: Piece | undefined;
  /** The last walk that stepped on it, and how often that had moved on by then. */
  walk: number;
  leg: number;
}

export class InsertionTrial {
  /** So far. */
  steps = 0;
  readonly #max: number;
  /** In the order of their clocks. */
  readonly #pieces = new Map<NewItem, readonly Piece[]>();
  readonly #byPlace = new Map<Place, List>();
  readonly #byLeft = new Map<number, Map<number, List>>();
  #walk = 0;

  constructor(items: readonly NewItem[], max: number) {
    this.#max = max;
    const cuts = cutsOf(items);
    for (const item of items) this.#pieces.set(item, piecesOf(item, cuts.get(item)));
  }

  /** Whatever it stands on was inserted before. */
  insert(item: NewItem): void {
    if (item.place === undefined) return;
    const pieces = this.#pieces.get(item) ?? [];
    const [first] = pieces;
    if (first === undefined) return;
    const left = item.leftItem && item.left ? this.#pieceOf(item.leftItem, item.left.clock) : undefined;
    const right = item.rightItem && item.right ? this.#pieceOf(item.rightItem, item.right.clock) : undefined;
    const list = left?.list ?? this.#listOf(item, item.place);
    first.leftPiece = left;
    const next = left === undefined ? list.start : left.next;
    const place = next === right ? left : this.#search(first, left, next, right);
    this.#link(pieces, place, list);
  }

  /** What it is to be right of. */
  #search(item: Piece, left: Piece | undefined, next: Piece | undefined, right: Piece | undefined): Piece | undefined {
    const walk = ++this.#walk;
    let found = left;
    let leg = 0;
    for (let other = next; other !== undefined && other !== right && this.steps <= this.#max; other = other.next) {
      this.steps++;
      other.walk = walk;
      other.leg = leg;
      if (areSame(item.left, other.left)) {
        if (other.client < item.client) {
          found = other;
          leg++;
        } else if (areSame(item.right, other.right)) break;
      } else if (other.leftPiece?.walk === walk) {
        if (other.leftPiece.leg < leg) {
          found = other;
          leg++;
        }
      } else break;
    }
    return found;
  }

  #link(pieces: readonly Piece[], left: Piece | undefined, list: List): void {
    let last = left;
    for (const piece of pieces) {
      piece.list = list;
      piece.next = last === undefined ? list.start : last.next;
      if (last === undefined) list.start = piece;
      else last.next = piece;
      last = piece;
    }
  }

  #pieceOf(item: NewItem, clock: number): Piece | undefined {
    const pieces = this.#pieces.get(item) ?? [];
    let low = 0;
    for (let high = pieces.length; low + 1 < high; ) {
      const middle = (low + high) >>> 1;
      if ((pieces[middle] as Piece).clock <= clock) low = middle;
      else high = middle;
    }
    return pieces[low];
  }

  #listOf({ left }: NewItem, place: Place): List {
    if (left === null) return madeIn(this.#byPlace, place, newList);
    return madeIn(
      madeIn(this.#byLeft, left.client, () => new Map<number, List>()),
      left.clock,
      newList,
    );
  }
}

/** By item, the clocks at which others part it. */
function cutsOf(items: readonly NewItem[]): Map<NewItem, number[]> {
  const cuts = new Map<NewItem, number[]>();
  const cut = (item: NewItem | undefined, clock: number): void => {
    if (item !== undefined && clock > item.clock && clock < item.end) madeIn(cuts, item, () => []).push(clock);
  };
  for (const { left, leftItem, right, rightItem } of items) {
    if (left !== null) cut(leftItem, left.clock + 1);
    if (right !== null) cut(rightItem, right.clock);
  }
  return cuts;
}

function piecesOf({ client, clock, left, right }: NewItem, cuts: readonly number[] = []): Piece[] {
  const rest = { leftPiece: undefined, list: undefined, next: undefined, walk: 0, leg: 0 };
  const pieces: Piece[] = [{ client, clock, left, right, ...rest }];
  for (const at of [...new Set(cuts)].sort((a, b) => a - b)) {
    pieces.push({ client, clock: at, left: { client, clock: at - 1 }, right, ...rest, leftPiece: pieces.at(-1) });
  }
  return pieces;
}

function newList(): List {
  return { start: undefined };
}

function madeIn<Of, Made>(map: Map<Of, Made>, of: Of, make: () => Made): Made {
  const known = map.get(of);
  if (known !== undefined) return known;
  const made = make();
  map.set(of, made);
  return made;
}
