/** Who looks on while a world runs. An observer changes nothing and draws nothing: the run is the same without it. */

import type { TraceKind } from "./trace-kind.ts";

/** A frame that has come to the end of its path. */
export interface Delivery {
  readonly from: number;
  readonly to: number;
  /** Virtual ms at which it was handed to the path. */
  readonly sentAt: number;
  /** Valid during the call. */
  readonly bytes: Uint8Array;
}

export interface WorldObserver {
  /** Told of each entry of the trace, before what it announces is carried out. */
  recorded(at: number, kind: TraceKind, node: number, a: number, b: number, detail: string | undefined): void;
  delivered(delivery: Delivery): void;
  /** Time is about to move on: until `to` everything stays as it is now. */
  advancing(to: number): void;
}
