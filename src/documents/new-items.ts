/** The items of an update that a document lacks, and where each goes: right of what, left of what, in which list. */

import * as Y from "yjs";
import type { Struct } from "./type-nesting.ts";

/** A shared type, or what stands for one that is not there yet. */
type Parent = object | string;

/** All items of one shared type, or of one key of it. */
export interface Place {
  /** Undefined where the document has no such type yet. */
  readonly parent: Y.AbstractType<unknown> | undefined;
  readonly key: string | null;
  /** New ones. */
  items: number;
  /** New ones at the very beginning. */
  heads: number;
}

export interface NewItem {
  readonly client: number;
  readonly clock: number;
  /** One past its last clock. */
  readonly end: number;
  readonly left: Y.ID | null;
  readonly right: Y.ID | null;
  readonly item: Y.Item;
  /** Of the update, what holds `left` and `right`. */
  leftItem: NewItem | undefined;
  rightItem: NewItem | undefined;
  /** Undefined where it is collected as it comes, and before that is known. */
  place: Place | undefined;
  isPlaced: boolean;
}

export class NewItems {
  /** In the order of the update. */
  readonly all: NewItem[] = [];
  readonly #doc: Y.Doc;
  /** In the order of their clocks. */
  readonly byClient = new Map<number, NewItem[]>();
  readonly #places = new Map<Parent, Map<string | null, Place>>();

  /** Nothing must be missing that the update refers to, and no items may wait for each other. */
  constructor(doc: Y.Doc, structs: readonly Struct[]) {
    this.#doc = doc;
    for (const struct of structs) if (struct instanceof Y.Item) this.#add(struct);
    for (const item of this.all) {
      item.leftItem = item.left === null ? undefined : this.find(item.left);
      item.rightItem = item.right === null ? undefined : this.find(item.right);
    }
    for (const item of this.all) this.#findPlace(item);
  }

  /** What holds an id, of the update; undefined where the document has it, or it was collected. */
  find({ client, clock }: Y.ID): NewItem | undefined {
    const items = this.byClient.get(client) ?? [];
    let low = 0;
    for (let high = items.length; low + 1 < high; ) {
      const middle = (low + high) >>> 1;
      if ((items[middle] as NewItem).clock <= clock) low = middle;
      else high = middle;
    }
    const item = items[low];
    return item !== undefined && item.clock <= clock && clock < item.end ? item : undefined;
  }

  /** Of something known in part, Yjs is given what is right of the part that is known. */
  #add(item: Y.Item): void {
    const { client } = item.id;
    const known = Y.getState(this.#doc.store, client);
    const end = item.id.clock + item.length;
    if (end <= known) return;
    const isCut = item.id.clock < known;
    const added: NewItem = {
      client,
      clock: isCut ? known : item.id.clock,
      end,
      left: isCut ? Y.createID(client, known - 1) : item.origin,
      right: item.rightOrigin,
      item,
      leftItem: undefined,
      rightItem: undefined,
      place: undefined,
      isPlaced: false,
    };
    this.all.push(added);
    const items = this.byClient.get(client);
    if (items === undefined) this.byClient.set(client, [added]);
    else items.push(added);
  }

  /** An item is where its neighbour is. Neighbours name each other in long chains: each is looked at once. */
  #findPlace(item: NewItem): void {
    const path: NewItem[] = [];
    let last = item;
    for (let at: NewItem | undefined = item; at !== undefined && !last.isPlaced; ) {
      last = at;
      if (!at.isPlaced) path.push(at);
      at = at.left === null ? at.rightItem : at.leftItem;
    }
    const place = last.isPlaced ? last.place : this.#placeFrom(last);
    for (const each of path) {
      each.place = place;
      each.isPlaced = true;
      if (place === undefined) continue;
      place.items++;
      if (each.left === null) place.heads++;
    }
  }

  /** Of an item with no neighbour in the update. Undefined where it is collected as it comes. */
  #placeFrom({ left, right, item }: NewItem): Place | undefined {
    const neighbour = left ?? right;
    if (neighbour !== null) {
      const known = itemAt(this.#doc, neighbour);
      return known?.parent instanceof Y.AbstractType ? this.#place(known.parent, known.parentSub) : undefined;
    }
    const { parent, parentSub } = item;
    if (typeof parent === "string") return this.#place(this.#doc.share.get(parent) ?? `name ${parent}`, parentSub);
    if (!(parent instanceof Y.ID)) return undefined;
    const { content } = itemAt(this.#doc, parent) ?? {};
    const type = content instanceof Y.ContentType ? content.type : `id ${parent.client} ${parent.clock}`;
    return this.#place(type, parentSub);
  }

  #place(parent: Parent, key: string | null): Place {
    let places = this.#places.get(parent);
    if (places === undefined) {
      places = new Map();
      this.#places.set(parent, places);
    }
    let place = places.get(key);
    if (place === undefined) {
      place = { parent: parent instanceof Y.AbstractType ? parent : undefined, key, items: 0, heads: 0 };
      places.set(key, place);
    }
    return place;
  }
}

/** What the document has there; undefined where that was collected or is not there. */
export function itemAt(doc: Y.Doc, id: Y.ID): Y.Item | undefined {
  if (id.clock >= Y.getState(doc.store, id.client)) return undefined;
  const found: unknown = Y.getItem(doc.store, id);
  return found instanceof Y.Item ? found : undefined;
}
