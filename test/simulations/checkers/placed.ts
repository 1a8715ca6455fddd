/** Hand-made evidence of a keyspace of whose one shard nodes 0 and 1 are the owners, and node 2 is none. */

import type { Evidence, NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import type { NodeSample, Sample } from "../../../simulations/sampling/sample.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import type { OriginId, ReplicaId, ShardId } from "../../../src/base/ids.ts";
import { originOf, replicaNumber } from "../../../src/core/origin.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import type { PlacedDump, ReplicaDump } from "../../../src/replica/inspect.ts";
import type { Dot } from "../../../src/store.ts";
import { dump, evidence, node } from "./evidence-builder.ts";
import { nodeSample } from "./samples.ts";

export const IDS = ["r0", "r1", "r2"] as ReplicaId[];
export const OWNERS = IDS.slice(0, 2);
export const NUMBERS = IDS.map(replicaNumber);

/** Of a life of a node. */
export function originAt(index: number, life = 1): OriginId {
  return originOf(NUMBERS[index] ?? 0, life);
}

export function dotAt(index: number, sequence: number): Dot {
  return { shard: 0 as ShardId, origin: originAt(index), sequence };
}

/** Nothing was quiet unless told. */
export function placed(
  history: readonly HistoryEntry[],
  changes: Partial<Evidence> & { readonly quiet?: NonNullable<Evidence["placement"]>["quiet"] } = {},
): Evidence {
  const { quiet = [], nodes = [node(), node(), node()], ...rest } = changes;
  return {
    ...evidence(history, nodes),
    placement: { numbers: NUMBERS, quiet, steady: quiet, policies: [], lagMs: 1000 },
    ...rest,
  };
}

/** A dump of a node, with what it says of the shard. */
export function placedDump(
  registers: ReplicaDump["registers"],
  changes: Partial<PlacedDump> & { readonly vector?: string } = {},
): ReplicaDump {
  const { vector = "1:9", ...rest } = changes;
  const facts: PlacedDump = { owners: OWNERS, isOwner: true, isReady: true, isHeld: true, ...rest };
  const { shards } = dump(registers, { vector });
  return { registers, shards: shards.map((shard) => ({ ...shard, placed: facts })) };
}

export const NOT_OWNED = { isOwner: false, isReady: false, isHeld: false, vector: "" } as const;

export function nodesOf(...dumps: readonly ReplicaDump[]): NodeEvidence[] {
  return dumps.map((each) => node({ dump: each }));
}

/** A look at a node that covers `covered` of an origin. */
export function placedSample(
  index: number,
  register: Parameters<typeof nodeSample>[0],
  covered: readonly (readonly [OriginId, number])[],
  changes: { readonly view?: number } = {},
): NodeSample {
  const vector = new VersionVector();
  for (const [origin, sequence] of covered) vector.advance(origin, sequence);
  const ownersByShard = new Map([[0 as ShardId, OWNERS]]);
  return nodeSample(register, 0, {
    company: { id: IDS[index] ?? ("?" as ReplicaId), others: new Map() },
    vectors: new Map([[0 as ShardId, vector]]),
    placed: { view: changes.view ?? 7, ownersByShard, ready: new Set() },
  });
}

export function look(at: number, ...nodes: readonly (NodeSample | undefined)[]): Sample {
  return { at, nodes };
}
