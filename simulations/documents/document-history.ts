/** What clients of documents sent and were told: the evidence of the checker of documents. */

import type { VersionVector } from "../../src/core/version-vector.ts";
import type { Dot, Version } from "../../src/store.ts";
import type { Contents } from "./contents.ts";
import type { DocumentOperation } from "./document-operation.ts";
import type { ShownDocument } from "./shown-document.ts";

export type DocumentAnswer =
  | {
      readonly type: "written";
      readonly version: Version;
      readonly dot: Dot;
      readonly isAckMet: boolean;
      /** Replicas that had it when it was answered, its own included. */
      readonly reached: number;
    }
  /** The replica had all of it. */
  | { readonly type: "known" }
  | { readonly type: "read"; readonly shown: ShownDocument }
  /** Certainly not carried out. */
  | { readonly type: "refused"; readonly code: string }
  /** May have been carried out. */
  | { readonly type: "failed"; readonly code: string };

export interface DocumentEntry {
  readonly operation: DocumentOperation;
  readonly node: number;
  /** Which life of the node took it; 0 when none ran. */
  readonly life: number;
  readonly invokedAt: number;
  /** Unix ms by the node's own clock. */
  readonly invokedWallMs: number;
  /** What the replica's shard of the key covered just before. */
  readonly knew: VersionVector | undefined;
  /** Timestamp of the last deletion that the replica knew of, by itself or from an edit that did; 0: of none. */
  readonly generation: number;
  /** Timestamp up to which deletions may have been purged by then, at any replica. */
  readonly purgedUpTo: number;
  /** What the client sent: its edit and, where it had just come, all that it brought. Absent: nothing. */
  sent?: Contents;
  answeredAt: number | undefined;
  /** Undefined: never answered, so nobody knows. */
  answer: DocumentAnswer | undefined;
}

export type DocumentHistory = readonly DocumentEntry[];

/** True when what was sent may be part of the document: it was not refused. A read may bring something, too. */
export function mayHaveBeenSent({ sent, answer }: DocumentEntry): boolean {
  return sent !== undefined && answer?.type !== "refused";
}

/** True when a deletion or a lease may have happened. */
export function mayHaveBeenDone({ answer }: DocumentEntry): boolean {
  return answer?.type !== "refused";
}

/** The dot of what was written; undefined where nobody was told of one. */
export function dotOf({ answer }: DocumentEntry): Dot | undefined {
  return answer?.type === "written" ? answer.dot : undefined;
}
