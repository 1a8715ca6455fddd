/**
 * The one table of what the HTTP door offers. The door serves it, `/openapi.json` is made from it, and a test walks it.
 * Every path under `/v1/` also exists as `/v1/keyspaces/{ks}/...`.
 */

import { setFaults, showCluster, showHealth, showMetrics, showReadiness } from "./administration.ts";
import type { Answer } from "./answer.ts";
import type { Call, DoorFacts } from "./call.ts";
import { listKeys, runBatch } from "./collections.ts";
import { askForUpgrade } from "./upgrade.ts";
import { deleteValue, getValue, putValue } from "./values.ts";

export type Method = "GET" | "HEAD" | "PUT" | "POST" | "DELETE";

/** What an operation takes as its body, and so which limit holds for it. */
export type BodyKind = "none" | "value" | "batch" | "small";

/**
 * `open` needs no token, even where there are tokens; `any` needs a good one, whatever its scopes. `batch` is judged
 * operation by operation.
 */
export type Access = "open" | "any" | "read" | "write" | "batch" | "observe" | "admin";

export interface Operation {
  readonly summary: string;
  readonly access: Access;
  readonly body: BodyKind;
  /**
   * Names of query parameters, beyond `wait` and (where the path has a key) `key`; any other is refused. `undefined`
   * where nobody looks at them: probes and scrapers add what they like.
   */
  readonly query: readonly string[] | undefined;
  readonly statuses: readonly number[];
  /** `watch` is not answered once but kept open; the door does that itself. */
  readonly run: ((call: Call, facts: DoorFacts) => Promise<Answer>) | "watch" | "openapi";
}

export interface Route {
  readonly path: string;
  readonly operations: Readonly<Partial<Record<Method, Operation>>>;
}

const get: Operation = {
  summary: "The value of a key",
  access: "read",
  body: "none",
  query: ["consistency"],
  statuses: [200, 304, 404, 503],
  run: getValue,
};

/** Sessions are about keys: what watches over a replica or manages it must not wait for one, nor fail with it. */
export function obeysSession(operation: Operation): boolean {
  return operation.access === "read" || operation.access === "write" || operation.access === "batch";
}

function status(summary: string, access: Access, run: Operation["run"]): Operation {
  return { summary, access, body: "none", query: undefined, statuses: [200], run };
}

export const routes = {
  kv: {
    path: "/v1/kv/{key}",
    operations: {
      GET: get,
      HEAD: { ...get, summary: "What is known of a key's value, without it" },
      PUT: {
        summary: "Sets the value of a key",
        access: "write",
        body: "value",
        query: ["ttl", "ack"],
        statuses: [201, 202, 204, 412, 413, 415],
        run: putValue,
      },
      DELETE: {
        summary: "Deletes a key, whether it is there or not",
        access: "write",
        body: "none",
        query: ["ack"],
        statuses: [202, 204, 412],
        run: deleteValue,
      },
    },
  },
  keys: {
    path: "/v1/keys",
    operations: {
      GET: {
        summary: "Live keys under a prefix, percent-encoded, page by page",
        access: "read",
        body: "none",
        query: ["prefix", "limit", "cursor"],
        statuses: [200],
        run: listKeys,
      },
    },
  },
  batch: {
    path: "/v1/batch",
    operations: {
      POST: {
        summary: "Many operations, in order; each succeeds or fails alone",
        access: "batch",
        body: "batch",
        query: ["ack"],
        statuses: [200, 413],
        run: runBatch,
      },
    },
  },
  watch: {
    path: "/v1/watch",
    operations: {
      GET: {
        summary: "Every change under a prefix, as server-sent events",
        access: "read",
        body: "none",
        query: ["prefix", "resume", "encoding"],
        statuses: [200, 429],
        run: "watch",
      },
    },
  },
  ws: {
    path: "/v1/ws",
    operations: {
      GET: {
        summary: "All of this over one WebSocket",
        access: "any",
        body: "none",
        query: [],
        statuses: [101, 426],
        run: askForUpgrade,
      },
    },
  },
  cluster: {
    path: "/v1/cluster",
    operations: { GET: { ...status("Members, states, lag and clocks", "observe", showCluster), query: [] } },
  },
  faults: {
    path: "/v1/admin/faults",
    operations: {
      PUT: {
        summary: "Cuts the links to these replicas until set otherwise (drills)",
        access: "admin",
        body: "small",
        query: [],
        statuses: [200, 403],
        run: setFaults,
      },
    },
  },
  health: { path: "/healthz", operations: { GET: status("Alive", "open", showHealth) } },
  ready: {
    path: "/readyz",
    operations: { GET: { ...status("In sync and able to serve", "open", showReadiness), statuses: [200, 503] } },
  },
  metrics: { path: "/metrics", operations: { GET: status("Metrics for Prometheus", "observe", showMetrics) } },
  openapi: { path: "/openapi.json", operations: { GET: status("This description", "open", "openapi") } },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

export const routeNames = Object.keys(routes) as readonly RouteName[];
