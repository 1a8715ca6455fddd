/**
 * What is fair, and how much more than that is allowed: a member's share of the parts within what the policy lets it
 * own, and the most it may own (Mirrokni, Thorup, Zadimoghaddam 2018: bounded loads).
 *
 * A tenth over the share. A tenth of a small share is less than one part, and members could then not change without
 * most parts moving: `SLACK_PARTS` over the share are allowed in any case. That is exactly a tenth of 25 parts, which
 * is what ten members have of 256 parts kept once.
 */

import { roundingOf } from "./affinity.ts";
import type { RegionCopies } from "./copies.ts";
import { pour } from "./water-level.ts";

const SLACK = 0.1;
export const SLACK_PARTS = 2.5;
/** Far above the error of the sums, far below what a member is worth. */
const EPSILON = 1e-9;

/** The fair shares of a region's members, in parts, in the order of the members. */
export function sharesOf({ members, mean }: RegionCopies, parts: number): readonly number[] {
  const vessels = members.map(({ weight }) => ({ weight, least: 0, most: parts }));
  return pour(mean * parts, vessels);
}

/**
 * The most parts that a member of this share may own. Small bounds are rounded by `rounding`, from 0 up to 1, of the
 * member's own: were all rounded alike, all would have to give up a part at once when one more member comes.
 */
export function boundOf(share: number, rounding: number, parts: number): number {
  const bound = share * SLACK >= SLACK_PARTS ? share * (1 + SLACK) + EPSILON : share + SLACK_PARTS + rounding;
  return Math.min(parts, Math.floor(bound));
}

/** The bounds of a region's members, in the order of the members. */
export function boundsOf(region: RegionCopies, parts: number): readonly number[] {
  return sharesOf(region, parts).map((share, index) => {
    const member = region.members[index];
    return member === undefined ? 0 : boundOf(share, roundingOf(member), parts);
  });
}
