/** The world that a plan describes, before anything has happened in it. */

import type { ReplicaId } from "../../src/base/ids.ts";
import type { ReplicaConfig } from "../../src/replica/config.ts";
import { nameOf, type Plan, qualityOf, type ReplicaSettings } from "../plan.ts";
import type { PathQuality } from "../simulator/paths.ts";
import type { ReplicaIdentity, ReplicaPorts, SimulatedReplica } from "../simulator/replica.ts";
import { World, type WorldOptions } from "../simulator/world.ts";
import { longestValue } from "../workload/operation.ts";

/** Makes the replica of one life of a node, which takes values as long as the plan writes and, without documents, no longer. */
export type CreateReplica = (
  identity: ReplicaIdentity,
  ports: ReplicaPorts,
  settings: ReplicaSettings & Partial<Pick<ReplicaConfig, "valueBytesMax">>,
) => SimulatedReplica;

export interface PlanWorldOptions extends Pick<WorldOptions, "keepTrace" | "drain"> {
  readonly createReplica: CreateReplica;
}

export function createWorld(plan: Plan, options: PlanWorldOptions): World {
  // An update of a document is a value, too.
  const hasDocuments = (plan.documents?.length ?? 0) > 0;
  const settings = {
    ...plan.replica,
    ...(hasDocuments ? {} : { valueBytesMax: longestValue(plan.operations) }),
  };
  const addresses = plan.nodes.map((_, i) => addressOf(i));
  return new World({
    seed: `${plan.scenario} ${plan.seed}`,
    nodes: plan.nodes.map((node, i) => ({
      ...node,
      identity: {
        id: nameOf(plan, i) as ReplicaId,
        region: node.region,
        address: addressOf(i),
        join: addresses.slice(0, plan.seeds).filter((address) => address !== addressOf(i)),
      },
    })),
    quality: qualities(plan),
    network: { heartbeatTimeoutMs: plan.heartbeatTimeoutMs },
    createReplica: (identity, ports) => {
      const { memoryBytesMax = settings.memoryBytesMax } = plan.nodes[placeOf(identity.address)] ?? {};
      return options.createReplica(identity, ports, {
        ...settings,
        ...(memoryBytesMax !== undefined && { memoryBytesMax }),
      });
    },
    keepTrace: options.keepTrace === true,
    ...(options.drain === undefined ? {} : { drain: options.drain }),
  });
}

/** Of two regions all paths are alike: there is one value for them, as there are many paths. */
function qualities(plan: Plan): WorldOptions["quality"] {
  const byRegions = new Map<string, PathQuality>();
  return (from, to) => {
    const name = JSON.stringify([plan.nodes[from]?.region, plan.nodes[to]?.region]);
    const quality = byRegions.get(name) ?? qualityOf(plan, from, to);
    byRegions.set(name, quality);
    return quality;
  };
}

function addressOf(index: number): string {
  return `r${index}.example:7400`;
}

function placeOf(address: string): number {
  return Number(address.slice(1, address.indexOf(".")));
}
