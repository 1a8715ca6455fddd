/** What bodies look like, for `/openapi.json`: a media type and a JSON Schema (2020-12) each. Tests hold answers to them. */

import { MEMBER_STANDINGS } from "../../cluster-status.ts";
import { ACK_LEVELS } from "../../store.ts";

export type Json = Readonly<Record<string, unknown>>;

export interface Shape {
  readonly type: string;
  readonly schema: Json;
}

const JSON_TYPE = "application/json";
export const PROBLEM_TYPE = "application/problem+json";

const text: Json = { type: "string" };
const flag: Json = { type: "boolean" };
const count: Json = { type: "integer", minimum: 0 };
const integer: Json = { type: "integer" };
const unixMs: Json = { type: "integer", description: "Unix ms" };
const version: Json = { type: "string", description: "What the ETag says" };
const encoding: Json = { const: "base64", description: "There when key, value and tags are base64, not text" };
const pageEncoding: Json = { const: "base64", description: "There when all texts of the page are base64" };
const cursor: Json = { type: "string", description: "Where to go on; absent at the end" };
const tags: Json = { type: "array", items: text, description: "Absent where it has none" };

/** An object with these fields, of which `optional` may be absent. */
function object(properties: Json, optional: readonly string[] = []): Json {
  return { type: "object", required: Object.keys(properties).filter((name) => !optional.includes(name)), properties };
}

function list(items: Json): Json {
  return { type: "array", items };
}

const problem = {
  title: text,
  status: integer,
  code: { type: "string", description: "Stable" },
  detail: { type: "string", description: "For people, and free to change" },
  retry: { type: "boolean", description: "The same call may succeed later" },
};

const sentEncoding: Json = { enum: ["utf8", "base64"], description: "How key and value are written" };
const sentKey = { key: text, encoding: sentEncoding };

const operation: Json = {
  oneOf: [
    object(
      {
        type: { const: "put" },
        ...sentKey,
        value: text,
        ttlMs: { type: "integer", minimum: 1, description: "Time to live in ms" },
        contentType: { type: "string", maxLength: 255 },
        tags: { type: "array", items: text, maxItems: 16, description: "Each written as the key is" },
      },
      ["encoding", "ttlMs", "contentType", "tags"],
    ),
    object({ type: { enum: ["get", "delete"] }, ...sentKey }, ["encoding"]),
  ],
};

const result: Json = {
  oneOf: [
    object({
      type: { enum: ["put", "delete"] },
      ok: { const: true },
      version,
      existed: { type: "boolean", description: "A live value was there before" },
      acks: object({ reached: count, wanted: count, met: flag }),
    }),
    object(
      {
        type: { const: "get" },
        ok: { const: true },
        found: flag,
        value: { type: ["string", "null"] },
        encoding,
        version,
        contentType: text,
        tags,
        expiresAt: unixMs,
      },
      ["encoding", "version", "contentType", "tags", "expiresAt"],
    ),
    object({ ok: { const: false }, code: text, message: text }),
  ],
};

const member = object(
  {
    id: text,
    region: text,
    address: { type: "string", description: "host:port" },
    state: { enum: MEMBER_STANDINGS },
    life: count,
    rttMs: { type: "number" },
    clockOffsetMs: { type: "number", description: "Theirs less ours" },
    lag: { type: "integer", description: "Writes it is known to lack or to hold beyond ours" },
    lastSeenAt: unixMs,
    owned: { ...count, description: "Shards that it owns, of keyspaces that some members keep" },
  },
  ["rttMs", "clockOffsetMs", "lag", "lastSeenAt", "owned"],
);

