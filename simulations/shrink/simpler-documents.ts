/** What clients do with documents, a little simpler: as for values, one change each (`simpler.ts`). */

import type { DocumentOperation } from "../documents/document-operation.ts";
import type { Plan } from "../plan.ts";

/** Of each operation one field less, or smaller. */
export function* simplerDocuments(plan: Plan): Iterable<Plan> {
  const { documents = [] } = plan;
  for (const [i, operation] of documents.entries()) {
    for (const simpler of simplerDocument(operation)) {
      yield { ...plan, documents: documents.map((each, k) => (k === i ? simpler : each)) };
    }
  }
}

function* simplerDocument(operation: DocumentOperation): Iterable<DocumentOperation> {
  const { type, ack, length, place, ttlMs } = operation;
  if (type === "erase" || type === "set") yield { ...operation, type: "insert" };
  if (ack !== "memory") yield { ...operation, ack: "memory" };
  if (length > 1)
    for (const shorter of [1, Math.floor(length / 10), Math.floor(length / 2)]) {
      if (shorter > 0 && shorter < length) yield { ...operation, length: shorter };
    }
  if (place !== 0) yield { ...operation, place: 0 };
  if (ttlMs !== undefined)
    for (const part of [10, 2]) {
      const sooner = Math.floor(ttlMs / part);
      if (sooner > 0) yield { ...operation, ttlMs: sooner };
    }
}
