/** A sum of a member that is written anew at one replica, while another one removes it, or deletes the whole that it is a member of. */

import { expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import type { Container } from "../../src/core/containers/container.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { incrementsOf, KIND_HASH, KIND_PLAIN } from "../../src/core/record/kind.ts";
import { fieldOfName } from "../../src/core/record/member.ts";
import { textOfOrigin } from "../../src/core/record/origin-bytes.ts";
import { timestampAt } from "../../src/core/record/record.ts";
import {
  added,
  type CollectionId,
  deletionOfAll,
  memberSlot,
  memberValue,
  removed,
} from "../../src/types/collection.ts";
import { memberAddition } from "../../src/types/counted-member.ts";
import { memberUpkeepOf } from "../../src/types/counted-upkeep.ts";
import { addition, isValueThere, removalOfSum } from "../../src/types/counter.ts";
import { upkeepOf } from "../../src/types/counter-upkeep.ts";
import { beginNextLife, sealEndedLives } from "../support/shard-lives.ts";
import { createShard, type LooseShard, NOW, origin, purgeMarks, sendDelta } from "../support/shards.ts";

const HASH: CollectionId = { kind: KIND_HASH, key: "h" as Key };

function started(replica: number): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica));
  return made;
}

function add({ shard }: LooseShard, by: number, due?: number): void {
  shard.write(memberAddition(shard, HASH, "m", { by: wholeAmount(by), due }, NOW), NOW);
}

/** Writes anew what lives that have ended added; returns how many writes that took. */
function writeAnew({ shard }: LooseShard, isSettled = () => true): number {
  const container = shard.containers.find(HASH.kind, HASH.key) as Container;
  const view = { nowMs: NOW + 10, isSettled, ageMin: 0 };
  const writes = [...container.counted.values()].flatMap((each) => memberUpkeepOf(shard, container, each, view));
  for (const write of writes) shard.write(write, NOW + 10);
  return writes.length;
}

function put({ shard }: LooseShard, value: string, now = NOW): number {
  return shard.write(added(HASH, { name: "m", value: bytesFromLatin1(value) }), now);
}

function remove({ shard }: LooseShard): number {
  return shard.write(removed(shard, HASH, "m"), NOW);
}

function stampIn({ shard }: LooseShard, slot: number): number {
  return timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
}

/** Of what the first life of the first replica added. */
function stampOfAddition(at: LooseShard): number {
  return stampIn(at, at.shard.find(incrementsOf(HASH.kind), HASH.key, fieldOfName("m") + textOfOrigin(origin(1))));
}

/** Tombstones of other keys were purged beside what is held of the member, up to a stamp. */
function purgedBeside({ shard }: LooseShard, stamp: number): void {
  shard.graves.takeOver(purgeMarks(stamp));
}

function removeAll({ shard }: LooseShard): void {
  for (const write of deletionOfAll(shard, HASH)) shard.write(write, NOW);
}

function exchange(a: LooseShard, b: LooseShard): void {
  sendDelta(a, b);
  sendDelta(b, a);
  sendDelta(a, b);
}

function valueAt({ shard }: LooseShard): string | undefined {
  const slot = memberSlot(shard, HASH, "m", NOW);
  return slot === 0 ? undefined : latin1FromBytes(memberValue(shard, slot));
}

/** Two replicas that have what a life added which has ended and is sealed. */
function withEndedLife(): [LooseShard, LooseShard] {
  const [a, b] = [started(1), started(2)];
  add(a, 1);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  return [a, b];
}

it("is gone with the whole, whose deletion had seen all that it says", () => {
  const [a, b] = withEndedLife();
  writeAnew(a);
  removeAll(b);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual([undefined, undefined]);
});

it("is gone also where whoever deletes the whole had written it anew as well, and what was added meanwhile stays", () => {
  const [a, b] = withEndedLife();
  writeAnew(a);
  removeAll(a);
  add(b, 32);
  writeAnew(b);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual(["32", "32"]);
});

it.each([
  ["newer than its removal", 10],
  ["as old as what was added, so that it would be stamped as the removal is", 0],
])("stays removed where what was purged beside it is %s", (_what, ticks) => {
  const [a, b] = withEndedLife();
  purgedBeside(a, stampOfAddition(a) + ticks);
  remove(b);
  expect(writeAnew(a)).toBe(1);
  expect(valueAt(a)).toBe("1");
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual([undefined, undefined]);
});

