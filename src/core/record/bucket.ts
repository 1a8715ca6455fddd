/** Buckets: a shard's registers by their identity, for purge marks and for the audit. The same on every replica. */

import { xxHash32 } from "../../base/hash.ts";
import { identityEndAt, identityStartAt, kindAt } from "./record.ts";

export const BUCKETS = 64;
const BUCKET_SEED = 0x6275636b;

/** Which bucket a record's identity falls into. */
export function bucketOf(view: DataView, at: number): number {
  return xxHash32(view, identityStartAt(view, at), identityEndAt(view, at), BUCKET_SEED ^ kindAt(view, at)) % BUCKETS;
}
