/**
 * A life that was lived twice: an old copy of its disk was put back and written to, so that others know other writes under the
 * same dots. What the second run wrote gets dots and names of a life that nobody else has lived.
 */

import { describe, expect, it } from "vitest";
import { ByteWriter, bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { incrementsOf, KIND_PLAIN, KIND_SET } from "../../src/core/record/kind.ts";
import { textOfOrigin } from "../../src/core/record/origin-bytes.ts";
import { bodyLengthAt, bodyStartAt, recordLength } from "../../src/core/record/record.ts";
import { DeltaSession } from "../../src/core/shard/delta.ts";
import {
  added,
  type CollectionId,
  deletionOfAll,
  leaseOf,
  memberCount,
  memberSlot,
} from "../../src/types/collection.ts";
import { leaseEnd } from "../../src/types/container.ts";
import { addition, sumOf, textOf } from "../../src/types/counter.ts";
import { apply, createShard, type LooseShard, type LooseShardOptions, loose, NOW, origin } from "../support/shards.ts";

const KEY = "k" as Key;
const SET: CollectionId = { kind: KIND_SET, key: "s" as Key };
const TWICE = origin(1, 7);
const LATER = NOW + 1000;

function started(replica: number, life = 1, options: LooseShardOptions = {}): LooseShard {
  const made = createShard(options);
  made.shard.beginLife(origin(replica, life));
  return made;
}

function put({ shard }: LooseShard, text: string, now = NOW): void {
  shard.write({ kind: KIND_PLAIN, key: KEY, value: bytesFromLatin1(text) }, now);
}

function increment({ shard }: LooseShard, by: number, now = NOW): void {
  shard.write(addition(shard, KEY, wholeAmount(by), undefined, now), now);
}

function valueIn({ shard }: LooseShard, now = LATER): string | undefined {
  const sum = sumOf(shard, KEY, now);
  if (sum === undefined) return undefined;
  const text = textOf(shard, sum);
  if (text !== undefined) return latin1FromBytes(text);
  const view = shard.table.viewOf(sum.base);
  const start = bodyStartAt(view, shard.table.offsetOf(sum.base));
  return latin1FromBytes(
    shard.table.bytesOf(sum.base),
    start,
    start + bodyLengthAt(view, shard.table.offsetOf(sum.base)),
  );
}

function add({ shard }: LooseShard, names: readonly string[], now = NOW): void {
  for (const name of names) shard.write(added(SET, { name, value: new Uint8Array(0) }), now);
}

function removeAll({ shard }: LooseShard, now = NOW): void {
  for (const write of deletionOfAll(shard, SET)) shard.write(write, now);
}

function membersOf({ shard }: LooseShard, among: readonly string[]): string[] {
  const shown = among.filter((name) => memberSlot(shard, SET, name, LATER) !== 0);
  expect(memberCount(shard, SET, LATER)).toBe(shown.length);
  return shown;
}

function send(from: LooseShard, to: LooseShard): void {
  const session = new DeltaSession(from.shard, to.shard.vector);
  const writer = new ByteWriter();
  while (!session.isDone) session.writeChunk(writer, Infinity);
  const { bytes, view } = loose(writer.copy());
  for (let at = 0; at < bytes.length; at += recordLength(view, at)) {
    apply(to, loose(bytes.slice(at, at + recordLength(view, at))));
  }
  to.shard.claim(session.claim, from.shard.graves.marks);
}

/** It is found out that others know other writes of the life so far. */
function beginAnew({ shard }: LooseShard, life = 9, twice = [TWICE]): void {
  const slots: number[] = [];
  for (const each of twice) shard.collectAbove(each, 0, slots);
  shard.quarantine.distrust({ serve: false });
  shard.beginLife(origin(1, life));
  for (const slot of slots) if (shard.table.isHeld(slot) && isOf(shard, slot, twice)) shard.redot(slot, new Set(twice));
}

function isOf(shard: LooseShard["shard"], slot: number, twice: readonly number[]): boolean {
  const slots: number[] = [];
  for (const each of twice) shard.collectAbove(each as typeof TWICE, 0, slots);
  return slots.includes(slot);
}

function reconcile({ shard }: LooseShard): boolean {
  return shard.quarantine.reconcile(shard.vector, () => "stays");
}

/** Both ways, until nothing is lacking. */
function meet(a: LooseShard, b: LooseShard): void {
  send(b, a);
  expect(reconcile(a)).toBe(true);
  send(a, b);
  for (const each of [a, b]) while (!each.shard.falling.step(100));
  const [{ high, low }, theirs] = [a.shard.accounts.fingerprint, b.shard.accounts.fingerprint];
  expect([high, low]).toEqual([theirs.high, theirs.low]);
}

describe("what was added under a life that was lived twice", () => {
  it("by either run counts, and once", () => {
    const [first, second, b] = [started(1, 7), started(1, 7), started(2)];
    increment(first, 3);
    increment(first, 1);
    send(first, b);
    increment(second, 10, LATER);
    beginAnew(second);
    meet(second, b);
    expect([second, b].map((each) => valueIn(each))).toEqual(["14", "14"]);
    increment(second, 100, LATER);
    send(second, b);
    expect(valueIn(b)).toBe("114");
  });

  it("counts once beside a value that saw it, whether that wins or loses to one that did not", () => {
    for (const theirs of [NOW - 1000, NOW + 5000]) {
      const [first, second, b] = [started(1, 7), started(1, 7), started(2)];
      increment(first, 3);
      send(first, b);
      put(b, "1000", theirs);
      increment(second, 10, NOW);
      put(second, valueIn(second) ?? "", NOW + 10);
      increment(second, 5, NOW + 20);
      beginAnew(second);
      meet(second, b);
      // 1000 took in the 3 where it won; where it lost, the 3 was not known to who put 10.
      const expected = theirs > NOW ? "1015" : "18";
      expect([second, b].map((each) => valueIn(each, NOW + 6000))).toEqual([expected, expected]);
    }
  });

  it("is taken by a deletion that saw it, and the rest is not", () => {
    const [first, second, b] = [started(1, 7), started(1, 7), started(2)];
    increment(first, 3);
    send(first, b);
    put(second, "1");
    increment(second, 10);
    second.shard.write({ kind: KIND_PLAIN, key: KEY }, LATER);
    beginAnew(second);
    meet(second, b);
    expect([second, b].map((each) => valueIn(each))).toEqual(["3", "3"]);
  });

  it("counts once beside a value that was put over it since, by the present life", () => {
    const [second, b] = [started(1, 7), started(2)];
    increment(second, 10);
    const slots: number[] = [];
    second.shard.collectAbove(TWICE, 0, slots);
    second.shard.quarantine.distrust({ serve: true });
    second.shard.beginLife(origin(1, 9));
    put(second, "10", LATER);
    for (const slot of slots) second.shard.redot(slot, new Set([TWICE]));
    meet(second, b);
    expect([second, b].map((each) => valueIn(each))).toEqual(["10", "10"]);
  });

  it("under two such lives adds up", () => {
    const [first, second, b] = [started(1, 7), started(1, 7), started(2)];
    increment(first, 1);
    first.shard.beginLife(origin(1, 8));
    increment(first, 2);
    send(first, b);
    increment(second, 10);
    put(second, "10", NOW + 1);
    second.shard.beginLife(origin(1, 8));
    increment(second, 20, NOW + 2);
    beginAnew(second, 9, [TWICE, origin(1, 8)]);
    expect(second.shard.find(incrementsOf(KIND_PLAIN), KEY, textOfOrigin(TWICE))).toBe(0);
    meet(second, b);
    expect([second, b].map((each) => valueIn(each))).toEqual(["33", "33"]);
  });

  it("is asked for once more where the other run's came before and was refused", () => {
    const [first, second, b] = [started(1, 7), started(1, 7), started(2)];
    increment(first, 3);
    send(first, b);
    increment(second, 10, LATER);
    second.shard.quarantine.distrust({ serve: false });
    second.shard.beginLife(origin(1, 9));
    send(b, second);
    const slots: number[] = [];
    second.shard.collectAbove(TWICE, 0, slots);
    for (const slot of slots) second.shard.redot(slot, new Set([TWICE]));
    expect(reconcile(second)).toBe(false);
    meet(second, b);
    expect([second, b].map((each) => valueIn(each))).toEqual(["13", "13"]);
  });
});

describe("a collection that was deleted under a life that was lived twice", () => {
  const TOLD = ["x", "y"];
  const OWN = Array.from({ length: 12 }, (_, i) => `m${i}`);

  it("keeps what the deletion did not see, and loses what it saw", () => {
    for (const fallingAtOnceMax of [256, 4]) {
      const [first, b] = [started(1, 7), started(2)];
      add(first, TOLD);
      send(first, b);
      const second = started(1, 7, { fallingAtOnceMax });
      add(second, [...OWN, "x"], LATER);
      second.shard.write(leaseOf(SET, LATER + 1000), LATER);
      removeAll(second, LATER);
      add(second, ["since"], LATER);
      beginAnew(second);
      meet(second, b);
      // Of x both runs know: the later register, which was deleted, is what there is.
      for (const each of [second, b]) expect(membersOf(each, [...TOLD, ...OWN, "since"])).toEqual(["y", "since"]);
      for (const { shard } of [second, b]) expect(leaseEnd(shard, SET.kind, SET.key)).toBe(Infinity);
    }
  });

  it("stays so where somebody else has given a new dot to what fell", () => {
    const [second, b, c] = [started(1, 7), started(2), started(3)];
    add(second, ["m"]);
    send(second, c);
    removeAll(second, LATER);
    beginAnew(second);
    c.shard.redot(c.shard.find(SET.kind, SET.key, "+m"));
    send(c, b);
    meet(second, b);
    expect(membersOf(b, ["m"])).toEqual([]);
  });

  it("under two such lives is told of once, with all that either deletion saw of others", () => {
    for (const twice of [
      [TWICE, origin(1, 8)],
      [origin(1, 8), TWICE],
    ]) {
      const [second, b] = [started(1, 7, { fallingAtOnceMax: 4 }), started(2)];
      add(b, ["theirs"]);
      send(b, second);
      removeAll(second);
      add(second, ["mine", ...OWN]);
      second.shard.beginLife(origin(1, 8));
      removeAll(second, LATER);
      beginAnew(second, 9, twice);
      meet(second, b);
      for (const each of [second, b]) expect(membersOf(each, ["theirs", "mine", ...OWN])).toEqual([]);
      expect(b.shard.containers.find(SET.kind, SET.key)?.covers.size).toBe(1);
    }
  });
});
