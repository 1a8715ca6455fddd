/** Everything a node must be told before it starts, complete and checked: whoever builds one validates, `createNode` trusts. */

import type { ReplicaId } from "../base/ids.ts";
import type { JoinTarget } from "../base/join-target.ts";
import type { LogLevel } from "../replica/ports.ts";

export type Scope = "read" | "write" | "admin";

export const SCOPES: readonly Scope[] = ["read", "write", "admin"];

export interface TokenEntry {
  /** 16 to 512 visible ASCII characters, unique among the entries. Never logged. */
  readonly token: string;
  /** Not empty, no duplicates. */
  readonly scopes: readonly Scope[];
  /** Text that every key must begin with, compared as its UTF-8 bytes; absent = all keys. */
  readonly prefix?: string;
}

/** PEM texts. With `ca`, links to other replicas trust only what it signed. */
export interface TlsConfig {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
}

/** Backups to a folder, by themselves. */
export interface BackupConfig {
  readonly folder: string;
  /** From one to the next. */
  readonly everyMs: number;
  /** So many of the latest stay. */
  readonly keep: number;
}

/** What a node is when it is told nothing else. The data folder depends on the port: `./atoll-data/PORT`. */
export const nodeDefaults = {
  region: "local",
  host: "127.0.0.1",
  port: 7400,
  redisPort: 0,
  join: [],
  cluster: "atoll",
  shards: 256,
  memoryBytes: 1024 ** 3,
  tokens: [],
  allowOrigins: [],
  insecure: false,
  compressRegions: false,
  maxClockOffsetMs: 500,
  retentionMs: 24 * 3_600_000,
  enableFaults: false,
  logLevel: "info",
} as const satisfies Partial<StartConfig>;

export interface StartConfig {
  /** Absent: the one kept in the data folder, or a new one. */
  readonly id?: ReplicaId;
  /** 1 to 64 characters of `[A-Za-z0-9._-]`. */
  readonly region: string;
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  /** 0 = off. */
  readonly redisPort: number;
  /** host:port that others dial; absent = the host and port that were bound. */
  readonly advertise?: string;
  readonly join: readonly JoinTarget[];
  readonly cluster: string;
  readonly shards: number;
  /** Absolute path of the data folder, or "none" for a replica that keeps nothing on disk. */
  readonly data: string | "none";
  /** Of the database in it; absent: no bound. */
  readonly dataBytesMax?: number;
  readonly memoryBytes: number;
  /** 16 to 4,096 bytes that all replicas share. Never logged. */
  readonly secret?: Uint8Array;
  /** Empty = no token is asked for. */
  readonly tokens: readonly TokenEntry[];
  /** Origins of browser pages that may connect, as browsers send them: `https://example.com`; `*` = any, with tokens only. */
  readonly allowOrigins: readonly string[];
  readonly tls?: TlsConfig;
  readonly insecure: boolean;
  /** Compresses what goes to replicas of other regions that are told so as well. */
  readonly compressRegions: boolean;
  readonly maxClockOffsetMs: number;
  readonly retentionMs: number;
  readonly enableFaults: boolean;
  /** Absent: none but those that are asked for. */
  readonly backup?: BackupConfig;
  readonly logLevel: LogLevel;
}
