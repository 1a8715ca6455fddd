/** Keyspaces as this replica shows and defines them: registers of the system space (`learned-definitions.ts`). */

import { AtollError } from "../base/errors.ts";
import { SYSTEM_SPACE } from "../base/shard-id.ts";
import {
  DEFAULT_KEYSPACE,
  definitionKey,
  grantKey,
  isKeyspaceName,
  KEYSPACES_MAX,
  type KeyspaceDefinition,
  type Keyspaces,
} from "../cluster/keyspaces.ts";
import { isPlaced } from "../cluster/members.ts";
import { copiesUnder } from "../cluster/placement/copies.ts";
import { createPlacementView, type PlacementView } from "../cluster/placement/placement-view.ts";
import { MEMORY_SHARE_PARTS, POLICY_ALL, type Policy, policyOf } from "../cluster/placement/policy.ts";
import { encodePolicy } from "../cluster/placement/policy-codec.ts";
import type { KeyspaceSettings, KeyspaceStatus, WriteOutcome } from "../store.ts";
import { writeKey } from "./operations.ts";
import type { Replica } from "./replica.ts";

export function keyspaceStatuses(replica: Replica): readonly KeyspaceStatus[] {
  const view = placementViewOf(replica);
  return replica.keyspaces.all().map((definition) => statusOf(definition, view));
}

/**
 * Creates a keyspace, or changes it as a whole. Throws a code for whatever contradicts itself, `KEYSPACE_CLASH`,
 * `KEYSPACE_EVERYWHERE` where `default` were to be kept by some, `KEYSPACE_WITHOUT_OWNERS` where no member may keep a copy, `TOO_MANY_KEYSPACES`, `MEMORY_SHARES_OVER_ALL`.
 */
export function defineKeyspace(
  replica: Replica,
  name: string,
  settings: KeyspaceSettings,
  now: number,
): { readonly outcome: WriteOutcome; readonly keyspace: KeyspaceStatus } {
  checkName(replica.keyspaces, name);
  const policy = policyFrom(settings);
  if (name === DEFAULT_KEYSPACE && (policy.replication !== "all" || policy.regions !== undefined)) {
    throw new AtollError("KEYSPACE_EVERYWHERE", `"${DEFAULT_KEYSPACE}" is kept by every member: take another keyspace`);
  }
  checkMemory(replica.keyspaces, name, policy);
  const view = placementViewOf(replica);
  if (copiesUnder(policy, view).regions.length === 0) {
    const regions = [...regionsOf(view)].sort().join(", ");
    throw new AtollError("KEYSPACE_WITHOUT_OWNERS", `no member may keep copies: they are in ${regions}`);
  }
  const write = { value: encodePolicy(policy), options: {} };
  const outcome = writeKey(replica, SYSTEM_SPACE, definitionKey(name), write, now);
  const definition = replica.keyspaces.get(name);
  if (definition === undefined) throw new Error(`BUG: keyspace ${name} was defined and is not there`);
  return { outcome, keyspace: statusOf(definition, view) };
}

/**
 * Sees to it that there is a keyspace of this name: as `default` is, until somebody defines it. Throws as `defineKeyspace`; nothing
 * is written where there is one.
 */
export function grantKeyspace(replica: Replica, name: string, now: number): WriteOutcome | undefined {
  checkName(replica.keyspaces, name);
  if (replica.keyspaces.get(name) !== undefined) return undefined;
  const write = { value: encodePolicy(POLICY_ALL), options: {} };
  return writeKey(replica, SYSTEM_SPACE, grantKey(name), write, now);
}

function checkName(keyspaces: Keyspaces, name: string): void {
  if (!isKeyspaceName(name)) {
    throw new AtollError("BAD_KEYSPACE_NAME", "a keyspace's name is 1 to 64 of a-z, 0-9, _ and -");
  }
  const clash = keyspaces.clashOf(name);
  if (clash !== undefined) {
    throw new AtollError("KEYSPACE_CLASH", `"${name}" has the space of "${clash}": take another name`);
  }
  if (keyspaces.get(name) === undefined && keyspaces.all().length >= KEYSPACES_MAX) {
    throw new AtollError("TOO_MANY_KEYSPACES", `there are already ${KEYSPACES_MAX} keyspaces`);
  }
}

function checkMemory(keyspaces: Keyspaces, name: string, policy: Policy): void {
  if (policy.memoryShare === undefined) return;
  const others = keyspaces.all().filter((other) => other.name !== name);
  const shares = [policy, ...others.map((other) => other.policy)].map(({ memoryShare = 0 }) => memoryShare);
  const parts = shares.reduce((sum, share) => sum + Math.round(share * MEMORY_SHARE_PARTS), 0);
  if (parts > MEMORY_SHARE_PARTS) {
    const percent = (parts * 100) / MEMORY_SHARE_PARTS;
    throw new AtollError("MEMORY_SHARES_OVER_ALL", `the memory shares of all keyspaces would come to ${percent}%`);
  }
}

function policyFrom({ replication, regions, defaultTtlMs, maxTtlMs, memoryShare }: KeyspaceSettings): Policy {
  return policyOf({
    replication: typeof replication === "object" ? new Map(Object.entries(replication)) : replication,
    ...(regions !== undefined && { regions }),
    ...(defaultTtlMs !== undefined && { defaultTtlMs }),
    ...(maxTtlMs !== undefined && { maxTtlMs }),
    ...(memoryShare !== undefined && { memoryShare }),
  });
}

function statusOf({ name, policy }: KeyspaceDefinition, view: PlacementView): KeyspaceStatus {
  const { replication, regions = [] } = policy;
  const named = replication instanceof Map ? [...replication.keys()] : regions;
  const emptyRegions = named.filter((region) => !regionsOf(view).has(region));
  return {
    name,
    ...policy,
    replication: replication instanceof Map ? Object.fromEntries(replication) : replication,
    underReplicated: copiesUnder(policy, view).shortfalls,
    ...(emptyRegions.length > 0 && { emptyRegions }),
  } as KeyspaceStatus;
}

function regionsOf({ members }: PlacementView): ReadonlySet<string> {
  return new Set(members.map(({ region }) => region));
}

/** Of all members that own what falls to them. */
function placementViewOf({ members }: Replica): PlacementView {
  const present = members.all().filter(isPlaced);
  return createPlacementView(present.map(({ id, region }) => ({ id, region, weight: 1 })));
}
