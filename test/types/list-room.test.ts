/** A gap of a list may be divided for ever: what lies around it is moved now and then. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { isPosition, POSITION_BYTES_MAX } from "../../src/core/containers/list-position.ts";
import { KIND_LIST } from "../../src/core/record/kind.ts";
import { added, memberName, memberValue, rankedMember, removed } from "../../src/types/collection.ts";
import { liveMembers } from "../../src/types/container.ts";
import { placeAtEnd, placeNextTo } from "../../src/types/list.ts";
import { roomNextTo } from "../../src/types/list-room.ts";
import { createShard, dump, type LooseShard, NOW, origin, sendDelta } from "../support/shards.ts";

const KEY = "l" as Key;
const LIST = { kind: KIND_LIST, key: KEY };

function started(replica: number): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica));
  return made;
}

function put({ shard }: LooseShard, name: string, value: string): void {
  shard.write(added(LIST, { name, value: new TextEncoder().encode(value) }), NOW);
}

function push(at: LooseShard, value: string): void {
  put(at, placeAtEnd(at.shard, KEY, "tail", NOW) ?? "", value);
}

/** Returns how many had to be moved. */
function insert(at: LooseShard, rank: number, side: "before" | "after", value: string): number {
  const { shard } = at;
  const slot = rankedMember(shard, LIST, rank, NOW);
  const place = placeNextTo(shard, KEY, slot, side, NOW);
  if (place !== undefined) {
    put(at, place, value);
    return 0;
  }
  const room = roomNextTo(shard, KEY, slot, side, NOW);
  if (room === undefined) throw new Error("there is no room");
  const order = shown(at);
  for (const move of room.moves) {
    const text = valueIn(at, move.slot);
    const name = memberName(shard, move.slot);
    put(at, move.place, text);
    shard.write(removed(shard, LIST, name), NOW);
  }
  expect(shown(at)).toEqual(order);
  put(at, room.place, value);
  return room.moves.length;
}

function valueIn({ shard }: LooseShard, slot: number): string {
  return new TextDecoder().decode(memberValue(shard, slot));
}

function shown(at: LooseShard): readonly string[] {
  return [...liveMembers(at.shard, KIND_LIST, KEY, NOW)].map((slot) => valueIn(at, slot));
}

function placesOf({ shard }: LooseShard): readonly string[] {
  return [...liveMembers(shard, KIND_LIST, KEY, NOW)].map((slot) => memberName(shard, slot));
}

function exchange(...all: readonly LooseShard[]): void {
  for (const from of [...all, ...all]) for (const to of all) if (from !== to) sendDelta(from, to);
}

/** Divides the gap behind an element: every insertion lies between the last two. */
function divide(at: LooseShard, behind: number, count: number, word: string): { twin: string[]; moved: number } {
  const twin = [...shown(at)];
  let moved = 0;
  let gap = behind + 1;
  for (let i = 0; i < count; i++) {
    moved += insert(at, gap - 1, "after", `${word}${i}`);
    twin.splice(gap, 0, `${word}${i}`);
    if (i % 2 === 0) gap++;
  }
  return { twin, moved };
}

describe("a gap of a list", () => {
  it("is divided thousands of times, in order, and few are moved for it", () => {
    const a = started(1);
    for (const value of ["first", "second", "third"]) push(a, value);
    const { twin, moved } = divide(a, 0, 6000, "i");
    expect(shown(a)).toEqual(twin);
    expect(moved).toBeLessThan(4 * 6000);
    expect(placesOf(a).every((place) => isPosition(place) && place.length <= POSITION_BYTES_MAX)).toBe(true);
  });

  it("is divided at both ends of the list, from either side, and while what is inserted goes again", () => {
    for (const isKept of [true, false]) {
      const a = started(1);
      for (const value of ["first", "last"]) push(a, value);
      for (let i = 0; i < 1500; i++) {
        insert(a, 0, "after", `i${i}`);
        insert(a, 1, i % 2 === 0 ? "before" : "after", `j${i}`);
        if (isKept) continue;
        const slot = rankedMember(a.shard, LIST, 1, NOW);
        a.shard.write(removed(a.shard, LIST, memberName(a.shard, slot)), NOW);
      }
      const all = shown(a);
      expect([all[0], all.at(-1), new Set(all).size]).toEqual(["first", "last", isKept ? 3002 : 1502]);
    }
  });

  it("keeps what another replica pushes and inserts while elements are moved", () => {
    const [a, b] = [started(1), started(2)];
    for (const value of ["first", "last"]) push(a, value);
    divide(a, 0, 700, "i");
    exchange(a, b);
    const middle = shown(b).indexOf("i600");
    insert(b, middle, "after", "b inserted");
    push(b, "b pushed");
    const { moved } = divide(a, 352, 300, "j");
    expect(moved).toBeGreaterThan(0);
    push(a, "a pushed");
    exchange(a, b);
    expect(dump(a.shard)).toEqual(dump(b.shard));
    const all = shown(a);
    expect(all).toHaveLength(700 + 300 + 2 + 3);
    expect(new Set(all).size).toBe(all.length);
    expect(all.slice(-2).sort()).toEqual(["a pushed", "b pushed"]);
  });

  it("is what an array is, wherever something is inserted", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(9), fc.boolean()), { minLength: 300, maxLength: 900 }), (steps) => {
        const a = started(1);
        push(a, "first");
        const twin = ["first"];
        let at = 0;
        for (const [i, [jump, isBefore]] of steps.entries()) {
          // Mostly right where the last went.
          if (jump === 9) at = (at * 7 + i) % twin.length;
          insert(a, at, isBefore ? "before" : "after", `${i}`);
          at += isBefore ? 0 : 1;
          twin.splice(at, 0, `${i}`);
        }
        expect(shown(a)).toEqual(twin);
      }),
      { numRuns: 10 },
    );
  });
});
