/**
 * How deep an update would nest shared types, in the document it is for. An item is in the type that it names, or in that
 * of the neighbour it names, in the update or in the document.
 */

import * as Y from "yjs";
import { AtollError } from "../base/errors.ts";
import type { DocumentSizeLimits } from "./document-limits.ts";

/** A struct as `Y.decodeUpdate` makes it: of an item the parent is still a name or an id. */
export type Struct = ReturnType<typeof Y.decodeUpdate>["structs"][number];

/**
 * Throws `AtollError` with `BAD_UPDATE` when one of the update's shared types would be in `typeNestingMax` others or more.
 * Nothing must be missing that the update refers to.
 */
export function checkNesting(
  doc: Y.Doc,
  structs: readonly Struct[],
  { typeNestingMax }: Pick<DocumentSizeLimits, "typeNestingMax">,
): void {
  const nesting = new Nesting(doc, structs, typeNestingMax);
  for (const struct of structs) {
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentType)) continue;
    if (nesting.depthOf(struct) < typeNestingMax) continue;
    throw new AtollError("BAD_UPDATE", `shared types nested deeper than ${typeNestingMax}`);
  }
}

class Nesting {
  readonly #doc: Y.Doc;
  readonly #max: number;
  /** In the order of their clocks. */
  readonly #structsByClient = new Map<number, Struct[]>();
  readonly #depths = new Map<Y.Item, number>();

  constructor(doc: Y.Doc, structs: readonly Struct[], max: number) {
    this.#doc = doc;
    this.#max = max;
    for (const struct of structs) {
      const list = this.#structsByClient.get(struct.id.client);
      if (list === undefined) this.#structsByClient.set(struct.id.client, [struct]);
      else list.push(struct);
    }
  }

  /** In how many types the item is. Neighbours name each other in long chains: so no recursion, and each is looked at once. */
  depthOf(item: Y.Item): number {
    const path: Y.Item[] = [];
    let depth = 0;
    for (let at: Y.Item | undefined = item; at !== undefined; ) {
      const known = this.#depths.get(at);
      const reference = referenceOf(at);
      if (known !== undefined) depth = known;
      if (known !== undefined) break;
      path.push(at);
      if (reference === undefined) break;
      at = this.#itemInUpdate(reference);
      if (at === undefined) depth = this.#depthInDocument(reference);
    }
    for (const at of path.reverse()) {
      if (isNested(at)) depth++;
      this.#depths.set(at, depth);
    }
    return depth;
  }

  /** Undefined where the document has it, as it then stands, or it is no item. */
  #itemInUpdate({ client, clock }: Y.ID): Y.Item | undefined {
    if (clock < Y.getState(this.#doc.store, client)) return undefined;
    const structs = this.#structsByClient.get(client) ?? [];
    let low = 0;
    for (let high = structs.length; low + 1 < high; ) {
      const middle = (low + high) >>> 1;
      if ((structs[middle] as Struct).id.clock <= clock) low = middle;
      else high = middle;
    }
    const struct = structs[low];
    return struct instanceof Y.Item ? struct : undefined;
  }

  /** What is in something that was collected is collected too, whatever is in it. */
  #depthInDocument(id: Y.ID): number {
    if (id.clock >= Y.getState(this.#doc.store, id.client)) return 0;
    let item: Y.Item | null = Y.getItem(this.#doc.store, id);
    let depth = 0;
    while (item instanceof Y.Item && item.parent instanceof Y.AbstractType && depth <= this.#max) {
      item = item.parent._item;
      if (item !== null) depth++;
    }
    return depth;
  }
}

/** Of an item that was just decoded: the neighbour, or the type, whose place tells its own; undefined at the top. */
function referenceOf(item: Y.Item): Y.ID | undefined {
  if (item.origin !== null) return item.origin;
  if (item.rightOrigin !== null) return item.rightOrigin;
  return item.parent instanceof Y.ID ? item.parent : undefined;
}

function isNested(item: Y.Item): boolean {
  return item.origin === null && item.rightOrigin === null && item.parent instanceof Y.ID;
}
