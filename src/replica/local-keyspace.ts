/**
 * One keyspace against what this replica holds. An owner that is not ready in a shard yet asks those that are before it
 * reads or writes a key of it, so that it neither misses what is there nor stamps below it.
 */

import { AtollError, toAtollError } from "../base/errors.ts";
import type { Key, SpaceId, Timestamp } from "../base/ids.ts";
import type { ClusterStatus } from "../cluster-status.ts";
import type { Shard } from "../core/shard/shard.ts";
import {
  type Dot,
  type ReadOptions,
  type ReadOutcome,
  type Room,
  SHORT_VALUE_BYTES_MAX,
  type WriteOptions,
  type WriteOutcome,
} from "../store.ts";
import {
  carryOutWrite,
  checkKey,
  type KeyWrite,
  readKey,
  ValueAway,
  ValueLong,
  type Write,
  writeKey,
} from "./operations.ts";
import type { Recalled } from "./recalls.ts";
import type { Replica } from "./replica.ts";
import type { Acknowledged } from "./write-waits.ts";

/** What the keyspaces need of the driver. */
export interface KeyspaceHost {
  /** Throws `NOT_READY`, `SHUTTING_DOWN`. */
  replica(): Replica;
  now(): number;
  /** Does something to the machine, then carries out what it wants. */
  step<T>(run: (now: number) => T): T;
  /** Waits for the acknowledgements that were asked for. */
  acknowledged<T extends Acknowledged>(outcome: T, options: WriteOptions): Promise<T>;
  /** Waits until this replica has all of `dots`; throws `SESSION_BEHIND`. */
  catchUp(dots: readonly Dot[], waitMs: number): Promise<void>;
  status(): Promise<ClusterStatus>;
  /** Resolves also where this replica has stopped by then. */
  pause(delayMs: number): Promise<void>;
}

export class LocalKeyspace {
  readonly #host: KeyspaceHost;
  readonly #space: SpaceId;

  constructor(host: KeyspaceHost, space: SpaceId) {
    this.#host = host;
    this.#space = space;
  }

  async get(key: Key, options: ReadOptions): Promise<ReadOutcome> {
    const asking = this.ask(key, options.consistency === "quorum");
    if (asking !== undefined) await asking;
    return this.read(key, options.room);
  }

  /**
   * Throws where a value that is away cannot be taken back: `DISK_FAILED`, and nobody else has it; `NOT_READY`, where peers have
   * it that cannot be asked. What nobody has is not there.
   */
  read(key: Key, room?: Room): ReadOutcome | Promise<ReadOutcome> {
    const read = this.#readNow(key, room === undefined ? Infinity : SHORT_VALUE_BYTES_MAX);
    return read instanceof ValueAway || read instanceof ValueLong ? this.#readLater(key, read, room) : read;
  }

  #readNow(key: Key, bytesMax = Infinity): ReadOutcome | ValueAway | ValueLong {
    return readKey(this.#host.replica(), this.#space, key, this.#host.now(), bytesMax);
  }

