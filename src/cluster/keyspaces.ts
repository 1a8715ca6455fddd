/**
 * The keyspaces that there are: each a name, the space that holds its keys, and its policy. Their definitions are
 * registers of the system space, which every replica holds: the latest definition of a name wins, whole. What is taken for
 * granted (whoever selects it as a Redis database) is a register of its own, which gives way to every definition, so that
 * nobody's settings are undone by whoever has not heard of them.
 *
 * This is what follows from the definitions that were learnt; the machine tells it of every register that comes.
 * Nothing is unlearnt: there is no way to undo a keyspace, and a register that is in doubt for a while is none that was
 * removed.
 */

import { BadBytes, bytesFromLatin1 } from "../base/bytes.ts";
import { hashText, mix32, xxHash32 } from "../base/hash.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import { DEFAULT_SPACE, SPACE_MAX, SYSTEM_SPACE } from "../base/shard-id.ts";
import { type Digest, DigestSum } from "../core/digest.ts";
import { POLICY_ALL, type Policy } from "./placement/policy.ts";
import { decodePolicy } from "./placement/policy-codec.ts";

/** So many may be defined at one replica; two halves of a cluster that is cut may each have as many. */
export const KEYSPACES_MAX = 128;
export const DEFAULT_KEYSPACE = "default";

const NAME = /^[a-z0-9_-]{1,64}$/;
const KEY_PREFIX = "keyspace/";
const GRANTED_PREFIX = "granted-keyspace/";
const SPACE_SEED = 0x6b737063;
const DIGEST_SEEDS = { high: 1, low: 2 } as const;

export interface KeyspaceDefinition {
  readonly name: string;
  readonly space: SpaceId;
  /** Of the bytes that define it. */
  readonly hash: number;
  /** That of `default` until it is changed, also where the definition is of a version that cannot be read here. */
  readonly policy: Policy;
}

interface Learnt extends KeyspaceDefinition {
  readonly bytes: Uint8Array;
  readonly isGranted: boolean;
}

/** What a key of the system space says the name of. */
export interface NamedKeyspace {
  readonly name: string;
  /** Taken for granted, not defined. */
  readonly isGranted: boolean;
}

/** True for a name that a keyspace can have: 1 to 64 of `[a-z0-9_-]`. */
export function isKeyspaceName(name: string): boolean {
  return NAME.test(name);
}

/**
 * The space of the name: a hash of it, so that no agreement is needed. Two names of one space are refused where they
 * meet.
 */
export function spaceOfName(name: string): SpaceId {
  return name === DEFAULT_KEYSPACE ? DEFAULT_SPACE : ((hashText(name, SPACE_SEED) & SPACE_MAX) as SpaceId);
}

/** The key of the register, in the system space, that defines a keyspace. */
export function definitionKey(name: string): Key {
  return `${KEY_PREFIX}${name}` as Key;
}

/** The key of the register, in the system space, by which there is a keyspace as long as nobody defines it. */
export function grantKey(name: string): Key {
  return `${GRANTED_PREFIX}${name}` as Key;
}

/** The keyspace that a key of the system space defines, or takes for granted. */
export function nameIn(key: Key): NamedKeyspace | undefined {
  for (const prefix of [KEY_PREFIX, GRANTED_PREFIX]) {
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : "";
    if (isKeyspaceName(name)) return { name, isGranted: prefix === GRANTED_PREFIX };
  }
  return undefined;
}

export class Keyspaces {
  readonly #learntByName = new Map<string, Learnt>();
  readonly #namesBySpace = new Map<SpaceId, string>();
  readonly #isAdded: (space: SpaceId) => void;
  #digest: Digest | undefined;

