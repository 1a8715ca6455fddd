/**
 * Which deleted items Yjs may collect. It takes it that all within a deleted shared type is deleted too and throws in the
 * midst of a transaction where that is not so, after which the document tells nobody of anything any more. A writer can
 * bring that about: a value of a map that is longer than one, and is cut by somebody's insertion.
 */

import * as Y from "yjs";

/** For `gcFilter` of a document. Looks at no more than collecting the item would. */
export function isCollectable(item: Y.Item): boolean {
  const types = typesIn(item);
  for (let type = types.pop(); type !== undefined; type = types.pop()) {
    for (let child = type._start; child !== null; child = child.right) {
      if (!child.deleted) return false;
      types.push(...typesIn(child));
    }
    for (const value of type._map.values()) {
      for (let earlier: Y.Item | null = value; earlier !== null; earlier = earlier.left) {
        if (!earlier.deleted) return false;
        types.push(...typesIn(earlier));
      }
    }
  }
  return true;
}

function typesIn({ content }: Y.Item): Y.AbstractType<unknown>[] {
  return content instanceof Y.ContentType ? [content.type] : [];
}
