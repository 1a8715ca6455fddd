/** Branded identities: what must not be mixed up has its own type, at no cost at run time. */

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A replica's name, 1 to 64 characters of `[A-Za-z0-9._-]`, unique in its cluster. */
export type ReplicaId = Brand<string, "ReplicaId">;

/**
 * One life of one replica in 53 bits: replica number (32 bits, a hash of the replica's id) times 2^21 plus the life
 * number. Compared with `<`; a later life of one replica is greater.
 */
export type OriginId = Brand<number, "OriginId">;

/** A keyspace inside the machine: 0 to 2^31 - 1. */
export type SpaceId = Brand<number, "SpaceId">;

/** A shard of a space (`base/shard-id.ts`): space x 65,536 + its number there. */
export type ShardId = Brand<number, "ShardId">;

/** A key as a latin1 string: one character a byte, 1 to 1,024 of them. Every byte sequence is a legal key. */
export type Key = Brand<string, "Key">;

/** Hybrid logical clock reading: (unix ms - 2020-01-01 UTC) x 4096 + a 12-bit counter. Exact in a double until 2089. */
export type Timestamp = Brand<number, "Timestamp">;

const REPLICA_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** True for a string that may name a replica. */
export function isReplicaId(text: string): text is ReplicaId {
  return REPLICA_ID.test(text);
}
