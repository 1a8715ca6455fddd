/** Hand-made evidence of what clients of documents did: each write has a stamp of its own, which is its dot as well. */

import type { DocumentAnswer, DocumentEntry } from "../../../simulations/documents/document-history.ts";
import type { DocumentOperation } from "../../../simulations/documents/document-operation.ts";
import type { OriginId } from "../../../src/base/ids.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import { dotOf, KEY, version, WALL } from "./evidence-builder.ts";

/** Everything that this many writes did, of the only origin: each stamp is that of one more. */
export function knowing(upTo: number): VersionVector {
  const vector = new VersionVector();
  if (upTo > 0) vector.advance(1 as OriginId, upTo);
  return vector;
}

/** At its own stamp, having seen all before it unless told. */
export function done(
  stamp: number,
  changes: Partial<DocumentOperation & DocumentEntry & { readonly upTo: number }> = {},
): DocumentEntry {
  const {
    type = "insert",
    ack = "memory",
    ttlMs,
    upTo = stamp - 1,
    generation = 0,
    node: index = 0,
    ...rest
  } = changes;
  const place = { client: index, node: index, length: 1, place: 0 };
  const lease = ttlMs === undefined ? {} : { ttlMs };
  const operation: DocumentOperation = { id: stamp, at: stamp, type, key: KEY, ack, ...place, ...lease };
  const isEdit = type === "insert";
  return {
    operation,
    node: index,
    life: 1,
    invokedAt: stamp,
    invokedWallMs: WALL + stamp,
    knew: knowing(upTo),
    generation,
    purgedUpTo: 0,
    answeredAt: stamp + 1,
    answer: written(stamp),
    ...(isEdit ? { sent: { made: [span(stamp)], deleted: [] } } : {}),
    ...rest,
  };
}

export function written(stamp: number): DocumentAnswer {
  return { type: "written", version: version(stamp), dot: dotOf(stamp), isAckMet: true, reached: 1 };
}

/** What the edit of that stamp made: a client of its own. */
export function span(stamp: number) {
  return { client: stamp, from: 0, to: 1 };
}
