/** What the doors answer, turned back into what the store inside said: the checkers' evidence is the same in both worlds. */

import { AtollError, type ErrorCode, errorTable } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { shardOf } from "../../src/core/shard-of.ts";
import { decodeSession } from "../../src/doors/session.ts";
import type { BatchOperation, BatchResult, Dot, ReadOutcome, WriteOutcome } from "../../src/store.ts";

/** An operation as messages carry it. */
export type Message = Readonly<Record<string, unknown>>;

interface WriteFields {
  readonly version: string;
  readonly existed: boolean;
  readonly acks: WriteOutcome["acks"];
}

interface ReadFields {
  readonly found: boolean;
  readonly value: string | null;
  readonly version: string;
  readonly contentType?: string;
  readonly expiresAt?: number;
}

/** Nobody will ever know what became of a request whose connection was lost. */
export const NEVER = new Promise<never>(() => {});

/** The error that a door named by its code. */
export function remoteError(code: unknown, message: string): AtollError {
  const known = typeof code === "string" && Object.hasOwn(errorTable, code) ? (code as ErrorCode) : "INTERNAL";
  return new AtollError(known, `${String(code)}: ${message}`);
}

export function unreachable(port: number): AtollError {
  return new AtollError("UNREACHABLE", `nobody listens on ${port}`);
}

export function encodeBytes(bytes: Uint8Array | string): string {
  return Buffer.from(bytes as string, "latin1").toString("base64");
}

export function decodeKey(text: string): Key {
  return Buffer.from(text, "base64").toString("latin1") as Key;
}

export function encodeOperation(operation: BatchOperation): Message {
  const { type, key } = operation;
  const encoded = { type, key: encodeBytes(key), encoding: "base64" };
  if (operation.type !== "put") return encoded;
  const { value, ttlMs } = operation;
  return { ...encoded, value: encodeBytes(value), ...(ttlMs === undefined ? {} : { ttlMs }) };
}

export function writeOutcome(fields: Message, dot: Dot): WriteOutcome {
  const { version, existed, acks } = fields as unknown as WriteFields;
  return { version, existed, acks, dot };
}

export function readOutcome(fields: Message, dot: Dot | undefined): ReadOutcome {
  const { found, value, version, contentType, expiresAt } = fields as unknown as ReadFields;
  const known = dot === undefined ? {} : { dot };
  if (!found || value === null) return known;
  const entry = {
    value: new Uint8Array(Buffer.from(value, "base64")),
    version,
    ...(contentType === undefined ? {} : { contentType }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
  return { ...known, entry };
}

/** The one dot of a session that has seen one answer. */
export function dotIn(session: unknown): Dot | undefined {
  return decodeSession(String(session))[0];
}

/** The results of a batch whose operations all write, with the dots that a new session saw of it. */
export function batchResults(
  operations: readonly BatchOperation[],
  results: readonly Message[],
  session: unknown,
  shards: number,
): BatchResult[] {
  const dots = dotsOfWrites(operations, results, decodeSession(String(session)), shards);
  return operations.map(({ type }, place): BatchResult => {
    const fields = results[place] ?? {};
    const dot = dots[place];
    if (fields.ok !== true || type === "get" || dot === undefined) {
      return { type: "error", code: String(fields.code), message: String(fields.message) };
    }
    return { type, ...writeOutcome(fields, dot) };
  });
}

/** A session names the last dot of each shard; the writes of one batch took theirs one after another. */
function dotsOfWrites(
  operations: readonly BatchOperation[],
  results: readonly Message[],
  seen: readonly Dot[],
  shards: number,
): (Dot | undefined)[] {
  const last = new Map(seen.map((dot) => [dot.shard as number, dot]));
  const dots: (Dot | undefined)[] = [];
  for (let place = operations.length - 1; place >= 0; place--) {
    const operation = operations[place];
    if (operation === undefined || operation.type === "get" || results[place]?.ok !== true) continue;
    const shard = shardOfKey(operation.key, shards);
    const dot = last.get(shard);
    dots[place] = dot;
    if (dot !== undefined) last.set(shard, { ...dot, sequence: dot.sequence - 1 });
  }
  return dots;
}

export function shardOfKey(key: Key, shards: number): number {
  const bytes = Buffer.from(key, "latin1");
  return shardOf(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length, shards);
}
