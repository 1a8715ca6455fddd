import { describe, expect, it } from "vitest";
import type { Key, ShardId, SpaceId } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { DEFAULT_SPACE } from "../../../src/base/shard-id.ts";
import { HybridClock } from "../../../src/core/clock.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { bodyLengthAt, bodyStartAt, keyStartAt, RecordWriter } from "../../../src/core/record/record.ts";
import { Agenda } from "../../../src/core/shard/agenda.ts";
import { compact } from "../../../src/core/shard/compaction.ts";
import { Shard } from "../../../src/core/shard/shard.ts";
import { Shards } from "../../../src/core/shard/shards.ts";
import { shardOf } from "../../../src/core/shard-of.ts";
import { Arena } from "../../../src/core/table/arena.ts";
import { BOUND_MS, NOW, origin } from "../../support/shards.ts";

const MIB = 1024 * 1024;
const ANOTHER = 7 as SpaceId;
const SPACES = [DEFAULT_SPACE, ANOTHER];

/** What two spaces hold, and what they are to hold. */
class Store {
  readonly arena = new Arena();
  readonly #writer = new RecordWriter();
  readonly shards = new Shards(4, (id) => this.#createShard(id));
  readonly #values = new Map<string, number>();

  constructor() {
    for (const shard of this.shards.add(ANOTHER)) shard.beginLife(origin(1));
    for (const shard of this.shards.in(DEFAULT_SPACE)) shard.beginLife(origin(1));
  }

  #createShard(id: ShardId): Shard {
    const [clock, writer] = [new HybridClock(BOUND_MS), this.#writer];
    return new Shard({
      id,
      arena: this.arena,
      seed: { k0: 1, k1: 2 },
      clock,
      writer,
      isPersistent: false,
      agenda: new Agenda(),
    });
  }

  #shardOf(space: SpaceId, key: Key): Shard {
    this.#writer.writeIdentity(KIND_PLAIN, key);
    const { view } = this.#writer;
    const start = keyStartAt(view, 0);
    const shards = this.shards.in(space);
    return shards[shardOf(view, start, start + key.length, shards.length)] as Shard;
  }

  put(space: SpaceId, key: string, length: number): void {
    const value = new Uint8Array(length).fill(length & 255);
    this.#shardOf(space, key as Key).write({ kind: KIND_PLAIN, key: key as Key, value }, NOW);
    this.#values.set(`${space} ${key}`, length);
  }

  drop(space: SpaceId, key: string): void {
    const shard = this.#shardOf(space, key as Key);
    shard.discard(shard.find(KIND_PLAIN, key as Key));
    this.#values.delete(`${space} ${key}`);
  }

  compactAll(): void {
    for (let left = 10_000; left > 0; left--) {
      const before = this.arena.wastedBytes;
      compact(this.arena, this.shards);
      if (this.arena.wastedBytes === before) return;
    }
  }

  check(): void {
    for (const [name, length] of this.#values) {
      const [space, key] = name.split(" ") as [string, Key];
      const shard = this.#shardOf(Number(space) as SpaceId, key);
      const slot = shard.find(KIND_PLAIN, key);
      const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
      expect(bodyLengthAt(view, at)).toBe(length);
      expect(view.getUint8(bodyStartAt(view, at))).toBe(length & 255);
    }
  }
}

describe("compaction", () => {
  it("gives pages back after most of what was small has gone, and others are large", () => {
    const store = new Store();
    const keys = Array.from({ length: 200_000 }, (_, i) => `k${i}`);
    for (const [i, key] of keys.entries()) store.put(SPACES[i % 2] as SpaceId, key, 100 + (i % 64));
    const full = store.arena.residentBytes;
    for (const [i, key] of keys.entries()) if (i % 10 !== 0) store.drop(SPACES[i % 2] as SpaceId, key);
    expect(store.arena.residentBytes).toBeGreaterThan(0.8 * full);
    store.compactAll();
    expect(store.arena.residentBytes).toBeLessThan(store.arena.usedBytes * 1.125 + 8 * MIB);
    for (let i = 0; i < 300; i++) store.put(DEFAULT_SPACE, `large${i}`, 60_000);
    for (let i = 0; i < 300; i++) if (i % 3 !== 0) store.drop(DEFAULT_SPACE, `large${i}`);
    store.compactAll();
    expect(store.arena.residentBytes).toBeLessThan(store.arena.usedBytes * 1.125 + 8 * MIB);
    store.check();
  });

  it("loses nothing of what comes, changes size and goes at random, of keys that are in both spaces", () => {
    const store = new Store();
    const random = new SeededRandom("compaction");
    for (let round = 0; round < 6; round++) {
      for (let i = 0; i < 20_000; i++)
        store.put(random.pick(SPACES), `k${random.below(30_000)}`, random.pick([10, 300, 900, 5000]));
      for (let i = 0; i < 30_000; i++) {
        const [space, key] = [random.pick(SPACES), `k${i}`];
        if (random.chance(0.6)) store.put(space, key, 10);
      }
      store.compactAll();
      expect(store.arena.wastedBytes).toBeLessThan(store.arena.usedBytes / 8 + 8 * MIB);
    }
    store.check();
  });
});