const ttl: Json = { type: "integer", minimum: 1, description: "In ms" };
const settings = {
  replication: {
    oneOf: [{ const: "all" }, { type: "integer", minimum: 1 }, { type: "object", additionalProperties: count }],
    description:
      "Copies: on every member, on so many, or on so many in each of these regions. A least: this version keeps all on every member",
  },
  regions: {
    type: "array",
    items: text,
    description: "Where copies may be",
  },
  defaultTtlMs: { ...ttl, description: "What a put without a time to live gets, in ms" },
  maxTtlMs: ttl,
  memoryShare: {
    type: "number",
    exclusiveMinimum: 0,
    maximum: 1,
    description:
      "Of what values may take of a replica's memory: so much of it no other keyspace pushes out. Absent: what the others leave",
  },
};
const optionalSettings = ["regions", "defaultTtlMs", "maxTtlMs", "memoryShare"];
const keyspace = object(
  {
    name: text,
    ...settings,
    underReplicated: {
      ...list(object({ region: text, wanted: count, has: count }, ["region"])),
      description: "Where it has fewer copies than it asks for",
    },
    emptyRegions: { ...list(text), description: "Regions that it names and that no member is in" },
  },
  [...optionalSettings, "emptyRegions"],
);

const conflictingWrite = object(
  {
    type: { enum: ["put", "delete"] },
    version,
    replica: { type: "string", description: "That took the write" },
    life: { ...count, description: "Of that replica" },
    stampedAt: { ...unixMs, description: "Unix ms, by the clock that stamped it" },
  },
  ["replica"],
);
const conflict = object({
  key: { type: "string", description: "Percent-encoded bytes" },
  loser: conflictingWrite,
  winner: conflictingWrite,
  lost: { enum: ["here", "elsewhere"], description: "Where the loser was taken; elsewhere: the winner was taken here" },
  notedAt: unixMs,
});

const replicaIds: Json = { type: "array", items: text, maxItems: 1_000 };

