/**
 * Policies as bytes: the value of the register that defines a keyspace. Equal policies have equal bytes, so that
 * replicas compare them by these.
 *
 *     version 1 | flags | replication | regions? | default ttl? | maximum ttl? | memory share?
 *     replication: 0 = all | 1, copies | 2, count, (region, copies)*
 */

import { BadBytes, ByteReader, ByteWriter } from "../../base/bytes.ts";
import { AtollError } from "../../base/errors.ts";
import { TTL_MS_MAX } from "../../base/ttl.ts";
import {
  COPIES_MAX,
  MEMORY_SHARE_PARTS,
  type Policy,
  policyOf,
  REGION_LENGTH_MAX,
  REGIONS_MAX,
  type Replication,
} from "./policy.ts";

const VERSION = 1;
const HAS_REGIONS = 1;
const HAS_DEFAULT_TTL = 2;
const HAS_TTL_MAX = 4;
const HAS_MEMORY_SHARE = 8;
const FLAGS_ALL = HAS_REGIONS | HAS_DEFAULT_TTL | HAS_TTL_MAX | HAS_MEMORY_SHARE;

/** The one encoding of a policy that `policyOf` made. */
export function encodePolicy(policy: Policy): Uint8Array {
  const { regions, defaultTtlMs, maxTtlMs, memoryShare } = policy;
  const writer = new ByteWriter();
  writer.u8(VERSION);
  writer.u8(
    (regions === undefined ? 0 : HAS_REGIONS) |
      (defaultTtlMs === undefined ? 0 : HAS_DEFAULT_TTL) |
      (maxTtlMs === undefined ? 0 : HAS_TTL_MAX) |
      (memoryShare === undefined ? 0 : HAS_MEMORY_SHARE),
  );
  writeReplication(writer, policy.replication);
  if (regions !== undefined) {
    writer.varint(regions.length);
    for (const region of regions) writer.latin1(region);
  }
  if (defaultTtlMs !== undefined) writer.varint(defaultTtlMs);
  if (maxTtlMs !== undefined) writer.varint(maxTtlMs);
  if (memoryShare !== undefined) writer.varint(Math.round(memoryShare * MEMORY_SHARE_PARTS));
  return writer.copy();
}

/** Throws `BadBytes` for what `encodePolicy` does not make. */
export function decodePolicy(bytes: Uint8Array): Policy {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  if (version !== VERSION) throw new BadBytes(`a policy of version ${version}`);
  const flags = reader.u8();
  if ((flags & ~FLAGS_ALL) !== 0) throw new BadBytes(`flags ${flags} of a policy`);
  const replication = readReplication(reader);
  const policy = checked({
    replication,
    ...(flags & HAS_REGIONS && { regions: readList(reader, () => reader.latin1(REGION_LENGTH_MAX)) }),
    ...(flags & HAS_DEFAULT_TTL && { defaultTtlMs: reader.varint(TTL_MS_MAX) }),
    ...(flags & HAS_TTL_MAX && { maxTtlMs: reader.varint(TTL_MS_MAX) }),
    ...(flags & HAS_MEMORY_SHARE && { memoryShare: reader.varint(MEMORY_SHARE_PARTS) / MEMORY_SHARE_PARTS }),
  });
  reader.finish();
  if (!isSame(encodePolicy(policy), bytes)) throw new BadBytes("a policy in another order than its own");
  return policy;
}

function writeReplication(writer: ByteWriter, replication: Replication): void {
  if (replication === "all") return writer.u8(0);
  if (typeof replication === "number") {
    writer.u8(1);
    writer.varint(replication);
    return;
  }
  writer.u8(2);
  writer.varint(replication.size);
  for (const [region, copies] of replication) {
    writer.latin1(region);
    writer.varint(copies);
  }
}

function readReplication(reader: ByteReader): Replication {
  const kind = reader.u8();
  switch (kind) {
    case 0:
      return "all";
    case 1:
      return reader.varint(COPIES_MAX);
    case 2:
      return new Map(
        readList(reader, (): [string, number] => [reader.latin1(REGION_LENGTH_MAX), reader.varint(COPIES_MAX)]),
      );
    default:
      throw new BadBytes(`replication of kind ${kind}`);
  }
}

function readList<T>(reader: ByteReader, readOne: () => T): T[] {
  return Array.from({ length: reader.varint(REGIONS_MAX) }, readOne);
}

function checked(policy: Policy): Policy {
  try {
    return policyOf(policy);
  } catch (error) {
    if (error instanceof AtollError) throw new BadBytes(error.message);
    throw error;
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
