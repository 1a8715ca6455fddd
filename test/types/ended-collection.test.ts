/** Collections whose leases have run out, and what others put there since. */

import { expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { KIND_SET } from "../../src/core/record/kind.ts";
import { fieldOfName } from "../../src/core/record/member.ts";
import { recordLength } from "../../src/core/record/record.ts";
import type { LocalWrite } from "../../src/core/shard/author.ts";
import {
  added,
  beginning,
  type CollectionId,
  deletionOfAll,
  deletionOfEnded,
  leaseOf,
  memberSlot,
} from "../../src/types/collection.ts";
import { createShard, type LooseShard, NOW, origin, sendDelta } from "../support/shards.ts";

const SET: CollectionId = { kind: KIND_SET, key: "s" as Key };
const END = NOW + 1000;

/** Two that hold x, until the end; a push of b was lost since. */
function untilEnd(): { a: LooseShard; b: LooseShard } {
  const [a, b] = [createShard(), createShard()];
  for (const [i, { shard }] of [a, b].entries()) shard.beginLife(origin(i + 1));
  make(a, [add("x"), leaseOf(SET, END)], NOW);
  sendDelta(a, b);
  make(b, [{ kind: 0, key: "lost" as Key, value: new Uint8Array(1) }], NOW);
  return { a, b };
}

function add(name: string): LocalWrite {
  return added(SET, { name, value: new Uint8Array(0) });
}

function make({ shard }: LooseShard, writes: readonly LocalWrite[], now: number): void {
  for (const write of writes) shard.write(write, now);
}

/** Writes at one; of that the other hears what is written last alone. */
function makeAndPushLast(from: LooseShard, to: LooseShard, writes: readonly LocalWrite[], now: number): void {
  make(from, writes, now);
  const { view, bytes } = from.writer;
  to.shard.applyPushed(view, bytes, 0, recordLength(view, 0), now);
}

function shown({ shard }: LooseShard, now: number): string[] {
  return ["x", "y", "z"].filter((name) => memberSlot(shard, SET, name, now) !== 0);
}

function meet(a: LooseShard, b: LooseShard): void {
  sendDelta(a, b);
  sendDelta(b, a);
}

it("keep what was added to the next collection of which nobody has been shown anything yet", () => {
  const { a, b } = untilEnd();
  makeAndPushLast(b, a, [...beginning(b.shard, SET, END + 1), add("y")], END + 1);
  expect(shown(a, END + 2)).toEqual([]);
  make(a, [...beginning(a.shard, SET, END + 3), add("z")], END + 3);
  meet(a, b);
  expect([a, b].map((each) => shown(each, END + 5))).toEqual([
    ["y", "z"],
    ["y", "z"],
  ]);
});

it("keep that, too, when an owner deletes them as all have seen the end", () => {
  const { a, b } = untilEnd();
  makeAndPushLast(b, a, [...beginning(b.shard, SET, END + 1), add("y")], END + 1);
  make(a, deletionOfEnded(a.shard, SET), END + 3);
  meet(a, b);
  expect([a, b].map((each) => shown(each, END + 5))).toEqual([["y"], ["y"]]);
});

it("lose what was added before the end, and what is deleted as it is shown", () => {
  const early = untilEnd();
  makeAndPushLast(early.b, early.a, [add("y")], END - 1);
  make(early.a, [...beginning(early.a.shard, SET, END + 3), add("z")], END + 3);
  meet(early.a, early.b);
  expect([early.a, early.b].map((each) => shown(each, END + 5))).toEqual([["z"], ["z"]]);
  // Of a clock that is ahead: to who deletes the whole there is no end yet.
  const { a, b } = untilEnd();
  makeAndPushLast(b, a, [add("y")], END + 1);
  expect(shown(a, END - 1)).toEqual(["x", "y"]);
  make(a, deletionOfAll(a.shard, SET), END - 1);
  meet(a, b);
  expect([a, b].map((each) => shown(each, END + 5))).toEqual([[], []]);
  expect(b.shard.find(SET.kind, SET.key, fieldOfName("y"))).not.toBe(0);
});