export const shapes = {
  Problem: { type: PROBLEM_TYPE, schema: object(problem) },
  Value: { type: "*/*", schema: { description: "Any bytes, with the type that was put with them" } },
  Document: {
    type: JSON_TYPE,
    schema: { type: "object", description: "The shared types by name" },
  },
  Update: { type: "application/octet-stream", schema: { description: "A Yjs update, first encoding" } },
  StateVector: { type: "application/octet-stream", schema: { description: "As Y.encodeStateVector makes it" } },
  Addition: {
    type: JSON_TYPE,
    schema: object({ by: { type: "number", description: "Whole, below 2^53, or a fraction" } }),
  },
  Counter: {
    type: JSON_TYPE,
    schema: object({ value: { type: ["number", "string"], description: "As text where a double does not hold it" } }),
  },
  FieldPage: {
    type: JSON_TYPE,
    schema: object({ fields: { type: "object", additionalProperties: text }, encoding: pageEncoding, cursor }, [
      "encoding",
      "cursor",
    ]),
  },
  MemberPage: {
    type: JSON_TYPE,
    schema: object({ members: list(text), encoding: pageEncoding, cursor }, ["encoding", "cursor"]),
  },
  Membership: { type: JSON_TYPE, schema: object({ isMember: { const: true } }) },
  KeyPage: {
    type: JSON_TYPE,
    schema: object(
      {
        keys: { type: "array", items: { type: "string", description: "Percent-encoded bytes" } },
        cursor,
      },
      ["cursor"],
    ),
  },
  ConflictPage: {
    type: JSON_TYPE,
    schema: object({ conflicts: list(conflict), counts: object({ here: count, elsewhere: count }) }, ["counts"]),
  },
  Batch: { type: JSON_TYPE, schema: object({ operations: list(operation), ack: { enum: ACK_LEVELS } }, ["ack"]) },
  BatchResults: { type: JSON_TYPE, schema: object({ results: list(result) }) },
  Events: {
    type: "text/event-stream",
    schema: {
      type: "string",
      description: "Events put, delete, expire, document, collection and reset; their data is a Change",
    },
  },
  Change: {
    type: JSON_TYPE,
    schema: object(
      {
        type: { enum: ["put", "delete", "expire", "document", "collection", "reset"] },
        key: text,
        collection: { enum: ["hash", "set", "zset", "list"] },
        of: { enum: ["member", "whole"] },
        change: { enum: ["put", "remove", "expire"], description: "Of a whole, put: it got another end, or none" },
        isEmpty: { type: "boolean", description: "Nothing is left of the collection there" },
        value: text,
        encoding,
        version,
        contentType: text,
        tags,
        expiresAt: unixMs,
        resume: { type: "string", description: "Also the event's id" },
      },
      [
        "key",
        "collection",
        "of",
        "change",
        "isEmpty",
        "value",
        "encoding",
        "version",
        "contentType",
        "tags",
        "expiresAt",
      ],
    ),
  },
  ClusterStatus: {
    type: JSON_TYPE,
    schema: object(
      {
        clockOffsetMs: { type: "number", description: "By how much a majority of wall clocks is ahead of ours" },
        clockCorrectionMs: { type: "integer", description: "Added to our wall clock, which is too far off" },
        cluster: text,
        replica: text,
        region: text,
        life: count,
        ready: flag,
        reasons: { type: "array", items: text, description: "Why it is not ready" },
        members: list(member),
        shards: count,
        registers: count,
        tombstones: count,
        memoryBytes: count,
        memoryBytesMax: count,
        valuesOnDiskOnly: count,
        ghosts: count,
        dataBytes: count,
        dataBytesMax: count,
        evicted: count,
        digest: { type: "string", description: "Equal on replicas that hold the same" },
        cut: replicaIds,
        placement: object({ owned: count, ready: count, toHandOver: count, taken: count, handedOver: count }),
      },
      [
        "clockOffsetMs",
        "clockCorrectionMs",
        "placement",
        "memoryBytesMax",
        "valuesOnDiskOnly",
        "ghosts",
        "dataBytes",
        "dataBytesMax",
        "evicted",
      ],
    ),
  },
  Keyspace: { type: JSON_TYPE, schema: keyspace },
  KeyspaceList: { type: JSON_TYPE, schema: object({ keyspaces: list(keyspace) }) },
  KeyspaceRequest: {
    type: JSON_TYPE,
    schema: object({ name: { type: "string", pattern: "^[a-z0-9_-]{1,64}$" }, ...settings }, [
      "replication",
      ...optionalSettings,
    ]),
  },
  Archive: {
    type: "application/octet-stream",
    schema: {
      description:
        "A backup as Atoll makes it, or a part of one. Its end says how many values are not in it (`absent`) as whoever has them alone is away",
    },
  },
  Restored: {
    type: JSON_TYPE,
    schema: object(
      {
        restored: count,
        kept: { ...count, description: "Something as new is here" },
        forgotten: { ...count, description: "Deleted, or replaced, since the backup" },
        expired: count,
        stamp: { type: "integer", description: "With `overwrite`: to be sent with the other parts" },
        births: { ...list(text), description: "Of a part without registers: two that share one are of one cluster" },
      },
      ["stamp", "births"],
    ),
  },
  Leaving: { type: JSON_TYPE, schema: object({ leaving: { const: true } }) },
  Cut: { type: JSON_TYPE, schema: object({ cut: replicaIds }) },
  CutAnswer: {
    type: JSON_TYPE,
    schema: object({ cut: replicaIds, unknown: { ...replicaIds, description: "Those that are no members" } }),
  },
  Health: { type: JSON_TYPE, schema: object({ status: { const: "ok" } }) },
  Ready: { type: JSON_TYPE, schema: object({ ready: { const: true }, reasons: list(text) }) },
  NotReady: { type: PROBLEM_TYPE, schema: object({ ...problem, ready: { const: false }, reasons: list(text) }) },
  Metrics: { type: "text/plain", schema: { type: "string", description: "Prometheus' text format 0.0.4" } },
  Description: { type: JSON_TYPE, schema: { type: "object", description: "OpenAPI 3.1" } },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof shapes;
