/**
 * How many copies of a part go where, for a policy and the members there are: every region that may have some gets
 * `base` of each part, and some of them one more, so that the copies of a part are spread over as many regions as there
 * are.
 */

import type { Shortfall } from "../../store.ts";
import type { PlacementMember, PlacementView } from "./placement-view.ts";
import { isRegionAllowed, type Policy } from "./policy.ts";
import { pour } from "./water-level.ts";

/** A region in which there are members that may own parts. */
export interface RegionCopies {
  readonly region: string;
  readonly members: readonly PlacementMember[];
  /** Copies of every part. */
  readonly base: number;
  /** Copies of a part on average: `base`, or up to one more where the region takes part in what is left over. */
  readonly mean: number;
}

export interface Copies {
  /** Sorted by name. */
  readonly regions: readonly RegionCopies[];
  /** Of each part, in regions that then have one more than their base. */
  readonly extras: number;
  readonly shortfalls: readonly Shortfall[];
}

type MembersByRegion = ReadonlyMap<string, readonly PlacementMember[]>;

export function copiesUnder(policy: Policy, view: PlacementView): Copies {
  const members = membersByRegion(view.members.filter(({ region }) => isRegionAllowed(policy, region)));
  const { replication } = policy;
  if (replication === "all") return copiesInAll(members);
  return typeof replication === "number" ? copiesSpread(replication, members) : copiesByRegion(replication, members);
}

function membersByRegion(members: readonly PlacementMember[]): MembersByRegion {
  const names = [...new Set(members.map(({ region }) => region))].sort();
  return new Map(names.map((name) => [name, members.filter(({ region }) => region === name)]));
}

function copiesInAll(members: MembersByRegion): Copies {
  const regions = [...members].map(([region, present]) => fixed(region, present, present.length));
  return { regions, extras: 0, shortfalls: regions.length === 0 ? [{ wanted: 1, has: 0 }] : [] };
}

function copiesByRegion(wantedByRegion: ReadonlyMap<string, number>, members: MembersByRegion): Copies {
  const regions = [...members].map(([region, present]) =>
    fixed(region, present, Math.min(wantedByRegion.get(region) ?? 0, present.length)),
  );
  const shortfalls = [...wantedByRegion]
    .map(([region, wanted]) => ({ region, wanted, has: Math.min(wanted, members.get(region)?.length ?? 0) }))
    .filter(({ wanted, has }) => has < wanted);
  return { regions, extras: 0, shortfalls };
}

function fixed(region: string, members: readonly PlacementMember[], copies: number): RegionCopies {
  return { region, members, base: copies, mean: copies };
}

/** One to each region in turn while there are copies for all; what is left goes to the regions by their weight. */
function copiesSpread(wanted: number, members: MembersByRegion): Copies {
  const sizes = [...members.values()].map(({ length }) => length);
  const upTo = (rounds: number) => sizes.reduce((sum, size) => sum + Math.min(size, rounds), 0);
  const has = Math.min(wanted, upTo(wanted));
  let rounds = 0;
  while (rounds < wanted && upTo(rounds + 1) <= has) rounds++;
  const extras = has - upTo(rounds);
  const vessels = [...members.values()].map((present) => ({
    weight: present.reduce((sum, { weight }) => sum + weight, 0),
    least: Math.min(present.length, rounds),
    most: Math.min(present.length, extras > 0 ? rounds + 1 : rounds),
  }));
  const means = pour(has, vessels);
  const regions = [...members].map(([region, present], index) => {
    return { region, members: present, base: Math.min(present.length, rounds), mean: means[index] as number };
  });
  return { regions, extras, shortfalls: has < wanted ? [{ wanted, has }] : [] };
}
