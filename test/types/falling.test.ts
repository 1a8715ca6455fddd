import { afterEach, describe, expect, it, vi } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { OrderedSlots } from "../../src/core/containers/ordered-slots.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_HASH, KIND_SET } from "../../src/core/record/kind.ts";
import { added, type CollectionId, deletionOfAll, memberCount, memberSlot } from "../../src/types/collection.ts";
import { memberAddition } from "../../src/types/counted-member.ts";
import { createShard, type LooseShard, type LooseShardOptions, NOW, origin, sendDelta } from "../support/shards.ts";

const SET: CollectionId = { kind: KIND_SET, key: "s" as Key };
const HASH: CollectionId = { kind: KIND_HASH, key: "h" as Key };

function started(replica: number, options: LooseShardOptions = {}): LooseShard {
  const made = createShard(options);
  made.shard.beginLife(origin(replica));
  return made;
}

function add({ shard }: LooseShard, ...names: readonly string[]): void {
  for (const name of names) shard.write(added(SET, { name, value: new Uint8Array(0) }), NOW);
}

function addMany(at: LooseShard, count: number, prefix: string): void {
  add(at, ...Array.from({ length: count }, (_, i) => `${prefix}${i}`));
}

function removeAll({ shard }: LooseShard, id = SET): void {
  for (const write of deletionOfAll(shard, id)) shard.write(write, NOW);
}

describe("a collection that is deleted while it falls", () => {
  afterEach(() => vi.restoreAllMocks());

  it("makes all that it has got since fall without a look at each", () => {
    const a = started(1);
    addMany(a, 3000, "m");
    removeAll(a);
    addMany(a, 3000, "n");
    const moved = vi.spyOn(OrderedSlots.prototype, "add");
    removeAll(a);
    expect(moved).not.toHaveBeenCalled();
    expect(memberCount(a.shard, SET, NOW)).toBe(0);
    expect(memberSlot(a.shard, SET, "m1", NOW) + memberSlot(a.shard, SET, "n1", NOW)).toBe(0);
  });

  it.each([
    ["that have values besides", [1, 2, 3], true],
    ["that are nothing but what several added", [1, 2, 3], false],
    ["that are nothing but what one has added", [1], false],
  ])("tells how much is still to fall, of members %s", (_which, adders, isPut) => {
    const replicas = adders.map((replica) => started(replica, { fallingAtOnceMax: 100 }));
    const [a] = replicas as [LooseShard];
    for (const each of replicas) {
      for (let i = 0; i < 1000; i++) {
        const name = `n${i}`;
        if (isPut && each === a) a.shard.write(added(HASH, { name, value: new Uint8Array([48]) }), NOW);
        each.shard.write(memberAddition(each.shard, HASH, name, { by: wholeAmount(7), due: undefined }, NOW), NOW);
      }
      if (each !== a) sendDelta(each, a);
    }
    removeAll(a, HASH);
    const standing = () => a.shard.accounts.recordBytes - a.shard.accounts.fallenBytes;
    expect(standing()).toBeGreaterThan(30_000);
    do {
      expect(a.shard.falling.bytes).toBeGreaterThanOrEqual(0.9 * standing());
      expect(a.shard.falling.bytes).toBeLessThanOrEqual(1.1 * standing());
    } while (!a.shard.falling.step(512));
    expect([standing(), a.shard.falling.bytes]).toEqual([0, 0]);
  });

  it("tells how much is still to fall though it was deleted several times, counting no increments twice", () => {
    const a = started(1, { fallingAtOnceMax: 100 });
    const standing = () => a.shard.accounts.recordBytes - a.shard.accounts.fallenBytes;
    const addTo = (name: string): void => {
      a.shard.write(added(HASH, { name, value: new Uint8Array([48]) }), NOW);
      a.shard.write(memberAddition(a.shard, HASH, name, { by: wholeAmount(7), due: undefined }, NOW), NOW);
    };
    for (let i = 0; i < 1000; i++) addTo(`n${i}`);
    removeAll(a, HASH);
    for (let i = 0; i < 5; i++) {
      addTo(`m${i}`);
      removeAll(a, HASH);
    }
    expect(a.shard.falling.bytes).toBeLessThanOrEqual(1.1 * standing());
    expect(a.shard.falling.bytes).toBeGreaterThanOrEqual(0.9 * standing());
    while (!a.shard.falling.step(512));
    expect([standing(), a.shard.falling.bytes]).toEqual([0, 0]);
  });

  it("has what is of one deletion fall after the other, in few places however many deletions there are", () => {
    const a = started(1, { fallingAtOnceMax: 4 });
    for (let i = 0; i < 20; i++) {
      addMany(a, 8, `${i} `);
      removeAll(a);
    }
    const container = a.shard.containers.find(SET.kind, SET.key);
    expect(container?.falling.map(({ size }) => size)).toEqual([160]);
    addMany(a, 17, "more ");
    removeAll(a);
    expect(container?.falling.map(({ size }) => size)).toEqual([160, 17]);
    add(a, "more 3", "0 3");
    expect(container?.falling.map(({ size }) => size)).toEqual([159, 16]);
    expect(a.shard.falling.step(160)).toBe(false);
    expect(container?.falling.map(({ size }) => size)).toEqual([15]);
    expect(a.shard.falling.step(160)).toBe(true);
    expect(container?.falling).toEqual([]);
    expect(memberCount(a.shard, SET, NOW)).toBe(2);
  });
});
