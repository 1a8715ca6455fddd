/** What is written and deleted here: a register gets a dot of the present life, is pushed, and is told to whoever follows it. */

import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import type { PlainWords } from "../base/plain-words.ts";
import { DEFAULT_SPACE, SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import type { Replication } from "../cluster/replication.ts";
import type { Container } from "../core/containers/container.ts";
import { LEASE_FIELD } from "../core/containers/container-part.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import { plainRecord } from "../core/record/plain-record.ts";
import { keyAt, keyStartAt, type RecordWriter, recordLength } from "../core/record/record.ts";
import type { LocalWrite } from "../core/shard/author.ts";
import type { Residency } from "../core/shard/residency.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Shards } from "../core/shard/shards.ts";
import { shardOf } from "../core/shard-of.ts";
import { deletionOfAll } from "../types/collection.ts";
import { removalOfSum } from "../types/counter.ts";
import type { Eviction } from "./eviction.ts";
import type { Lives } from "./lives.ts";
import type { Persistence } from "./persistence.ts";
import type { Tidings } from "./tidings.ts";

export interface LocalWritesHost {
  readonly shards: Shards;
  readonly residency: Residency | undefined;
  readonly replication: Pick<Replication, "queue">;
  readonly tidings: Pick<Tidings, "applied">;
  readonly lives: Pick<Lives, "goOn">;
  readonly eviction: Eviction;
  readonly persistence: Pick<Persistence, "writtenBytes">;
  /** What is written now would be kept by others only. */
  isDiskFull(): boolean;
}

export class LocalWrites {
  readonly #host: LocalWritesHost;
  /** Where shards put what is written together. */
  readonly #writer: RecordWriter;

  constructor(host: LocalWritesHost, writer: RecordWriter) {
    this.#host = host;
    this.#writer = writer;
  }

  /** In the default space unless told. */
  shardOfKey(key: Key, space: SpaceId = DEFAULT_SPACE): Shard {
    const shards = this.#host.shards.in(space);
    this.#writer.writeIdentity(KIND_PLAIN, key);
    const { view } = this.#writer;
    const keyStart = keyStartAt(view, 0);
    return shards[shardOf(view, keyStart, keyStart + key.length, shards.length)] as Shard;
  }

  /**
   * A local write or deletion, in the shard of its key. Returns its slot; its dot is in the register. `hasRoom`: room was
   * expected (`expectRoom`) for all that belongs together with it. When a whole is to end takes none: that frees some.
   */
  write(shard: Shard, write: LocalWrite, confirm: boolean, now: number, hasRoom: boolean): number {
    const slot = this.#store(shard, write, { confirm, hasRoom }, now);
    this.#host.tidings.applied(shard, shard.table.viewOf(slot), shard.table.offsetOf(slot), now);
    return slot;
  }

  /** Of what is shown of its key nothing changes by it: nobody is told. Throws as `expectRoom`. */
  writeUntold(shard: Shard, write: LocalWrite, now: number): void {
    this.#store(shard, write, { confirm: false, hasRoom: false }, now);
  }

  #store(
    shard: Shard,
    write: LocalWrite,
    { confirm, hasRoom }: { readonly confirm: boolean; readonly hasRoom: boolean },
    now: number,
  ): number {
    if (write.value !== undefined && write.field !== LEASE_FIELD && !hasRoom) this.expectRoom(spaceOf(shard.id));
    this.prepare(shard);
    const slot = shard.write(write, now);
    this.#host.replication.queue(shard, this.#writer.view, recordLength(this.#writer.view, 0), confirm);
    return slot;
  }

  /** As `write`, of what `Shard.writeValue` takes; 0, with nothing changed: that takes `write`. */
  writeValue(shard: Shard, words: PlainWords, hash: number, now: number): number {
    this.expectRoom(spaceOf(shard.id));
    const slot = shard.writeValue(words, hash, now);
    if (slot === 0) return 0;
    this.#host.replication.queue(shard, plainRecord.view, plainRecord.length, false);
    this.#host.tidings.applied(shard, shard.table.viewOf(slot), shard.table.offsetOf(slot), now);
    return slot;
  }

  /** The value in a slot goes for good, and nothing newer. Returns the slot of its deletion. */
  evict(shard: Shard, slot: number, now: number): number {
    return this.write(shard, { kind: KIND_PLAIN, key: keyIn(shard, slot), isRemoval: true }, false, now, false);
  }

  /** The same with all that is one number with it, whatever of that is in the slot (`eviction.ts`). */
  evictNumber(shard: Shard, slot: number, now: number): number {
    this.prepare(shard);
    const sum = removalOfSum(shard, keyIn(shard, slot));
    if (sum === undefined) return this.evict(shard, slot, now);
    const dead = this.write(shard, sum.death, false, now, false);
    for (const write of sum.removals) this.write(shard, write, false, now, false);
    return dead;
  }

  /** All that is held of a collection goes for good. */
  evictAll(shard: Shard, { kind, key }: Container, now: number): void {
    this.prepare(shard);
    for (const write of deletionOfAll(shard, { kind, key })) this.write(shard, write, false, now, false);
  }

  /** Before a value is written: throws `MEMORY_FULL` (E4), `DISK_FULL`. What frees room, and what peers send, is taken. */
  expectRoom(space: SpaceId): void {
    if (space === SYSTEM_SPACE) return;
    const { eviction, persistence, residency } = this.#host;
    if (this.#host.isDiskFull())
      throw new AtollError("DISK_FULL", "the disk of this replica is full: it takes no values");
    if (eviction.disk?.isSpent(persistence.writtenBytes) === true)
      throw new AtollError("DISK_FULL", "the data folder is at its bound: values come faster than others go");
    if (residency?.isFull === true)
      throw new AtollError("MEMORY_FULL", "values come faster than the disk takes them, or the budget is too small");
  }

  /**
   * What was left of a shard that leaves goes, and where this life is spent another one begins (R4). To be called before a write
   * that names the life that makes it; `write` does it by itself.
   */
  prepare(shard: Shard): void {
    if (shard.isLeaving) shard.tenure.leave(Infinity);
    if (!shard.isSpent) return;
    this.#host.lives.goOn(shard.id);
  }
}

function keyIn({ table }: Shard, slot: number): Key {
  return keyAt(table.viewOf(slot), table.bytesOf(slot), table.offsetOf(slot));
}
