/** What a replica begins with, as its disk had it. */

import type { ReplicaId } from "../base/ids.ts";
import type { Member } from "../cluster/members.ts";
import type { Birth } from "../wire/message.ts";

export interface ReplicaStart {
  readonly id: ReplicaId;
  /** Greater than that of every earlier start. */
  readonly life: number;
  /** Keeps nothing on disk: every start is another replica. */
  readonly ephemeral: boolean;
  /** The life since which it has held what it holds; absent: it begins with nothing. */
  readonly rootLife?: number;
  /** Batches that the disk had taken when this life began. */
  readonly epoch: number;
  readonly members: readonly Omit<Member, "number">[];
  /** Its latest lives before this one. */
  readonly lineage: readonly Birth[];
  /** How many members have been forgotten; absent: none. */
  readonly departures?: number;
}
