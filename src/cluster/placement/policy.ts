/**
 * What a keyspace promises of its keys: how many replicas keep them, in which regions, how long they live at most, and
 * how much of the memory they may take. A `Policy` in the code is always sound: `policyOf` refuses contradictions.
 */

import { AtollError, type ErrorCode } from "../../base/errors.ts";
import { isTtlMs, TTL_MS_MAX } from "../../base/ttl.ts";

/** More copies than this are `all`. */
export const COPIES_MAX = 64;
export const REGIONS_MAX = 64;
export const REGION_LENGTH_MAX = 64;
/** Shares of the memory are whole numbers of these parts. */
export const MEMORY_SHARE_PARTS = 10_000;

/** Every member; so many members, over as many regions as there are; or so many in each of these regions. */
export type Replication = "all" | number | ReadonlyMap<string, number>;

export interface Policy {
  /** Numbers from 1 to `COPIES_MAX`; regions sorted. */
  readonly replication: Replication;
  /** Where copies may be; sorted. Absent: everywhere, or, where replication names regions, there. */
  readonly regions?: readonly string[];
  /** What a put without a time to live gets. Absent: `maxTtlMs` where there is one, else it does not expire. */
  readonly defaultTtlMs?: number;
  readonly maxTtlMs?: number;
  /**
   * Of what records may take of a replica's memory, from 1 / `MEMORY_SHARE_PARTS` to 1 (`core/shard/memory-shares.ts`). Absent: with
   * all that have none, what the others leave.
   */
  readonly memoryShare?: number;
}

/** The policy of `default` until it is changed, and of the system space for ever. */
export const POLICY_ALL: Policy = { replication: "all" };

/** The policy as it is kept: sorted, its numbers in bounds, without contradictions. Throws a code for each of these. */
export function policyOf(asked: Policy): Policy {
  const { defaultTtlMs, maxTtlMs, memoryShare } = asked;
  const regions = checkRegions(asked.regions);
  const replication = checkReplication(asked.replication, regions);
  checkTtl("default", defaultTtlMs);
  checkTtl("maximum", maxTtlMs);
  if (defaultTtlMs !== undefined && maxTtlMs !== undefined && defaultTtlMs > maxTtlMs) {
    refuse(
      "POLICY_TTL_OVER_MAX",
      `the default time to live, ${defaultTtlMs} ms, is over the maximum of ${maxTtlMs} ms`,
    );
  }
  if (memoryShare !== undefined && !isMemoryShare(memoryShare)) {
    refuse("POLICY_BAD_MEMORY_SHARE", `memory share ${memoryShare}: more than 0, at most 1, with at most four digits`);
  }
  return {
    replication,
    // Where replication names the regions, it says all that there is to say of them.
    ...(regions !== undefined && !(replication instanceof Map) && { regions }),
    ...(defaultTtlMs !== undefined && { defaultTtlMs }),
    ...(maxTtlMs !== undefined && { maxTtlMs }),
    ...(memoryShare !== undefined && { memoryShare }),
  };
}

/** True for a name that a region can have. */
export function isRegionName(name: string): boolean {
  return name.length <= REGION_LENGTH_MAX && /^[\x20-\x7e]+$/.test(name);
}

/** True where the policy lets members of a region keep copies. */
export function isRegionAllowed(policy: Policy, region: string): boolean {
  if (policy.replication instanceof Map) return policy.replication.has(region);
  return policy.regions === undefined || policy.regions.includes(region);
}

/** How long a put lives for which `askedMs` was asked; undefined: it does not expire. Throws `TTL_OVER_MAX`. */
export function ttlUnder(policy: Policy, askedMs: number | undefined): number | undefined {
  const { defaultTtlMs, maxTtlMs } = policy;
  if (askedMs === undefined) return defaultTtlMs ?? maxTtlMs;
  if (maxTtlMs !== undefined && askedMs > maxTtlMs) {
    refuse("TTL_OVER_MAX", `a time to live of ${askedMs} ms is over the keyspace's maximum of ${maxTtlMs} ms`);
  }
  return askedMs;
}

function checkRegions(regions: readonly string[] | undefined): readonly string[] | undefined {
  if (regions === undefined) return undefined;
  if (regions.length === 0) refuse("POLICY_NO_REGION", "no region is allowed: nobody could keep a copy");
  if (regions.length > REGIONS_MAX) refuse("POLICY_BAD_REGION", `${regions.length} regions: at most ${REGIONS_MAX}`);
  for (const region of regions) checkRegion(region);
  const sorted = [...regions].sort();
  const twice = sorted.find((region, index) => region === sorted[index + 1]);
  if (twice !== undefined) refuse("POLICY_BAD_REGION", `region "${twice}" is named twice`);
  return sorted;
}

function checkReplication(replication: Replication, regions: readonly string[] | undefined): Replication {
  if (replication === "all") return replication;
  if (typeof replication === "number") return checkCopies(replication, "");
  if (replication.size === 0) refuse("POLICY_BAD_REPLICATION", "replication names no region: nobody would keep a copy");
  if (replication.size > REGIONS_MAX)
    refuse("POLICY_BAD_REGION", `${replication.size} regions: at most ${REGIONS_MAX}`);
  for (const [region, copies] of replication) {
    checkRegion(region);
    checkCopies(copies, ` in region "${region}"`);
    if (regions?.includes(region) === false) {
      refuse("POLICY_REGION_NOT_ALLOWED", `replication asks for copies in region "${region}", which is not allowed`);
    }
  }
  const idle = regions?.find((region) => !replication.has(region));
  if (idle !== undefined) {
    refuse("POLICY_REGION_WITHOUT_COPIES", `region "${idle}" is allowed, and replication by region gives it no copy`);
  }
  return new Map([...replication].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function checkRegion(region: string): void {
  if (isRegionName(region)) return;
  refuse("POLICY_BAD_REGION", `a region is 1 to ${REGION_LENGTH_MAX} printable ASCII characters`);
}

function checkCopies(copies: number, where: string): number {
  if (Number.isInteger(copies) && copies >= 1 && copies <= COPIES_MAX) return copies;
  return refuse("POLICY_BAD_REPLICATION", `${copies} copies${where}: a whole number from 1 to ${COPIES_MAX}, or "all"`);
}

function checkTtl(which: string, ttlMs: number | undefined): void {
  if (ttlMs === undefined || isTtlMs(ttlMs)) return;
  refuse("BAD_TTL", `the ${which} time to live is ${ttlMs} ms: a whole number from 1 to ${TTL_MS_MAX}`);
}

function isMemoryShare(share: number): boolean {
  const parts = Math.round(share * MEMORY_SHARE_PARTS);
  return parts >= 1 && parts <= MEMORY_SHARE_PARTS && parts / MEMORY_SHARE_PARTS === share;
}

function refuse(code: ErrorCode, message: string): never {
  throw new AtollError(code, message);
}
