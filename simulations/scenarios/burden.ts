/**
 * What the work of a plan leaves for a path to carry when everything heals, and how wide that path has to be. Replicas must
 * be equal within a bound, and a narrow path carries so many bytes in that time and no more, however well they use it: a
 * plan whose work is more than its water carries would find fault with those who did nothing wrong.
 */

import type { DocumentOperation } from "../documents/document-operation.ts";
import type { Plan, WaterPlan } from "../plan.ts";
import { NETWORK_DEFAULTS } from "../simulator/network.ts";
import { isWrite, type Operation, partsOf } from "../workload/operation.ts";

/** Of the time to become equal, what the bytes themselves may take; the rest is for questions, answers and second rounds. */
const SHARE = 0.75;

type Work = Pick<Plan, "nodes" | "operations" | "settleMs"> & { readonly documents?: readonly DocumentOperation[] };

/** Bytes that one path may have to carry after the healing: all that waits in its queue, then all that is held. */
export function burdenOf({ nodes, operations, documents = [] }: Work): number {
  return NETWORK_DEFAULTS.queueBytesMax + valueBytes(operations) + documentBytes(documents) * (1 + nodes.length);
}

/** The water of a plan, as wide as its work asks for where it was narrower. */
export function wideEnough(water: WaterPlan, work: Work): WaterPlan {
  if (water.bytesPerMs === undefined) return water;
  return { ...water, bytesPerMs: Math.max(water.bytesPerMs, burdenOf(work) / (SHARE * work.settleMs)) };
}

/** Of every key the longest value that it may be left with. */
function valueBytes(operations: readonly Operation[]): number {
  const bytesByKey = new Map<string, number>();
  for (const operation of operations) {
    if (!isWrite(operation.type)) continue;
    for (const { key, isDelete } of partsOf(operation)) {
      if (!isDelete) bytesByKey.set(key, Math.max(bytesByKey.get(key) ?? 0, operation.valueBytes));
    }
  }
  return [...bytesByKey.values()].reduce((sum, bytes) => sum + bytes, 0);
}

/** Of what is typed; each replica may then tell all of it once more, as a snapshot. */
function documentBytes(documents: readonly DocumentOperation[]): number {
  return documents.reduce((sum, { type, length }) => sum + (type === "insert" ? length : 0), 0);
}
