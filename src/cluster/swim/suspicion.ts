/**
 * How long a suspicion lasts before its member is declared dead (Lifeguard, section IV.B): long with a single witness,
 * who may itself be the sick one, and the shorter the more others found the same independently, down to a bound that
 * grows with the logarithm of the cluster, as the time does that a refutation takes to get around.
 */

import type { SwimSettings } from "./settings.ts";

/** `members`: alive or suspect; `witnesses`: who found it silent, at least one. */
export function suspicionMs(
  facts: { readonly members: number; readonly witnesses: number },
  settings: SwimSettings,
): number {
  const { suspicionMultiplier, suspicionFactorMax, probeIntervalMs } = settings;
  const least = suspicionMultiplier * Math.max(1, Math.log10(Math.max(1, facts.members))) * probeIntervalMs;
  const wanted = confirmationsWanted(facts.members, settings);
  if (wanted === 0) return least;
  const share = Math.log(Math.max(1, facts.witnesses)) / Math.log(wanted + 1);
  const most = suspicionFactorMax * least;
  return Math.max(least, most - share * (most - least));
}

/** Witnesses beyond the first that make a suspicion as short as it gets; none where there are too few members to find any. */
export function confirmationsWanted(members: number, { suspicionMultiplier }: SwimSettings): number {
  const wanted = Math.max(0, suspicionMultiplier - 2);
  return members - 2 < wanted ? 0 : wanted;
}
