/**
 * What of a replica's shards wants looking at. They say so themselves: a tick at rest is not to cost more the more shards
 * there are, and going through thousands of objects costs most where they are in no cache any more.
 */

import type { Shard } from "./shard.ts";

export class Agenda {
  /** The disk lacks something of these. */
  readonly dirty = new Set<Shard>();
  /** What these hold waits to be confirmed, or did when they were last looked at. */
  readonly unsettled = new Set<Shard>();
  /** In these collections that were deleted as a whole have not fallen altogether. */
  readonly falling = new Set<Shard>();
  /** Nothing in any shard expires before this, unix ms. */
  earliestExpiry = Infinity;
}
