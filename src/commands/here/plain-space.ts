/**
 * Plain commands on the keys of a keyspace that is kept here whole (`glance.ts`, `plain-put.ts`). What holds for all of a step is asked
 * once for it: nobody holds keys, or begins to, in between.
 */

import type { SpaceId } from "../../base/ids.ts";
import type { PlainWords } from "../../base/plain-words.ts";
import { ttlUnder } from "../../cluster/placement/policy.ts";
import type { PlainKeys, PlainWriter, ShownValue } from "../../command-store.ts";
import { lookahead } from "../../core/shard/lookahead.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { shardOf } from "../../core/shard-of.ts";
import type { KeyspaceHost } from "../../replica/local-keyspace.ts";
import type { Replica } from "../../replica/replica.ts";
import type { Lookups } from "../workspace/lookups.ts";
import { glance } from "./glance.ts";
import type { KeyGate } from "./key-gate.ts";
import { LookedAhead } from "./looked-ahead.ts";
import { putPlain } from "./plain-put.ts";
import type { ToldCommands } from "./told-commands.ts";

const NO_SHARDS: readonly Shard[] = [];

export interface PlainSpaceOptions {
  readonly gate: KeyGate;
  readonly told: ToldCommands;
  readonly lookups: Lookups;
}

export class PlainSpace implements PlainKeys {
  readonly #host: KeyspaceHost;
  readonly #space: SpaceId;
  readonly #options: PlainSpaceOptions;
  /** Of the present step. */
  #shards = NO_SHARDS;
  #replica: Replica | undefined;
  #now = 0;
  #mayPut = false;
  #keyBytesMax = 0;
  readonly #ahead = new LookedAhead();

  constructor(host: KeyspaceHost, space: SpaceId, options: PlainSpaceOptions) {
    this.#host = host;
    this.#space = space;
    this.#options = options;
  }

  together(run: () => void): void {
    this.#host.step((now) => {
      try {
        if (this.#begin(now)) run();
      } finally {
        this.#shards = NO_SHARDS;
        this.#ahead.end();
      }
    });
  }

  lookAhead(commands: readonly PlainWords[], count: number): void {
    const ahead = this.#ahead;
    ahead.begin(commands);
    for (let i = 0; i < count; i++) {
      const words = commands[i] as PlainWords;
      const shard = this.#shardOf(words);
      const hash = shard === undefined ? 0 : shard.hashOfValue(words);
      if (shard !== undefined) lookahead.add(shard, hash);
      ahead.note(shard, hash);
    }
    lookahead.look();
  }

  glance(words: PlainWords, shown: ShownValue): boolean {
    const shard = this.#take(words);
    if (shard === undefined || !glance(shard, words, this.#ahead.hash, this.#now, shown)) return false;
    const { lookups } = this.#options;
    if (shown.length < 0) lookups.misses++;
    else lookups.hits++;
    return true;
  }

  put(words: PlainWords, client: PlainWriter): boolean {
    const shard = this.#take(words);
    if (shard === undefined || this.#replica === undefined || !this.#mayPut) return false;
    return putPlain(this.#replica, shard, words, this.#ahead.hash, client, this.#now);
  }

  /** False: each is for `run` to answer. */
  #begin(now: number): boolean {
    if (!this.#options.gate.isOpen) return false;
    let replica: Replica;
    try {
      replica = this.#host.replica();
    } catch {
      return false;
    }
    if (!replica.ownership.isEverywhere(this.#space)) return false;
    this.#replica = replica;
    this.#shards = replica.shards.in(this.#space);
    this.#now = now;
    this.#keyBytesMax = replica.config.keyBytesMax;
    // What all values end by, and whoever is told of commands, is for the command to see to.
    const isEndless = ttlUnder(replica.keyspaces.policyOf(this.#space), undefined) === undefined;
    this.#mayPut = isEndless && this.#options.told.listener === undefined;
    return true;
  }

  /** The shard of the key of a command that is carried out, with its hash in `#ahead`. Undefined: no key of that length. */
  #take(words: PlainWords): Shard | undefined {
    const looked = this.#ahead.take(words);
    if (looked !== undefined) return looked;
    const shard = this.#shardOf(words);
    if (shard !== undefined) this.#ahead.hash = shard.hashOfValue(words);
    return shard;
  }

  /** Undefined: no key of that length. */
  #shardOf({ bytes, keyStart, keyEnd }: PlainWords): Shard | undefined {
    const shards = this.#shards;
    if (keyEnd === keyStart || keyEnd - keyStart > this.#keyBytesMax || shards.length === 0) return undefined;
    return shards[shardOf(bytes, keyStart, keyEnd, shards.length)];
  }
}
