/**
 * What a plan from a file may be: every field that the types know and no other, and sizes that a machine can run. The
 * types and these tables cannot drift apart: a field or a fault that is missing here does not compile.
 */

import { z } from "zod";
import type { Key } from "../../src/base/ids.ts";
import { TTL_MS_MAX } from "../../src/base/ttl.ts";
import { COPIES_MAX, REGIONS_MAX } from "../../src/cluster/placement/policy.ts";
import { ACK_LEVELS, type KeyspaceSettings } from "../../src/store.ts";
import type { BackupPlan, Interruption, RestorePlan } from "../backups/backup-plan.ts";
import {
  BITS_MAX,
  type CommandedType,
  type CommandOperation,
  type CommandType,
} from "../commands/command-operation.ts";
import type { DocumentOperation, DocumentOperationType } from "../documents/document-operation.ts";
import type { KeyspaceChange, NodePlan, Plan, ReplicaSettings, WaterPlan } from "../plan.ts";
import type { TenantAct, TenantPlan } from "../tenants/tenant-plan.ts";
import type { Listing, Operation, OperationType } from "../workload/operation.ts";
import type { WatchPlan } from "../workload/watch-plan.ts";
import { faultSchema } from "./fault-schema.ts";
import { count, index, isTrue, ms, objectOf, share } from "./pieces.ts";

export const NODES_MAX = 1000;
export const OPERATIONS_MAX = 1_000_000;
export const FAULTS_MAX = 100_000;
const WATCHES_MAX = 1000;
const BACKUPS_MAX = 1000;
const TENANTS_MAX = 100;
const MOVES_MAX = 10_000;
const CHANGES_MAX = 10_000;
const VALUE_BYTES_MAX = 16 * 1024 * 1024;
/** Characters that one edit types or takes away. */
const LENGTH_MAX = 100_000;
const SHARDS_MAX = 65_536;

const OPERATION_TYPES = {
  put: true,
  delete: true,
  "put-absent": true,
  update: true,
  get: true,
  batch: true,
  invalidate: true,
  keys: true,
} as const satisfies Record<OperationType, true>;

const DOCUMENT_OPERATION_TYPES = {
  insert: true,
  erase: true,
  set: true,
  read: true,
  delete: true,
  lease: true,
} as const satisfies Record<DocumentOperationType, true>;

const COMMAND_TYPES = {
  add: true,
  remove: true,
  pop: true,
  increase: true,
  reset: true,
  clear: true,
  drop: true,
  read: true,
} as const satisfies Record<CommandType, true>;

const COMMANDED_TYPES = {
  hash: true,
  set: true,
  zset: true,
  list: true,
  counter: true,
  field: true,
  score: true,
} as const satisfies Record<CommandedType, true>;

const TAGS_MAX = 16;

const text = z.string().min(1).max(200);

/** Each character is one byte of the key. */
const key = z
  .string()
  .regex(/^[\0-\xff]{1,1024}$/, "a key is 1 to 1,024 characters up to U+00FF, each of them a byte")
  .transform((bytes) => bytes as Key);

/** As a key, but it may be empty. */
const prefix = z
  .string()
  .regex(/^[\0-\xff]{0,1024}$/, "a key is 1 to 1,024 characters up to U+00FF, each of them a byte")
  .transform((bytes) => bytes as Key);

const node = objectOf<NodePlan>({
  name: text.exactOptional(),
  region: text,
  durable: isTrue,
  clockOffsetMs: z.number().min(-1e12).max(1e12),
  diskMeanMs: ms,
  startAt: ms,
  memoryBytesMax: z.number().min(0).exactOptional(),
});

const replica = objectOf<ReplicaSettings>({
  shards: count(1, SHARDS_MAX),
  antiEntropyMs: ms.min(1),
  housekeepingMs: ms.min(1),
  sweepMs: count(1, 86_400_000),
  settleMs: ms,
  retentionMs: ms.min(1),
  maxClockOffsetMs: ms,
  graveMs: ms.exactOptional(),
  displaceMs: ms.exactOptional(),
  memoryBytesMax: z.number().min(0).exactOptional(),
  memoryFillShare: share.exactOptional(),
  dataBytesMax: z.number().min(1).exactOptional(),
});

const copies = count(1, COPIES_MAX);

const keyspaceSettings = objectOf<KeyspaceSettings>({
  replication: z.union([z.literal("all"), copies, z.record(text, copies)]),
  regions: z.array(text).max(REGIONS_MAX).readonly().exactOptional(),
  defaultTtlMs: count(1, TTL_MS_MAX).exactOptional(),
  maxTtlMs: count(1, TTL_MS_MAX).exactOptional(),
  memoryShare: share.exactOptional(),
});

