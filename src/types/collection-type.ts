/** What kinds of collections there are, in the words of clients and in those of records. */

import { KIND_HASH, KIND_LIST, KIND_SET, KIND_SORTED_SET } from "../core/record/kind.ts";
import type { CollectionType } from "../store.ts";

const KINDS = { hash: KIND_HASH, set: KIND_SET, zset: KIND_SORTED_SET, list: KIND_LIST } as const satisfies Record<
  CollectionType,
  number
>;

const TYPES = new Map<number, CollectionType>();
for (const type of ["hash", "set", "zset", "list"] as const) TYPES.set(KINDS[type], type);

export function kindOf(type: CollectionType): number {
  return KINDS[type];
}

/** Undefined: it is no kind of collections. */
export function collectionTypeOf(kind: number): CollectionType | undefined {
  return TYPES.get(kind);
}
