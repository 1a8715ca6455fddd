/** When a key ends that is to end at some time, or never, as the policy of its keyspace allows. */

import { type Policy, ttlUnder } from "../../cluster/placement/policy.ts";

/** The greatest instant that a record holds, unix ms. */
const EXPIRES_AT_MAX = 2 ** 48 - 1;

/** Instants in unix ms; `Infinity`: never. Undefined: it does not expire. Throws `TTL_OVER_MAX`. */
export function endUnder(policy: Policy, at: number, now: number): number | undefined {
  if (at <= now) return at;
  const askedMs = at === Infinity ? undefined : at - now;
  const ttlMs = ttlUnder(policy, askedMs);
  if (ttlMs === undefined) return undefined;
  return askedMs === undefined ? Math.ceil(now + ttlMs) : Math.min(Math.ceil(at), EXPIRES_AT_MAX);
}
