/**
 * The one table of what the HTTP door offers. The door serves it, `/openapi.json` is made from it, and a test walks it.
 * Every path under `/v1/` also exists as `/v1/keyspaces/{ks}/...`, and every path to a key without it, for `?key=`.
 */

import { setFaults, showCluster, showHealth, showMetrics, showReadiness } from "./administration.ts";
import { postBackup, postRestore } from "./backups.ts";
import { collectionRoutes } from "./collection-routes.ts";
import { listKeys, runBatch } from "./collections.ts";
import { listConflicts } from "./conflicts.ts";
import { deleteDocument, diffDocument, getDocument, postUpdate } from "./documents.ts";
import { postKeyspace, showKeyspaces } from "./keyspaces.ts";
import { postLeave, removeMember } from "./members.ts";
import type { Access, Operation, Outcome, Route } from "./route.ts";
import type { ShapeName } from "./shapes.ts";
import { postInvalidation } from "./tags.ts";
import { askForUpgrade } from "./upgrade.ts";
import { deleteValue, getValue, putValue } from "./values.ts";

const entry: Outcome = {
  headers: ["ETag", "Atoll-Expires-At", "Atoll-Tags", "X-Content-Type-Options", "Content-Security-Policy"],
};

const get: Operation = {
  summary: "The value of a key",
  access: "read",
  body: "none",
  query: ["consistency"],
  headers: ["If-None-Match"],
  outcomes: { 200: { ...entry, body: "Value" }, 304: entry },
  problems: [404, 507],
  run: getValue,
};

function status(summary: string, access: Access, body: ShapeName, run: Operation["run"]): Operation {
  return { summary, access, body: "none", query: undefined, outcomes: { 200: { body } }, run };
}

const written: Outcome = { headers: ["ETag", "Atoll-Acks"] };
const edited: Outcome = { headers: ["ETag", "Atoll-Acks", "Atoll-Expires-At"] };
const seen: Outcome = { headers: ["ETag", "Atoll-Expires-At"] };
const deleted: Outcome = { headers: ["Atoll-Acks"] };

/** Of whatever a key holds. */
const removal = {
  access: "write",
  body: "none",
  query: ["ack"],
  headers: ["If-Match", "If-None-Match"],
  outcomes: { 202: deleted, 204: deleted },
  problems: [412],
} as const;

