/** What comes after the healing: replicas become equal, and come to rest. */

import type { ShardId } from "../../src/base/ids.ts";
import { isSameDigest } from "../../src/core/digest.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { isLeft, mayKeepGraves } from "../checkers/bounds.ts";
import { areEqualDumps } from "../checkers/convergence.ts";
import { entriesMax } from "../checkers/vectors.ts";
import type { DocumentRunner } from "../documents/document-runner.ts";
import type { Plan } from "../plan.ts";
import { companyOf } from "../sampling/company.ts";
import type { SimulatedNode } from "../simulator/node.ts";
import type { World } from "../simulator/world.ts";

/** Time between two looks at whether all replicas are equal. */
const POLL_MS = 250;
/** After the healing: by then everybody who waits has been answered. */
const REST_MS = 6500;
/** Time between two equalities that count: what is equal must stay so. */
const AFTERMATH_MS = 2000;

/**
 * Lets the world run until all replicas are equal and, looked at again a while later, still are; or the bound is over.
 * In between they may differ for a moment: sealing reaches one before the other. Returns virtual ms since the healing;
 * undefined: they never were.
 */
export async function converge(world: World, documents: DocumentRunner, plan: Plan): Promise<number | undefined> {
  const until = world.now + plan.settleMs;
  while (world.now < until && world.breakdowns.length === 0) {
    documents.openAll();
    await world.run(world.now + POLL_MS);
    if (!areEqual(world)) continue;
    const firstEqualAt = world.now;
    await world.run(world.now + AFTERMATH_MS);
    if (areEqual(world)) return firstEqualAt - plan.healAt;
  }
  return undefined;
}

/** Lets everybody who waits be answered, slow disks end what they had begun, ended lives be sealed, and tombstones go; up to the bound. */
export async function comeToRest(world: World, documents: DocumentRunner, plan: Plan): Promise<void> {
  if (world.breakdowns.length > 0) return;
  await world.run(Math.max(world.now, plan.healAt + REST_MS));
  while (
    world.now < plan.healAt + plan.settleMs &&
    world.breakdowns.length === 0 &&
    !(isAtRest(world) && documents.areCompact && areEqual(world))
  ) {
    documents.openAll();
    await world.run(world.now + POLL_MS);
  }
}

/** What is read at the end is fetched, where there is no disk, and takes room: nothing is to go for it. */
export function makeRoom(world: World): void {
  for (const { disk, replica: driver } of world.nodes) {
    const residency = disk.durable ? undefined : driver?.replica?.residency;
    if (residency !== undefined) residency.bytesMax = Infinity;
  }
}

function isAtRest(world: World): boolean {
  const nodes = world.nodes.map((node) => ({
    durable: node.disk.durable,
    ends: node.ends,
    judgements: node.judgements,
    givenUpAt: world.givenUpAt(node.identity.id),
  }));
  const most = entriesMax(nodes);
  const areKept = mayKeepGraves(nodes);
  return world.nodes.every((node) => {
    const { replica } = node;
    const shards = replica?.replica?.shards.all ?? [];
    const isTidy = shards.every(
      ({ vector, graves, increments, containers }) =>
        vector.size <= most && (areKept || graves.size <= increments.count + containers.places.counted),
    );
    return isTidy && seesAll(world, node) && !(replica?.holdings?.() ?? []).some(isLeft);
  });
}

/** Everybody else is alive to it. */
function seesAll(world: World, { replica: driver }: SimulatedNode): boolean {
  const replica = driver?.replica;
  if (replica === undefined) return true;
  const { others, id } = companyOf(replica);
  return world.nodes.every(({ replica: other }) => {
    const theirs = other?.replica?.id;
    return theirs === undefined || theirs === id || others.get(theirs) === "alive";
  });
}

function areEqual(world: World): boolean {
  if (!haveEqualVectors(world)) return false;
  return areEqualDumps(
    world.nodes.map(({ replica }) => replica?.inspect()),
    world.node(0).clockTime,
  );
}

/** Dumps are dear, and while vectors differ there is no need for any. */
function haveEqualVectors(world: World): boolean {
  const firstByShard = new Map<ShardId, Shard>();
  return world.nodes.every(({ replica: driver }) => {
    const replica = driver?.replica;
    if (replica === undefined) return true;
    return replica.shards.all.every((shard) => {
      if (!replica.ownership.owns(shard.id)) return !replica.isHeld(shard);
      const first = firstByShard.get(shard.id);
      if (first === undefined) firstByShard.set(shard.id, shard);
      return first === undefined || isSameDigest(shard.vector.digest(), first.vector.digest());
    });
  });
}