  /** It may have gone again, or another, longer one may have come and gone, before this is asked to look. */
  async #readLater(key: Key, first: ValueAway | ValueLong, room?: Room): Promise<ReadOutcome> {
    let bytes = 0;
    for (let read: ReadOutcome | ValueAway | ValueLong = first; ; ) {
      if (read instanceof ValueLong) {
        await room?.(read.bytes - bytes);
        bytes = read.bytes;
      } else if (!(read instanceof ValueAway)) return read;
      else if (!(await this.bringBack(key, read))) return { dot: read.dot };
      read = this.#readNow(key, room === undefined ? Infinity : Math.max(bytes, SHORT_VALUE_BYTES_MAX));
    }
  }

  /** False: nobody has it. From the disk; what that does not give back others may have. Throws as `read`. */
  async bringBack(key: Key, away: ValueAway): Promise<boolean> {
    try {
      const recalled = await this.#recall(away);
      if (recalled === "lost") await this.#askReady(key);
      return recalled !== "gone";
    } catch (error) {
      const { code } = toAtollError(error);
      if (code !== "DISK_FAILED" && code !== "DISK_FULL") throw error;
      await this.#askReady(key);
      if (this.#readNow(key) instanceof ValueAway) throw error;
      return true;
    }
  }

  #recall({ shard, slot }: ValueAway): Promise<Exclude<Recalled, AtollError>> {
    const { recalls, outbox } = this.#host.replica();
    return new Promise((resolve, reject) => {
      this.#host.step(() =>
        recalls.want(shard, slot, (recalled) => {
          outbox.answers.push(() => (recalled instanceof AtollError ? reject(recalled) : resolve(recalled)));
        }),
      );
    });
  }

  async write(key: Key, write: Write): Promise<WriteOutcome> {
    const asking = this.ask(key);
    if (asking !== undefined) await asking;
    for (let until = this.heldUntil(key); until !== undefined; until = this.heldUntil(key)) await until;
    const replica = this.#host.replica();
    const outcome = this.#host.step((now) => writeKey(replica, this.#space, key, write, now));
    return this.#host.acknowledged(outcome, write.options);
  }

  /**
   * The end of a command of several turns that is under way with a key (`commands/here/key-gate.ts`): it is looked at again right before
   * something is written there. Undefined: none is.
   */
  heldUntil(key: Key): Promise<void> | undefined {
    return this.#host.replica().eviction.keysInUse.get(this.#space)?.get(key)?.until;
  }

  /** Carries out, without asking anybody, what has been checked; `stamp` as for `carryOutWrite`. */
  async carryOut(write: KeyWrite, stamp: Timestamp | undefined, options: WriteOptions): Promise<WriteOutcome> {
    return this.#host.acknowledged(this.writeNow(write, stamp), options);
  }

  /** Without asking anybody, or waiting for them. */
  writeNow(write: KeyWrite, stamp: Timestamp | undefined): WriteOutcome {
    const replica = this.#host.replica();
    return this.#host.step((now) => carryOutWrite(replica, this.#space, write, stamp, now));
  }

  /**
   * Asks those who know more of a key, until they have answered, or it takes too long. Undefined: nobody has to be asked.
   * Throws `QUORUM_UNREACHABLE`, and what a key may be refused for.
   */
  ask(key: Key, quorum = false): Promise<void> | undefined {
    if (quorum) return this.askQuorum(key, this.#host.now());
    return this.#isReady(key) ? undefined : this.#askReady(key);
  }

  /** Resolves as `ask` does. False: meanwhile others have come to own the key, and it is for them to answer. */
  async isAsked(asking: Promise<void> | undefined, key: Key): Promise<boolean> {
    if (asking === undefined) return true;
    await asking;
    return this.#host.replica().ownership.owns(this.#shardOf(key).id);
  }

  /** Owners alone are ever ready; guests know only what they were told. */
  #isReady(key: Key): boolean {
    const { ownership } = this.#host.replica();
    if (ownership.isEverywhere(this.#space)) return true;
    const shard = this.#shardOf(key);
    return shard.isReady || !ownership.owns(shard.id);
  }

  /** Where nobody who is ready can be reached, what is here has to do. */
  async #askReady(key: Key): Promise<void> {
    const replica = this.#host.replica();
    checkKey(replica, key);
    await this.#asking((now, answer) => replica.quorumReads.askReady(this.#shardOf(key).id, key, now, answer));
  }

  /** Asks a majority, within the time for that from `since` on. Throws as `ask`. */
  async askQuorum(key: Key, since: number): Promise<void> {
    const replica = this.#host.replica();
    checkKey(replica, key);
    const isReached = await this.#asking((now, answer) =>
      replica.quorumReads.begin(this.#shardOf(key).id, key, now, answer, since),
    );
    if (!isReached) throw new AtollError("QUORUM_UNREACHABLE", "no majority of the replicas answered in time");
  }

  #asking(begin: (now: number, answer: (isReached: boolean) => void) => void): Promise<boolean> {
    const { outbox } = this.#host.replica();
    return new Promise((resolve) => {
      this.#host.step((now) => begin(now, (isReached) => outbox.answers.push(() => resolve(isReached))));
    });
  }

  #shardOf(key: Key): Shard {
    return this.#host.replica().shardOfKey(key, this.#space);
  }
}
