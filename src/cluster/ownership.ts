/**
 * Who owns which shard, as this replica sees it: a pure function of the members that count and of the policies of the
 * keyspaces. What is seen is on disk before anybody is told of it or served by it: a replica that came back with an older
 * view would take part once more in what is over.
 *
 * The digest of a view never comes again once something has changed, even where the same members own the same again: it
 * is of facts that only grow. Else what was told in the first of two views that look alike would count in the second.
 *
 *  P1. Equal views give equal owners. So nobody owns anything of a space whose policy the view lacks, though the keyspace has
 *      been heard of: whoever took it for everywhere would answer for what it was never sent. What clients ask of such a
 *      space waits (`replica/policy-wait.ts`), and what other replicas ask of it is refused.
 *  P2. A policy that a view has is in every later one, the same or a newer one.
 */

import { mix32 } from "../base/hash.ts";
import type { ReplicaId, ShardId, SpaceId } from "../base/ids.ts";
import { isForEverybody, numberOf, spaceOf } from "../base/shard-id.ts";
import { isGivenUp, isPlaced, type Member, type Members } from "./members.ts";
import { createPlacementView } from "./placement/placement-view.ts";
import { Placements } from "./placement/placements.ts";
import { POLICY_ALL, type Policy } from "./placement/policy.ts";

/** The policy of a keyspace. */
export interface KeyspacePolicy {
  readonly space: SpaceId;
  readonly policy: Policy;
  /** Grows with each change of it. */
  readonly version: number;
  /** Tells two changes of one version apart. */
  readonly hash: number;
}

const WEIGHT = 1;
const NOBODY: readonly ReplicaId[] = [];

export class Ownership {
  readonly self: ReplicaId;
  readonly #placements: Placements;
  /** Of the present view. */
  #policiesBySpace: ReadonlyMap<SpaceId, KeyspacePolicy> = new Map();
  /** Of the view that is to be seen next: what was told in the present one is of the owners that those above give. */
  #comingBySpace: ReadonlyMap<SpaceId, KeyspacePolicy> = new Map();
  /** Owners that are the same for several shards are the same array. */
  readonly #groups = new Map<string, readonly ReplicaId[]>();
  readonly #groupsByShard = new Map<ShardId, readonly ReplicaId[]>();
  #view = 0;

  /** `parts`: shards of each space. */
  constructor(self: ReplicaId, parts: number) {
    this.self = self;
    this.#placements = new Placements(parts);
  }

  /** Digest of the present view. */
  get view(): number {
    return this.#view;
  }

  /** Digest of the view that these members give, with the policies that were set last. */
  viewOf(members: Members): number {
    return digestOf(members, this.#comingBySpace.values());
  }

  /** Those that were set last. */
  get policies(): Iterable<KeyspacePolicy> {
    return this.#comingBySpace.values();
  }

  /** These are the policies of the next view; they are on disk. Nobody owns anything else before `see`. */
  setPolicies(policies: Iterable<KeyspacePolicy>): void {
    this.#comingBySpace = new Map([...policies].map((each) => [each.space, each]));
  }

  /** Sees these members, who are on disk, and the policies that were set. True where that is another view. */
  see(members: Members): boolean {
    const view = this.viewOf(members);
    if (view === this.#view) return false;
    this.#view = view;
    this.#policiesBySpace = this.#comingBySpace;
    this.#groups.clear();
    this.#groupsByShard.clear();
    const placed = members.all().filter(isPlaced);
    this.#placements.setView(createPlacementView(placed.map(({ id, region }) => ({ id, region, weight: WEIGHT }))));
    return true;
  }

  /** In the present view; undefined where that has none (P1). */
  policyOf(space: SpaceId): Policy | undefined {
    return isForEverybody(space) ? POLICY_ALL : this.#policiesBySpace.get(space)?.policy;
  }

  /** The present view says who owns what of it. Once true, it stays so (P2). */
  isInView(space: SpaceId): boolean {
    return isForEverybody(space) || this.#policiesBySpace.has(space);
  }

  /** In some keyspace not all members own everything. */
  get isAnyPlaced(): boolean {
    return [...this.#policiesBySpace.keys()].some((space) => !this.isEverywhere(space));
  }

  /** Every member owns all shards of it, whoever that is: nothing of it ever moves. */
  isEverywhere(space: SpaceId): boolean {
    const policy = this.policyOf(space);
    return policy !== undefined && policy.replication === "all" && policy.regions === undefined;
  }

  /** In the order of preference. Of a space that is everywhere: those that this replica knows of. */
  ownersOf(shard: ShardId): readonly ReplicaId[] {
    const policy = this.policyOf(spaceOf(shard));
    return policy === undefined ? NOBODY : this.#placements.of(policy).ownersOf(numberOf(shard));
  }

  /** The owners, in no order, the same array for all shards that have the same ones. */
  groupOf(shard: ShardId): readonly ReplicaId[] {
    const known = this.#groupsByShard.get(shard);
    if (known !== undefined) return known;
    const owners = [...this.ownersOf(shard)].sort();
    const name = owners.join(" ");
    const group = this.#groups.get(name) ?? owners;
    this.#groups.set(name, group);
    this.#groupsByShard.set(shard, group);
    return group;
  }

  isOwner(shard: ShardId, id: ReplicaId): boolean {
    return this.isEverywhere(spaceOf(shard)) || this.ownersOf(shard).includes(id);
  }

  owns(shard: ShardId): boolean {
    return this.isOwner(shard, this.self);
  }
}

/**
 * The same whatever the order in which they became known. Who has left counts as a departure alone: whoever comes later
 * does not hear who that was.
 */
function digestOf(members: Members, policies: Iterable<KeyspacePolicy>): number {
  let sum = hash([members.departures]) + sumOf(members.all());
  for (const { space, version, hash: tie } of policies) sum += hash([~space, version, tie]);
  return sum >>> 0;
}

const sums = new WeakMap<readonly Member[], number>();
const shares = new WeakMap<Member, number>();

/** Members and lists of them are values, and each batch for the disk asks: few have changed since the last. */
function sumOf(members: readonly Member[]): number {
  let sum = sums.get(members);
  if (sum === undefined) {
    sum = 0;
    for (const member of members) if (!member.left) sum += shareOf(member);
    sums.set(members, sum);
  }
  return sum;
}

function shareOf(member: Member): number {
  let share = shares.get(member);
  if (share === undefined) {
    const { number, rootLife, displaced } = member;
    // Which life was given up each knows for itself, and nobody of itself.
    share = hash([number, rootLife, displaced, isGivenUp(member) ? 1 : 0]);
    shares.set(member, share);
  }
  return share;
}

function hash(numbers: readonly number[]): number {
  let state = 0x70767731;
  for (const number of numbers) state = mix32(state ^ mix32(number >>> 0) ^ mix32(Math.floor(number / 2 ** 32) + 1));
  return state;
}
