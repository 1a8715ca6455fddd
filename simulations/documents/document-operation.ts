/** What clients do with documents, as data, like the operations on values (`workload/operation.ts`). */

import type { Key } from "../../src/base/ids.ts";
import type { AckLevel } from "../../src/store.ts";

export type DocumentOperationType =
  /** Types a text of its own. */
  | "insert"
  /** Takes text away. */
  | "erase"
  /** Puts a value of its own into a map. */
  | "set"
  /** Looks at what the replica shows. */
  | "read"
  /** Deletes the whole document. */
  | "delete"
  /** Says when the document expires. */
  | "lease";

/**
 * A client has a document of its own for each key, with which it is connected to one replica at a time: it goes to `node`
 * with what it has, and works on alone where that one is not there.
 */
export interface DocumentOperation {
  /** Unique in a plan, also among its other operations; what is typed names it. */
  readonly id: number;
  readonly at: number;
  readonly client: number;
  readonly node: number;
  readonly type: DocumentOperationType;
  readonly key: Key;
  readonly ack: AckLevel;
  /** Characters that are typed or taken away. */
  readonly length: number;
  /** Where in the text, or in the map, as a share of it: 0 to 1. */
  readonly place: number;
  /** Of a lease; absent: the document does not expire any more. */
  readonly ttlMs?: number;
}

export type EditType = "insert" | "erase" | "set";

/** True for what changes the content of a document, and not its being there. */
export function isEdit(type: DocumentOperationType): type is EditType {
  return type === "insert" || type === "erase" || type === "set";
}

/** Every key, in the order in which they come up. */
export function documentKeysOf(operations: readonly DocumentOperation[]): Key[] {
  return [...new Set(operations.map(({ key }) => key))];
}