const water = objectOf<WaterPlan>({
  localMs: ms,
  jitter: z.number().min(0).max(100),
  loss: share,
  bytesPerMs: z.number().positive().exactOptional(),
  roundTripsMs: z.record(text, z.record(text, ms)).exactOptional(),
});

const listing = objectOf<Listing>({
  limit: count(1, 10_000),
  gapMs: ms,
  nodes: z.array(index).min(1).max(NODES_MAX).readonly(),
});

const operation = objectOf<Operation>({
  id: index,
  at: ms,
  node: index,
  type: z.enum(Object.keys(OPERATION_TYPES) as OperationType[]),
  key: prefix,
  ack: z.enum(ACK_LEVELS),
  ttlMs: count(1, TTL_MS_MAX).exactOptional(),
  valueBytes: count(0, VALUE_BYTES_MAX),
  alsoKeys: z.array(key).max(1000).readonly().exactOptional(),
  deletedKeys: z.array(key).max(1000).readonly().exactOptional(),
  tags: z.array(text).max(TAGS_MAX).readonly().exactOptional(),
  tag: text.exactOptional(),
  consistency: z.literal("quorum").exactOptional(),
  listing: listing.exactOptional(),
  expects: index.exactOptional(),
  session: index.exactOptional(),
});

const documentOperation = objectOf<DocumentOperation>({
  id: index,
  at: ms,
  client: index,
  node: index,
  type: z.enum(Object.keys(DOCUMENT_OPERATION_TYPES) as DocumentOperationType[]),
  key,
  ack: z.enum(ACK_LEVELS),
  length: count(0, LENGTH_MAX),
  place: share,
  ttlMs: count(1, TTL_MS_MAX).exactOptional(),
});

const commandOperation = objectOf<CommandOperation>({
  id: index,
  at: ms,
  node: index,
  type: z.enum(Object.keys(COMMAND_TYPES) as CommandType[]),
  of: z.enum(Object.keys(COMMANDED_TYPES) as CommandedType[]),
  key,
  member: text.exactOptional(),
  bit: count(0, Math.max(...Object.values(BITS_MAX)) - 1).exactOptional(),
});

const interruption = objectOf<Interruption>({ after: count(0, 1_000_000), forMs: ms, node: index });

const restore = objectOf<RestorePlan>({
  at: ms,
  node: index,
  isOverwrite: isTrue,
  gapMs: ms,
  interruptions: z.array(interruption).max(BACKUPS_MAX).readonly(),
});

const backup = objectOf<BackupPlan>({
  id: index,
  at: ms,
  node: index,
  gapMs: ms,
  chunkRecords: count(1, 1_000_000),
  restores: z.array(restore).max(BACKUPS_MAX).readonly(),
});

const tenantAct = objectOf<TenantAct>({
  at: ms,
  node: index,
  key,
  valueBytes: count(0, VALUE_BYTES_MAX).exactOptional(),
});

const tenant = objectOf<TenantPlan>({
  name: text,
  memoryShare: share.exactOptional(),
  definedAt: ms,
  acts: z.array(tenantAct).max(OPERATIONS_MAX).readonly(),
});

const watch = objectOf<WatchPlan>({
  id: index,
  prefix,
  at: ms,
  node: index,
  moves: z
    .array(objectOf<WatchPlan["moves"][number]>({ at: ms, node: index }))
    .max(MOVES_MAX)
    .readonly(),
  reconnectMs: ms.min(1),
  handlingMs: ms,
  waitingMax: count(1, 1_000_000),
});

export const planSchema: z.ZodType<Plan> = objectOf<Plan>({
  scenario: text,
  seed: text,
  nodes: z.array(node).min(1).max(NODES_MAX).readonly(),
  seeds: count(1, NODES_MAX).exactOptional(),
  replica,
  water,
  heartbeatTimeoutMs: ms.min(1),
  healAt: ms,
  settleMs: ms,
  keyspace: z
    .array(objectOf<KeyspaceChange>({ at: ms, node: index, settings: keyspaceSettings }))
    .min(1)
    .max(CHANGES_MAX)
    .readonly()
    .exactOptional(),
  operations: z.array(operation).max(OPERATIONS_MAX).readonly(),
  documents: z.array(documentOperation).max(OPERATIONS_MAX).readonly().exactOptional(),
  commands: z.array(commandOperation).max(OPERATIONS_MAX).readonly().exactOptional(),
  backups: z.array(backup).max(BACKUPS_MAX).readonly().exactOptional(),
  tenants: z.array(tenant).max(TENANTS_MAX).readonly().exactOptional(),
  watches: z.array(watch).max(WATCHES_MAX).readonly().exactOptional(),
  faults: z.array(faultSchema).max(FAULTS_MAX).readonly(),
});
