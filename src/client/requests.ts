/** What may be asked of a remote replica, beyond keys and values. */

import type { RestoreCounts } from "../backup-store.ts";
import type { AckLevel } from "../store.ts";

export interface PutRequest {
  readonly ttlMs?: number;
  readonly contentType?: string;
  /** Bytes, as latin1 text. */
  readonly tags?: readonly string[];
  readonly ack?: AckLevel;
  readonly ifMatch?: string;
  readonly ifNoneMatch?: "*";
}

export interface RestoreRequest {
  /** Everything is written as new, as of `stamp`, which the first part is answered with. */
  readonly overwrite: boolean;
  readonly stamp?: number | undefined;
}

export interface RestoreAnswer extends RestoreCounts {
  readonly stamp?: number;
  /** Of a part without registers: two answers that share one are of one cluster. */
  readonly births?: readonly string[];
}

export interface WatchRequest {
  readonly prefix: string;
  readonly resume?: string;
  readonly signal?: AbortSignal;
  /** The stream broke and is being taken up again from the last event. */
  readonly onReconnect?: (reason: string) => void;
}