export const routes = {
  ...collectionRoutes,
  kv: {
    path: "/v1/kv/{key}",
    operations: {
      GET: get,
      HEAD: { ...get, summary: "What is known of a key's value, without it" },
      PUT: {
        summary: "Sets the value of a key: 201 new, 204 replaced, 202 kept but not yet where `ack` wants it",
        access: "write",
        body: "value",
        bodyShape: "Value",
        query: ["ttl", "ack"],
        headers: ["If-Match", "If-None-Match", "Atoll-Tags"],
        outcomes: { 201: written, 202: written, 204: written },
        problems: [408, 412, 413, 415, 507],
        run: putValue,
      },
      DELETE: {
        ...removal,
        summary: "Deletes a key, whether it is there or not; 202 as for PUT",
        run: deleteValue,
      },
    },
  },
  tag: {
    path: "/v1/tags/{tag}/invalidate",
    operations: {
      POST: {
        summary:
          "Makes every older value that carries the tag stale, everywhere: as if it were absent. 202 where `ack` was not reached yet. Not for a token that is limited to a prefix",
        access: "write",
        body: "none",
        query: ["ack"],
        outcomes: { 202: deleted, 204: deleted },
        problems: [507],
        run: postInvalidation,
      },
    },
  },
  docs: {
    path: "/v1/docs/{key}",
    operations: {
      GET: {
        summary: "A Yjs document as JSON, or as an update, or as the update that a state vector lacks",
        access: "read",
        body: "none",
        query: ["sv"],
        headers: ["If-None-Match"],
        outcomes: { 200: { ...seen, body: ["Document", "Update"] }, 304: seen },
        problems: [404, 413],
        run: getDocument,
      },
      POST: {
        summary: "Applies an update to a Yjs document: 201 new, 204 edited, 202 kept but not yet where `ack` wants it",
        access: "write",
        body: "document",
        bodyShape: "Update",
        query: ["ttl", "ack"],
        outcomes: { 201: edited, 202: edited, 204: edited },
        problems: [409, 413, 415],
        run: postUpdate,
      },
      DELETE: {
        ...removal,
        summary: "Deletes a Yjs document, whether it is there or not; 202 as for POST",
        run: deleteDocument,
      },
    },
  },
  diffs: {
    path: "/v1/diffs/{key}",
    operations: {
      POST: {
        summary: "The update that the posted state vector of a Yjs document lacks",
        access: "read",
        body: "document",
        bodyShape: "StateVector",
        query: [],
        outcomes: { 200: { body: "Update" } },
        problems: [404, 413, 415],
        run: diffDocument,
      },
    },
  },
  yjs: {
    path: "/yjs/{key}",
    operations: {
      GET: {
        summary: "Upgrades to a WebSocket that speaks y-websocket: edits a Yjs document with everybody else",
        access: "any",
        body: "none",
        query: undefined,
        headers: ["Sec-WebSocket-Protocol"],
        outcomes: { 101: { headers: ["Sec-WebSocket-Protocol"] } },
        problems: [400, 426],
        run: askForUpgrade,
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
        outcomes: { 200: { body: "KeyPage" } },
        run: listKeys,
      },
    },
  },
  conflicts: {
    path: "/v1/conflicts",
    operations: {
      GET: {
        summary:
          "The latest writes under a prefix that lost to a concurrent one, the newest first, as this replica knows them; `counts` of all since it started, where no prefix is asked about",
        access: "read",
        body: "none",
        query: ["prefix", "limit"],
        outcomes: { 200: { body: "ConflictPage" } },
        run: listConflicts,
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
        bodyShape: "Batch",
        query: ["ack"],
        outcomes: { 200: { body: "BatchResults" } },
        problems: [408, 413, 415, 507],
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
        headers: ["Last-Event-ID"],
        outcomes: { 200: { headers: ["Cache-Control", "X-Accel-Buffering"], body: "Events" } },
        problems: [429],
        run: "watch",
      },
    },
  },
  ws: {
    path: "/v1/ws",
    operations: {
      GET: {
        summary: "Upgrades to a WebSocket: all of this as messages",
        access: "any",
        body: "none",
        query: undefined,
        headers: ["Sec-WebSocket-Protocol"],
        outcomes: { 101: { headers: ["Sec-WebSocket-Protocol"] } },
        problems: [400, 426],
        run: askForUpgrade,
      },
    },
  },
  cluster: {
    path: "/v1/cluster",
    operations: {
      GET: { ...status("Members, states, lag and clocks", "observe", "ClusterStatus", showCluster), query: [] },
    },
  },
  keyspaces: {
    path: "/v1/admin/keyspaces",
    ofReplica: true,
    operations: {
      GET: {
        ...status(
          "Keyspaces, and where they have fewer copies than they ask for",
          "admin",
          "KeyspaceList",
          showKeyspaces,
        ),
        query: [],
      },
      POST: {
        summary: "Creates a keyspace (201), or replaces what one is set to as a whole (200)",
        access: "admin",
        body: "small",
        bodyShape: "KeyspaceRequest",
        query: [],
        outcomes: { 200: { body: "Keyspace" }, 201: { body: "Keyspace" } },
        problems: [409, 413, 415],
        run: postKeyspace,
      },
    },
  },
  member: {
    path: "/v1/admin/members/{id}",
    ofReplica: true,
    operations: {
      DELETE: {
        summary:
          "Removes a member that is gone for good: deletions wait for it no more, and its shards are placed anew. Should it come back, it begins anew, and keeps only what nobody else may have deleted",
        access: "admin",
        body: "none",
        query: ["force"],
        outcomes: { 204: {} },
        problems: [404, 409, 503],
        run: removeMember,
      },
    },
  },
  backup: {
    path: "/v1/admin/backup",
    ofReplica: true,
    operations: {
      POST: {
        summary:
          "Whole keyspaces, whoever keeps them, as a file with checksums, compressed. Where it does not end in an end record the backup failed on the way",
        access: "admin",
        body: "none",
        query: ["keyspaces"],
        outcomes: { 200: { headers: ["Cache-Control"], body: "Archive" } },
        problems: [404, 429, 503],
        run: postBackup,
      },
    },
  },
  restore: {
    path: "/v1/admin/restore",
    ofReplica: true,
    operations: {
      POST: {
        summary:
          "Takes a backup, or a part of one: registers keep their stamps and newer ones stay, or with `overwrite` all are written as new. Each chunk is checked before it is restored; sent again, it changes nothing",
        access: "admin",
        body: "stream",
        bodyShape: "Archive",
        query: ["overwrite", "stamp"],
        outcomes: { 200: { body: "Restored" } },
        problems: [404, 409, 415, 503, 507],
        run: postRestore,
      },
    },
  },
  leave: {
    path: "/v1/admin/leave",
    ofReplica: true,
    operations: {
      POST: {
        summary:
          "This replica leaves the cluster for good: it hands over what it holds while it goes on serving, and its process ends once others have all of it on their disks; `/readyz` tells how far it is",
        access: "admin",
        body: "none",
        query: [],
        outcomes: { 202: { body: "Leaving" } },
        problems: [409],
        run: postLeave,
      },
    },
  },
  faults: {
    path: "/v1/admin/faults",
    ofReplica: true,
    operations: {
      PUT: {
        summary: "Cuts the links to these replicas until set otherwise (drills)",
        access: "admin",
        body: "small",
        bodyShape: "Cut",
        query: [],
        outcomes: { 200: { body: "CutAnswer" } },
        problems: [413, 415],
        run: setFaults,
      },
    },
  },
  health: { path: "/healthz", operations: { GET: status("Alive", "open", "Health", showHealth) } },
  ready: {
    path: "/readyz",
    operations: {
      GET: {
        ...status("In sync and able to serve", "open", "Ready", showReadiness),
        outcomes: { 200: { body: "Ready" }, 503: { headers: ["Retry-After"], body: "NotReady" } },
      },
    },
  },
  metrics: { path: "/metrics", operations: { GET: status("For Prometheus", "observe", "Metrics", showMetrics) } },
  openapi: { path: "/openapi.json", operations: { GET: status("This document", "open", "Description", "openapi") } },
} as const satisfies Record<string, Route>;

export type RouteName = keyof typeof routes;

export const routeNames = Object.keys(routes) as readonly RouteName[];
