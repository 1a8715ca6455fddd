/** A register that the audit had to bring back or to remove, as a replica logs it. */

import { isContainerKind } from "../../src/core/record.ts";

export interface AuditRepair {
  readonly shard: number;
  /** Unix ms of its stamp. */
  readonly stampedAt: number;
  /** It is part of a document and does not expire: what a document is made of, its deletion, or a lease for ever. */
  readonly isOfDocument?: boolean;
}

/** From the fields of `divergence-repaired`. */
export function repairIn({ shard, stampedAt, kind, isLasting }: Readonly<Record<string, unknown>>): AuditRepair {
  const isOfDocument = isContainerKind(Number(kind)) && isLasting === true;
  return { shard: Number(shard), stampedAt: Number(stampedAt), isOfDocument };
}
