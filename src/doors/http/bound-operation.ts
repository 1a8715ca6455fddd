/** The operations of a route, with what is looked up once for all their requests. */

import type { DoorMetrics, OperationMetrics } from "../metrics.ts";
import { type Operation, obeysSession, type Route } from "./route.ts";

export interface BoundOperation {
  readonly operation: Operation;
  readonly metrics: OperationMetrics;
  readonly query: Operation["query"];
  readonly hasKey: boolean;
  readonly hasSession: boolean;
}

/** By method. */
export function bindRoute(route: Route, metrics: DoorMetrics): ReadonlyMap<string, BoundOperation> {
  const bound = new Map<string, BoundOperation>();
  const hasKey = route.path.includes("{key}");
  for (const [method, operation] of Object.entries<Operation>(route.operations)) {
    const taken = operation.query;
    const query = taken === undefined ? undefined : [...taken, "wait", ...(hasKey ? ["key"] : [])];
    const counted = metrics.operation(route.path, method);
    const each = { operation, metrics: counted, query, hasKey, hasSession: obeysSession(operation) };
    bound.set(method, each);
    // `node:http` leaves the body of an answer to HEAD out by itself.
    if (method === "GET" && operation.run !== "watch" && !("HEAD" in route.operations)) bound.set("HEAD", each);
  }
  return bound;
}
