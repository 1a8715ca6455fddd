/** Keys of a keyspace that this replica may keep in part, and what has to be seen to before commands are carried out on them here. */

import { AtollError, toAtollError } from "../../base/errors.ts";
import type { Key, SpaceId } from "../../base/ids.ts";
import type { QueuedCommand } from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import type { Seen } from "../../replica/circumstances.ts";
import type { CommandRouter } from "../../replica/command-router.ts";
import { type KeyspaceHost, LocalKeyspace } from "../../replica/local-keyspace.ts";
import { checkKey } from "../../replica/operations.ts";
import { isCovered } from "../../replica/session-waits.ts";
import { keysOf } from "../words/words.ts";
import type { Group } from "./pipelines.ts";

/** Between two looks at whether all of a shard has come, ms, and so many of them. */
const PAUSE_MS = 50;
const PAUSES_MAX = 40;
/** Commands about values alone: what others hold of a value can be asked for by itself. */
const OF_VALUES = new Set(["string", "bitmap"]);

export class KeysHere {
  readonly #host: KeyspaceHost;
  readonly #router: CommandRouter;
  readonly #space: SpaceId;
  readonly #local: LocalKeyspace;

  constructor(host: KeyspaceHost, router: CommandRouter, space: SpaceId) {
    this.#host = host;
    this.#router = router;
    this.#space = space;
    this.#local = new LocalKeyspace(host, space);
  }

  /** Each once. Throws `KEY_EMPTY`, `KEY_TOO_LONG`. */
  shardsOf(keys: readonly Key[]): readonly Shard[] {
    const replica = this.#host.replica();
    const shards = new Set<Shard>();
    for (const key of keys) {
      checkKey(replica, key);
      shards.add(replica.shardOfKey(key, this.#space));
    }
    return [...shards];
  }

  isCaughtUp(seen: Seen | undefined): boolean {
    return seen === undefined || isCovered(this.#host.replica(), seen.dots);
  }

  /** What a client has seen comes here, or does not in time. Throws `SESSION_BEHIND` where that is required. */
  async catchUp(seen: Seen | undefined): Promise<void> {
    if (seen === undefined || this.isCaughtUp(seen)) return;
    try {
      await this.#host.catchUp(seen.dots, seen.waitMs);
    } catch (error) {
      if (seen.isRequired === true || toAtollError(error).code !== "SESSION_BEHIND") throw error;
    }
  }

  /** True: nobody else is to be asked, or waited for. */
  isPrepared(shards: readonly Shard[]): boolean {
    const { ownership } = this.#host.replica();
    return shards.every((shard) => shard.isReady || !ownership.owns(shard.id));
  }

  /**
   * Sees to it that what others hold of these keys is here, where this replica has come to own them just now. Throws
   * `OWNERS_UNREACHABLE` where that takes too long.
   */
  async prepare(commands: readonly QueuedCommand[], shards: readonly Shard[]): Promise<void> {
    if (this.isPrepared(shards)) return;
    if (commands.every(({ facts }) => OF_VALUES.has(facts.group))) {
      const keys = new Set(commands.flatMap(({ words, facts }) => keysOf(words, facts)));
      await Promise.all([...keys].map((key) => this.#local.ask(key)));
      return;
    }
    for (let pauses = 0; pauses < PAUSES_MAX; pauses++) {
      await this.#host.pause(PAUSE_MS);
      if (this.isPrepared(shards)) return;
    }
    throw new AtollError(
      "OWNERS_UNREACHABLE",
      "this replica keeps these keys since just now, and has not got all of them",
    );
  }

  /** All of it is here, or something at least that others may not have. */
  knowsOf(shards: readonly Shard[]): boolean {
    const replica = this.#host.replica();
    return shards.every((shard) => replica.ownership.owns(shard.id) || replica.isHeld(shard));
  }

  /** Who keeps all of these shards, of which none is here. Undefined: there are no such replicas. */
  groupOf(shards: readonly Shard[]): Group | undefined {
    const { ownership } = this.#host.replica();
    const [group, ...others] = new Set(shards.map(({ id }) => ownership.groupOf(id)));
    const isApart = others.length > 0 || shards.some((shard) => this.#router.isReadyIn(this.#space, [shard]));
    return group === undefined || group.length === 0 || isApart ? undefined : group;
  }

  isReadyIn(shards: readonly Shard[]): boolean {
    return this.#router.isReadyIn(this.#space, shards);
  }

  /** By their numbers. Undefined: there are no such shards. */
  shardsAt(numbers: readonly number[]): readonly Shard[] | undefined {
    const all = this.#host.replica().shards.in(this.#space);
    const shards = numbers.map((number) => all[number]);
    return shards.every((shard) => shard !== undefined) ? (shards as readonly Shard[]) : undefined;
  }
}
