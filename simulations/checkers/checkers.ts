/** All checkers, and what they say of a run. */

import { checkAcknowledged } from "./acknowledged.ts";
import { checkAudit } from "./audit.ts";
import { checkAvailability } from "./availability.ts";
import { checkBackup } from "./backup.ts";
import { checkBounds } from "./bounds.ts";
import { checkClock } from "./clock.ts";
import { checkCondition } from "./condition.ts";
import { checkConvergence } from "./convergence.ts";
import { checkCopies } from "./copies.ts";
import { checkCounters } from "./counters.ts";
import { coverageOf, type Verdict } from "./coverage.ts";
import { checkDigest } from "./digest.ts";
import { checkDocument } from "./document.ts";
import { checkEviction } from "./eviction.ts";
import type { Checker, Evidence, Violation } from "./evidence.ts";
import { checkExpiry } from "./expiry.ts";
import { checkHandover } from "./handover.ts";
import { checkLevels } from "./levels.ts";
import { checkListing } from "./listing.ts";
import { checkLocalOrder } from "./local-order.ts";
import { checkMembers } from "./members.ts";
import { checkMembership } from "./membership.ts";
import { checkQuorum } from "./quorum.ts";
import { checkResurrection } from "./resurrection.ts";
import { checkSession } from "./session.ts";
import { checkShares } from "./shares.ts";
import { checkVectors } from "./vectors.ts";
import { checkWatch } from "./watch.ts";

/** Every checker by name, in the order in which what they say helps most. */
export const CHECKERS: Readonly<Record<string, Checker>> = {
  convergence: checkConvergence,
  audit: checkAudit,
  acknowledged: checkAcknowledged,
  "local-order": checkLocalOrder,
  condition: checkCondition,
  session: checkSession,
  handover: checkHandover,
  copies: checkCopies,
  eviction: checkEviction,
  shares: checkShares,
  backup: checkBackup,
  expiry: checkExpiry,
  clock: checkClock,
  watch: checkWatch,
  quorum: checkQuorum,
  listing: checkListing,
  document: checkDocument,
  members: checkMembers,
  counters: checkCounters,
  resurrection: checkResurrection,
  digest: checkDigest,
  vectors: checkVectors,
  bounds: checkBounds,
  availability: checkAvailability,
  levels: checkLevels,
  membership: checkMembership,
};

export interface Judgement {
  readonly violations: readonly Violation[];
  /** Of every checker. */
  readonly verdicts: readonly Verdict[];
}

export function judge(evidence: Evidence): Judgement {
  const found = Object.entries(CHECKERS).map(([checker, check]) => ({ checker, violations: check(evidence) }));
  return {
    violations: found.flatMap(({ violations }) => violations),
    verdicts: found.map(({ checker, violations }) => ({
      checker,
      violations: violations.length,
      checked: coverageOf(checker, evidence),
    })),
  };
}
