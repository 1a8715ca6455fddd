/** A register that the audit had to bring back or to remove, as a replica logs it. */

import { isContainerKind } from "../../src/core/record/kind.ts";
import { stampOfVersion } from "../checkers/stamp.ts";

export interface AuditRepair {
  readonly shard: number;
  /** Those of its stamp. */
  readonly timestamp: number;
  readonly origin: number;
  /** It is part of a document and does not expire: what a document is made of, its deletion, or a lease for ever. */
  readonly isOfDocument: boolean;
}

/** From the fields of `divergence-repaired`. */
export function repairIn({ shard, version, kind, isLasting }: Readonly<Record<string, unknown>>): AuditRepair {
  const { timestamp, origin } = stampOfVersion(String(version), false);
  const isOfDocument = isContainerKind(Number(kind)) && isLasting === true;
  return { shard: Number(shard), timestamp, origin, isOfDocument };
}
