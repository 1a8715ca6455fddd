/** Sums of what was added before a base that some have purged, came under new dots, and is written anew; and how many registers lives leave. */

import { expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { incrementsOf, KIND_HASH, KIND_PLAIN } from "../../src/core/record/kind.ts";
import { textOfOrigin } from "../../src/core/record/origin-bytes.ts";
import { bodyLengthAt, bodyStartAt, originAt, sequenceAt } from "../../src/core/record/record.ts";
import { type CollectionId, memberSlot, memberValue, removed } from "../../src/types/collection.ts";
import { memberAddition } from "../../src/types/counted-member.ts";
import { memberUpkeepOf } from "../../src/types/counted-upkeep.ts";
import { addition, removalOfSum, sumOf, textOf } from "../../src/types/counter.ts";
import { upkeepOf } from "../../src/types/counter-upkeep.ts";
import { beginNextLife, sealEndedLives } from "../support/shard-lives.ts";
import { createShard, type LooseShard, NOW, origin, purgeMarks, sendDelta } from "../support/shards.ts";

const KEY = "k" as Key;
const HASH: CollectionId = { kind: KIND_HASH, key: "h" as Key };
const LIVES = 20;

function started(replica: number): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica));
  return made;
}

function exchange(all: readonly LooseShard[]): void {
  for (const from of [...all, ...all]) for (const to of all) if (from !== to) sendDelta(from, to);
}

function settledAt(all: readonly LooseShard[]) {
  return (view: DataView, at: number) =>
    all.every(({ shard }) => shard.vector.covers(originAt(view, at), sequenceAt(view, at)));
}

function add({ shard }: LooseShard, by: number, now: number): void {
  shard.write(addition(shard, KEY, wholeAmount(by), undefined, now), now);
}

function keep({ shard }: LooseShard, all: readonly LooseShard[], now: number): void {
  const view = { nowMs: now, isSettled: settledAt(all), ageMin: 0 };
  for (const write of upkeepOf(shard, KEY, view)) shard.write(write, now);
  for (const container of shard.containers.all()) {
    const writes = [...container.counted.values()].flatMap((each) => memberUpkeepOf(shard, container, each, view));
    for (const write of writes) shard.write(write, now);
  }
}

function shown({ shard }: LooseShard): string | undefined {
  const sum = sumOf(shard, KEY, NOW);
  if (sum === undefined) return undefined;
  const text = textOf(shard, sum);
  if (text !== undefined) return latin1FromBytes(text);
  const [view, at] = [shard.table.viewOf(sum.base), shard.table.offsetOf(sum.base)];
  const start = bodyStartAt(view, at);
  return latin1FromBytes(shard.table.bytesOf(sum.base).subarray(start, start + bodyLengthAt(view, at)));
}

it("stays everywhere where some have purged a deletion, and others have not, that is newer than what was added under an earlier dot", () => {
  const all = [started(1), started(2), started(3)];
  const [a, b, c] = all as [LooseShard, LooseShard, LooseShard];
  add(c, 1, NOW);
  a.shard.write({ kind: KIND_PLAIN, key: KEY, value: bytesFromLatin1("5") }, NOW + 5);
  a.shard.write({ kind: KIND_PLAIN, key: KEY }, NOW + 6);
  exchange([a, b]);
  expect(a.shard.graves.purge(10, settledAt([a, b]))).toBe(1);
  // The others closed its life, of which they had nothing.
  c.shard.beginLife(origin(3, 2));
  c.shard.redot(c.shard.find(incrementsOf(KIND_PLAIN), KEY, textOfOrigin(origin(3))));
  for (const { shard } of all) shard.seal(3, 2);
  exchange(all);
  expect(all.map(shown)).toEqual(["1", "1", "1"]);
  for (let round = 1; round <= 4; round++) {
    keep(a, all, NOW + 10 * round);
    exchange(all);
    expect(all.map(shown)).toEqual(["1", "1", "1"]);
  }
  add(c, 1, NOW + 60);
  exchange(all);
  for (let round = 7; round <= 9; round++) {
    keep(a, all, NOW + 10 * round);
    exchange(all);
    expect(all.map(shown)).toEqual(["2", "2", "2"]);
  }
});

/** The lives of two replicas that add, one after the other, with tombstones purged beside; returns the most registers that stood. */
function mostHeld(live: (at: LooseShard, life: number, now: number) => void): [number, LooseShard[]] {
  const all = [started(1), started(2)];
  let most = 0;
  for (let life = 1; life <= LIVES; life++) {
    const now = NOW + life * 100;
    for (const [i, each] of all.entries()) live(each, life, now + i);
    exchange(all);
    sealEndedLives(all);
    for (const { shard } of all) {
      const newest = shard.lastStampOf(KIND_PLAIN, KEY);
      shard.graves.takeOver(purgeMarks(Math.max(newest, 1)));
    }
    for (let round = 0; round < 4; round++) {
      keep(all[0] as LooseShard, all, now + 50 + round);
      exchange(all);
      for (const { shard } of all) shard.graves.purge(100, settledAt(all));
    }
    let held = 0;
    (all[0] as LooseShard).shard.forEachHeld(() => held++);
    most = Math.max(most, held);
    for (const each of all) beginNextLife(each);
    exchange(all);
  }
  return [most, all];
}

it.each([
  ["and nothing else", 0],
  ["and was deleted now and then", 3],
])("leaves few registers however many lives added to a value %s", (_what, every) => {
  const [most, all] = mostHeld((at, life, now) => {
    if (every > 0 && life % every === 0) {
      const removal = removalOfSum(at.shard, KEY);
      for (const write of removal === undefined ? [] : [removal.death, ...removal.removals]) at.shard.write(write, now);
    }
    add(at, 1, now);
  });
  expect(most).toBeLessThan(10);
  if (every === 0) expect(all.map(shown)).toEqual([String(2 * LIVES), String(2 * LIVES)]);
});

it.each([
  ["and nothing else", 0],
  ["and was removed now and then", 3],
])("leaves few registers however many lives added to a member %s", (_what, every) => {
  const [most, all] = mostHeld(({ shard }, life, now) => {
    if (every > 0 && life % every === 0 && memberSlot(shard, HASH, "m", now) !== 0)
      shard.write(removed(shard, HASH, "m"), now);
    shard.write(memberAddition(shard, HASH, "m", { by: wholeAmount(1), due: undefined }, now), now);
  });
  expect(most).toBeLessThan(10);
  if (every > 0) return;
  const values = all.map(({ shard }) => latin1FromBytes(memberValue(shard, memberSlot(shard, HASH, "m", NOW))));
  expect(values).toEqual([String(2 * LIVES), String(2 * LIVES)]);
});
