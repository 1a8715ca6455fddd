/** Draws tenants: one that is filled with more than there is room for, others that lie within their shares, or above them. */

import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import { exponential } from "../simulator/draws.ts";
import type { TenantAct, TenantPlan } from "./tenant-plan.ts";

export interface TenantsProfile {
  readonly nodes: number;
  readonly definedAt: number;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly valueBytesMax: number;
}

const READ_SHARE = 0.3;
/** One holds this many keys, and is done with them soon; the other ever more. */
const MODEST = { share: [0.5, 0.7], keys: [5, 40], perSecond: 10 } as const;
const GREEDY = { share: [0.1, 0.2], keys: [200, 400], perSecond: 40 } as const;

export function generateTenants(random: SeededRandom, profile: TenantsProfile): TenantPlan[] {
  const kinds = { modest: MODEST, ...(random.chance(0.6) && { greedy: GREEDY }) };
  return Object.entries(kinds).map(
    ([
      name,
      {
        share: [least, most],
        keys: [fewest, many],
        perSecond,
      },
    ]) => ({
      name,
      memoryShare: random.between(least * 100, most * 100) / 100,
      definedAt: profile.definedAt,
      acts: drawActs(random.fork(name), profile, { name, keys: random.between(fewest, many), perSecond }),
    }),
  );
}

/** What is held is told apart by its key alone: each tenant has keys of its own. */
function drawActs(
  random: SeededRandom,
  { nodes, fromMs, untilMs, valueBytesMax }: TenantsProfile,
  { name, keys, perSecond }: { readonly name: string; readonly keys: number; readonly perSecond: number },
): TenantAct[] {
  const acts: TenantAct[] = [];
  for (let at = fromMs; at < untilMs; at += exponential(random, 1000 / perSecond)) {
    const common = { at, node: random.below(nodes), key: `${name} ${random.below(keys)}` as Key };
    acts.push(random.chance(READ_SHARE) ? common : { ...common, valueBytes: random.between(50, valueBytesMax) });
  }
  return acts;
}
