/** What one watcher went through, in order. */

import type { Key } from "../../src/base/ids.ts";
import type { Version } from "../../src/store.ts";
import type { ReadPart } from "./history.ts";
import type { WatchPlan } from "./watch-plan.ts";

export type WatchedChange =
  | { readonly type: "put"; readonly read: ReadPart & { readonly version: Version } }
  | {
      readonly type: "delete" | "expire";
      readonly key: Key;
      readonly version: Version;
      /** Unix ms by the clock of the node when the event came. */
      readonly wallMs: number;
    };

export type WatchFact =
  | { readonly type: "connected"; readonly node: number; readonly life: number; readonly isResumed: boolean }
  /**
   * It read all that its prefix has: at the beginning, and after a reset. Keys that are not there show nothing. `since`: when
   * it began to; absent: in that moment.
   */
  | { readonly type: "read"; readonly since?: number; readonly parts: readonly ReadPart[] }
  /** It handled an event; one that came and was not handled before the connection broke is not here. */
  | { readonly type: "change"; readonly change: WatchedChange }
  | { readonly type: "reset" }
  | { readonly type: "broken"; readonly why: "moved" | "ended" | "slow" };

export type WatchEntry = { readonly at: number } & WatchFact;

export interface WatchHistory {
  readonly plan: WatchPlan;
  readonly entries: readonly WatchEntry[];
  /** It is connected, and has handled all that came. */
  readonly isCurrent: boolean;
}