it("stays removed where several replicas added to it, one of them later than what was purged beside it", () => {
  const [a, b] = [started(1), started(2)];
  add(a, 1);
  exchange(a, b);
  add(b, 2);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  purgedBeside(a, stampOfAddition(a) + 1);
  remove(b);
  expect(writeAnew(a)).toBe(1);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual([undefined, undefined]);
});

it("is written anew again, however often, below what removes what was added since", () => {
  const [a, b] = withEndedLife();
  expect(writeAnew(a)).toBe(1);
  add(a, 2);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  expect(writeAnew(a)).toBe(1);
  remove(b);
  add(a, 4);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual(["4", "4"]);
});

it("is not written anew one tick above a value where all that was added is stamped no later, as a removal may be", () => {
  const [a, b] = [started(1), started(2)];
  add(a, 1);
  put(b, "100", NOW + 5);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  expect(writeAnew(a)).toBe(0);
  add(b, 2);
  exchange(a, b);
  expect(writeAnew(a)).toBe(0);
  beginNextLife(b);
  sealEndedLives([a, b]);
  expect(writeAnew(a)).toBe(1);
  expect(valueAt(a)).toBe("103");
});

it("waits for what was added to be with all owners: one that had not might have removed the rest", () => {
  const [a] = withEndedLife();
  expect(writeAnew(a, () => false)).toBe(0);
  expect(writeAnew(a)).toBe(1);
});

it("is not written anew on the word of a life that goes on, which may delete the whole and tell of nobody's additions", () => {
  const [a, b] = [started(1), started(2)];
  put(a, "100");
  exchange(a, b);
  remove(a);
  exchange(a, b);
  add(b, 2);
  exchange(a, b);
  writeAnew(a);
  removeAll(b);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual([undefined, undefined]);
});

it("wins over a removal that has been purged here and not elsewhere, also one that was stamped above what was added", () => {
  const [a, b] = [started(1), started(2)];
  add(a, 1);
  put(b, "100", NOW + 5);
  remove(b);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  a.shard.graves.purge(10, () => true);
  writeAnew(a);
  exchange(a, b);
  expect([valueAt(a), valueAt(b)]).toEqual(["1", "1"]);
  expect(a.shard.fingerprint).toEqual(b.shard.fingerprint);
});

it("is added to above what is held of it, and put above what was added, whatever clocks say", () => {
  const [a, b, c] = [started(1), started(2), started(3)];
  const far = stampIn(b, put(b, "100", NOW + 60_000));
  sendDelta(b, a);
  add(a, 1);
  expect(stampOfAddition(a)).toBeGreaterThan(far + 1);
  sendDelta(a, c);
  c.shard.discard(c.shard.find(HASH.kind, HASH.key, fieldOfName("m")));
  expect(stampIn(c, put(c, "5"))).toBeGreaterThan(stampOfAddition(a));
});

it("waits where all that tells of it ends before it does: who deletes the whole then knows of its own additions alone", () => {
  const [a, b] = [started(1), started(2)];
  add(a, 1, NOW + 1000);
  add(b, 2);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  expect(writeAnew(a)).toBe(0);
});

it("of a value stays evicted, all of it, where a deletion before was purged and it is written anew elsewhere", () => {
  const [a, b] = [started(1), started(2)];
  const key = "n" as Key;
  const addTo = ({ shard }: LooseShard, by: number) =>
    shard.write(addition(shard, key, wholeAmount(by), undefined, NOW + 5), NOW + 5);
  a.shard.write({ kind: KIND_PLAIN, key }, NOW);
  addTo(a, 1);
  exchange(a, b);
  beginNextLife(a);
  sealEndedLives([a, b]);
  a.shard.graves.purge(10, () => true);
  addTo(b, 2);
  const evicted = removalOfSum(b.shard, key);
  for (const write of evicted === undefined ? [] : [evicted.death, ...evicted.removals]) b.shard.write(write, NOW);
  const folded = upkeepOf(a.shard, key, { nowMs: NOW + 10, isSettled: () => true, ageMin: 0 });
  expect(folded).toHaveLength(1);
  for (const write of folded) a.shard.write(write, NOW + 10);
  expect(isValueThere(a.shard, key, NOW)).toBe(true);
  exchange(a, b);
  expect([a, b].map(({ shard }) => isValueThere(shard, key, NOW))).toEqual([false, false]);
});
