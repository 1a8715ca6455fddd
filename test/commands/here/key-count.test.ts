import { afterEach, describe, expect, it, vi } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { areMany, keptCountOf, keyCounting, keyCountOf } from "../../../src/commands/here/key-count.ts";
import { Increments } from "../../../src/core/containers/increments.ts";
import { wholeAmount } from "../../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { Expiries } from "../../../src/core/shard/expiries.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { addition } from "../../../src/types/counter.ts";
import { createShard, NOW, origin } from "../../support/shards.ts";

const TURN_MAX = 4096;
const DUE = NOW + 10;
const LATER = NOW + 100;

function shardWith(count: number, write: (shard: Shard, key: Key, i: number) => void): Shard {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  for (let i = 0; i < count; i++) write(shard, `k${i}` as Key, i);
  return shard;
}

function put(shard: Shard, key: Key, expiresAt?: number): void {
  shard.write({ kind: KIND_PLAIN, key, value: new Uint8Array(3), expiresAt }, NOW);
}

function add(shard: Shard, key: Key): void {
  shard.write(addition(shard, key, wholeAmount(1), undefined, NOW), NOW);
}

/** Steps of a count, the last of which says how many there are. */
function counted(shards: readonly Shard[], onStep: () => void = () => {}): number {
  const counting = keyCounting(shards, LATER, () => true);
  for (;;) {
    const step = counting.next();
    onStep();
    if (step.done === true) return step.value;
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

it("counts neither what has expired and is not swept yet nor a value twice that was added to", () => {
  const shard = shardWith(9, (each, key, i) => {
    if (i < 6) put(each, key, i < 3 ? DUE : undefined);
    if (i >= 5) add(each, key);
  });
  expect([keyCountOf([shard], NOW, () => true), keyCountOf([shard], LATER, () => true)]).toEqual([9, 6]);
  expect([keptCountOf([shard], LATER), counted([shard])]).toEqual([6, 6]);
});

describe("of very many", () => {
  it("values that have expired, in one turn, it looks at some, and counts the others until they are swept", () => {
    const few = shardWith(50, (shard, key) => put(shard, key, DUE));
    const many = shardWith(1000, (shard, key) => put(shard, key, DUE));
    const looks = vi.spyOn(Expiries.prototype, "dueBy");
    const shards = [few, ...Array.from({ length: 255 }, () => many)];
    expect(keyCountOf(shards, LATER, () => true)).toBe(255 * 1000);
    expect(keptCountOf(shards, LATER)).toBe(255 * 1000);
    const looksMax = looks.mock.calls.reduce((sum, [, max]) => sum + max, 0);
    expect(looksMax).toBeLessThanOrEqual(2 * 4 * TURN_MAX);
  });

  it("values that have expired, it counts in turns", () => {
    const shard = shardWith(1000, (each, key) => put(each, key, DUE));
    let steps = 0;
    expect(counted(Array(64).fill(shard), () => steps++)).toBe(0);
    expect(steps).toBeGreaterThanOrEqual(8);
  });

  it("numbers that were added to, it takes turns, and in one turn says about how many there are", () => {
    const shard = shardWith(6000, (each, key, i) => {
      if (i % 3 === 0) put(each, key);
      add(each, key);
    });
    const shards = [shard, shard];
    expect(areMany(shards)).toBe(true);
    const looks = vi.spyOn(Increments.prototype, "of");
    const looked: number[] = [];
    const count = counted(shards, () => {
      looked.push(looks.mock.calls.length);
      looks.mockClear();
    });
    expect(count).toBe(2 * 6000);
    expect(Math.max(...looked)).toBeLessThanOrEqual(TURN_MAX);
    expect(keyCountOf(shards, LATER, () => true)).toBeGreaterThan(2 * 5900);
    expect(keptCountOf(shards, LATER)).toBeLessThan(2 * 6100);
    expect(looks.mock.calls.length).toBeLessThanOrEqual(2 * TURN_MAX);
  });
});
