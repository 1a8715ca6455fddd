/** What comes with a request for keys besides what is asked. */

import type { ReplicaId } from "../base/ids.ts";
import type { Dot } from "../store.ts";
import { HOPS_MAX } from "../wire/request-codec.ts";

/** What the session of a client has seen of shards that are not here, and how long an owner may wait for it, ms. */
export interface Seen {
  /** Of commands: who has not all of it in time does not answer with what there is. */
  readonly isRequired?: boolean;
  readonly dots: readonly Dot[];
  readonly waitMs: number;
}

/** Passed on by nobody yet, for a client without a session. */
export interface Circumstances {
  readonly hops: number;
  readonly seen: Seen | undefined;
  /** Who passed it on. */
  readonly from?: ReplicaId;
}

export const FROM_CLIENT: Circumstances = { hops: HOPS_MAX, seen: undefined };
