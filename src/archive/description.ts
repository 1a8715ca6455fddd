/** What the header and the end of a backup say, as JSON; what a header may not say is refused. */

import type { BackupFacts } from "../backup-store.ts";
import type { ReplicaId } from "../base/ids.ts";
import type { KeyspaceSettings } from "../store.ts";
import { damaged } from "./frame.ts";

export interface ArchiveHeader extends BackupFacts {
  /** When it was begun, unix ms. */
  readonly at: number;
}

/** Of all that stands before it. */
export interface ArchiveEnd {
  readonly chunks: number;
  readonly records: number;
  /** Bytes of records. */
  readonly bytes: number;
  /** Over the checksums of all frames before. */
  readonly checksum: number;
  /** Values that the replica could not tell, as whoever has them was away; absent: it told all. */
  readonly absent?: number;
}

const KEYSPACES_MAX = 1024;
const BIRTHS_MAX = 65_536;
const TEXT_MAX = 256;

export function encodeText(content: ArchiveHeader | ArchiveEnd): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(content));
}

export function decodeHeader(bytes: Uint8Array): ArchiveHeader {
  const { cluster, replica, shards, births, keyspaces, at } = parse(bytes);
  if (!isText(cluster) || !isText(replica) || !isCount(shards) || !isCount(at)) throw damaged("a header out of form");
  if (!isList(births, BIRTHS_MAX) || !births.every(isText)) throw damaged("a header out of form");
  if (!isList(keyspaces, KEYSPACES_MAX) || keyspaces.length === 0) throw damaged("a header without keyspaces");
  return {
    cluster,
    replica: replica as ReplicaId,
    shards,
    births: births as string[],
    at,
    keyspaces: keyspaces.map((each) => {
      if (!isObject(each) || !isText(each.name)) throw damaged("a keyspace without a name");
      if (each.settings !== undefined && !isObject(each.settings)) throw damaged("a keyspace out of form");
      // Whoever defines a keyspace by them checks them.
      const { name, settings } = each as { readonly name: string; readonly settings?: KeyspaceSettings };
      return settings === undefined ? { name } : { name, settings };
    }),
  };
}

export function decodeEnd(bytes: Uint8Array): ArchiveEnd {
  const { chunks, records, bytes: length, checksum, absent = 0 } = parse(bytes);
  if (!isCount(chunks) || !isCount(records) || !isCount(length) || !isCount(checksum) || !isCount(absent))
    throw damaged("an end out of form");
  return { chunks, records, bytes: length, checksum, ...(absent > 0 && { absent }) };
}

function parse(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw damaged("a frame that is no JSON");
  }
  if (!isObject(parsed)) throw damaged("a frame that is no object");
  return parsed;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isList(value: unknown, lengthMax: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= lengthMax;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= TEXT_MAX;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