  /** `added` is told of every space that is there, once. */
  constructor(added: (space: SpaceId) => void) {
    this.#isAdded = added;
    const bytes = new Uint8Array(0);
    this.#learntByName.set(DEFAULT_KEYSPACE, {
      name: DEFAULT_KEYSPACE,
      space: DEFAULT_SPACE,
      policy: POLICY_ALL,
      hash: 0,
      bytes,
      isGranted: true,
    });
    this.#namesBySpace.set(DEFAULT_SPACE, DEFAULT_KEYSPACE);
  }

  /**
   * A register of the system space that is held; what is no definition is none of ours. True where something changed.
   */
  learn(key: Key, value: Uint8Array): boolean {
    const named = nameIn(key);
    if (named === undefined) return false;
    const { name, isGranted } = named;
    const known = this.#learntByName.get(name);
    if (known !== undefined && isGranted && !known.isGranted) return false;
    if (known !== undefined && known.isGranted === isGranted && isSame(known.bytes, value)) return false;
    const space = spaceOfName(name);
    const hash = hashBytes(value, SPACE_SEED);
    this.#learntByName.set(name, { name, space, policy: policyFrom(value), hash, bytes: value.slice(), isGranted });
    this.#digest = undefined;
    this.#claim(space, name);
    return true;
  }

  /**
   * Of two names that were given one space on two sides of a cut, the first has it everywhere; the other has no keys.
   */
  #claim(space: SpaceId, name: string): void {
    if (space === SYSTEM_SPACE || space === DEFAULT_SPACE) return;
    const holder = this.#namesBySpace.get(space);
    if (holder === undefined || name < holder) this.#namesBySpace.set(space, name);
    if (holder === undefined) this.#isAdded(space);
  }

  /** Undefined where there is no such keyspace. */
  get(name: string): KeyspaceDefinition | undefined {
    const learnt = this.#learntByName.get(name);
    return learnt !== undefined && this.#namesBySpace.get(learnt.space) === name ? learnt : undefined;
  }

  /** The keyspace that what stands under this key decides about: none where a definition has made a grant void. */
  decidedBy(key: Key): KeyspaceDefinition | undefined {
    const named = nameIn(key);
    const learnt = named === undefined ? undefined : this.#learntByName.get(named.name);
    return learnt?.isGranted === named?.isGranted ? this.get(learnt?.name ?? "") : undefined;
  }

  /** Undefined where no keyspace has it. */
  nameOf(space: SpaceId): string | undefined {
    return this.#namesBySpace.get(space);
  }

  /** The policy of a space, which is that of `default` at first where nothing is known of it. */
  policyOf(space: SpaceId): Policy {
    const name = this.#namesBySpace.get(space);
    return (name === undefined ? undefined : this.#learntByName.get(name)?.policy) ?? POLICY_ALL;
  }

  /** Of a replica's memory, what those may count on that have a share of it. */
  memoryShares(): ReadonlyMap<SpaceId, number> {
    const shares = new Map<SpaceId, number>();
    for (const { name, space, policy } of this.#learntByName.values()) {
      const isHolder = this.#namesBySpace.get(space) === name;
      if (isHolder && policy.memoryShare !== undefined) shares.set(space, policy.memoryShare);
    }
    return shares;
  }

  /** All, sorted by name. */
  all(): readonly KeyspaceDefinition[] {
    const names = [...this.#learntByName.keys()].sort();
    return names.flatMap((name) => this.get(name) ?? []);
  }

  /** The name that has the space of this one, where another one does. */
  clashOf(name: string): string | undefined {
    const space = spaceOfName(name);
    if (space === SYSTEM_SPACE) return "the system's own";
    const holder = this.#namesBySpace.get(space);
    return holder === name ? undefined : holder;
  }

  /** Equal on replicas that have learnt the same definitions. */
  digest(): Digest {
    if (this.#digest === undefined) {
      const sum = new DigestSum();
      for (const { name, bytes } of this.#learntByName.values())
        sum.add(hashText(name, SPACE_SEED), digestOf(name, bytes));
      this.#digest = { high: sum.high, low: sum.low };
    }
    return this.#digest;
  }
}

/**
 * Of a version that is not known here: until this replica is replaced by one that knows it, it keeps what it is given.
 */
function policyFrom(bytes: Uint8Array): Policy {
  try {
    return decodePolicy(bytes);
  } catch (error) {
    if (error instanceof BadBytes) return POLICY_ALL;
    throw error;
  }
}

function digestOf(name: string, bytes: Uint8Array): Digest {
  const text = bytesFromLatin1(name);
  const hash = (seed: number) => mix32(hashBytes(text, seed) ^ mix32(hashBytes(bytes, seed)));
  return { high: hash(DIGEST_SEEDS.high), low: hash(DIGEST_SEEDS.low) };
}

function hashBytes(bytes: Uint8Array, seed: number): number {
  return xxHash32(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength, seed);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
