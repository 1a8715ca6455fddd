import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { KIND_LIST } from "../../src/core/record/kind.ts";
import type { LocalWrite } from "../../src/core/shard/author.ts";
import {
  added,
  beginning,
  deletionOfAll,
  leaseOf,
  memberName,
  memberValue,
  rankedMember,
  removed,
} from "../../src/types/collection.ts";
import { liveMembers } from "../../src/types/container.ts";
import { type ListEnd, placeAtEnd, placeNextTo } from "../../src/types/list.ts";
import { createShard, dump, type LooseShard, NOW, origin, sendDelta, vectorText } from "../support/shards.ts";

const KEY = "l" as Key;
const LIST = { kind: KIND_LIST, key: KEY };

function started(replica: number): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica));
  return made;
}

function make({ shard }: LooseShard, writes: readonly LocalWrite[], now: number): void {
  for (const write of writes) shard.write(write, now);
}

function put(at: LooseShard, name: string | undefined, value: string, now: number): void {
  if (name === undefined) throw new Error("there is no room");
  make(at, [...beginning(at.shard, LIST, now)], now);
  make(at, [added(LIST, { name, value: new TextEncoder().encode(value) })], now);
}

function push(at: LooseShard, end: ListEnd, value: string, now = NOW): void {
  put(at, placeAtEnd(at.shard, KEY, end, now), value, now);
}

function insert(at: LooseShard, rank: number, side: "before" | "after", value: string, now = NOW): void {
  const slot = rankedMember(at.shard, LIST, rank, now);
  put(at, placeNextTo(at.shard, KEY, slot, side, now), value, now);
}

/** What is taken out at a rank; undefined: there is nothing. */
function take(at: LooseShard, rank: number, now = NOW): string | undefined {
  const slot = rankedMember(at.shard, LIST, rank, now);
  if (slot === 0) return undefined;
  const value = new TextDecoder().decode(memberValue(at.shard, slot));
  make(at, [removed(at.shard, LIST, memberName(at.shard, slot))], now);
  return value;
}

function shown({ shard }: LooseShard, now = NOW): readonly string[] {
  return [...liveMembers(shard, KIND_LIST, KEY, now)].map((slot) => new TextDecoder().decode(memberValue(shard, slot)));
}

function exchange(...all: readonly LooseShard[]): void {
  for (const from of [...all, ...all]) for (const to of all) if (from !== to) sendDelta(from, to);
}

function expectSame(...all: readonly LooseShard[]): void {
  const [first, ...others] = all as [LooseShard, ...LooseShard[]];
  for (const other of others) {
    expect(vectorText(other.shard)).toBe(vectorText(first.shard));
    expect(dump(other.shard)).toEqual(dump(first.shard));
    expect(shown(other)).toEqual(shown(first));
  }
}

describe("a list", () => {
  it("grows at both ends, and in between", () => {
    const a = started(1);
    for (const value of ["c", "d"]) push(a, "tail", value);
    for (const value of ["b", "a"]) push(a, "head", value);
    insert(a, 1, "before", "a+");
    insert(a, 1, "after", "a++");
    insert(a, 5, "after", "e");
    insert(a, 0, "before", "_");
    expect(shown(a)).toEqual(["_", "a", "a+", "a++", "b", "c", "d", "e"]);
    expect(take(a, 2)).toBe("a+");
    expect(take(a, 0)).toBe("_");
    expect(shown(a)).toEqual(["a", "a++", "b", "c", "d", "e"]);
  });

  it("keeps what two sides push without knowing of each other, in the order of time, each side's in its own", () => {
    const [a, b] = [started(1), started(2)];
    push(a, "tail", "0");
    exchange(a, b);
    push(a, "tail", "a1", NOW + 1);
    push(b, "tail", "b1", NOW + 2);
    push(b, "tail", "b2", NOW + 2);
    push(a, "tail", "a2", NOW + 3);
    push(b, "head", "b-1", NOW + 4);
    push(a, "head", "a-1", NOW + 5);
    exchange(a, b);
    expect(shown(a)).toEqual(["a-1", "b-1", "0", "a1", "b1", "b2", "a2"]);
    expectSame(a, b);
  });

  it("puts behind what it knows of also what a clock that goes ahead has pushed", () => {
    const [a, b] = [started(1), started(2)];
    push(a, "tail", "ahead", NOW + 60_000);
    exchange(a, b);
    push(b, "tail", "later", NOW);
    push(b, "head", "first", NOW);
    expect(shown(b)).toEqual(["first", "ahead", "later"]);
  });

  it("may hand the same element out twice where two take it at once, and shows it to neither again", () => {
    const [a, b] = [started(1), started(2)];
    for (const value of ["1", "2", "3"]) push(a, "tail", value);
    exchange(a, b);
    expect([take(a, 0), take(b, 0)]).toEqual(["1", "1"]);
    expect(take(b, 0)).toBe("2");
    exchange(a, b);
    expect(shown(a)).toEqual(["3"]);
    expectSame(a, b);
  });

  it("gives nobody the place of what was taken while that may still be known anywhere", () => {
    const a = started(1);
    for (let i = 0; i < 100; i++) {
      push(a, "tail", String(i));
      expect(take(a, 0)).toBe(String(i));
    }
    expect(shown(a)).toEqual([]);
    expect(a.shard.containers.find(KIND_LIST, KEY)?.remains.size).toBe(100);
    push(a, "head", "x");
    push(a, "tail", "y");
    insert(a, 0, "after", "x+");
    expect(shown(a)).toEqual(["x", "x+", "y"]);
    expect(a.shard.containers.find(KIND_LIST, KEY)?.remains.size).toBe(100);
  });

  it("finds its head by the elements alone, however many were taken", () => {
    const a = started(1);
    for (let i = 0; i < 5000; i++) {
      push(a, "tail", String(i));
      if (i >= 10) take(a, 0);
    }
    const container = a.shard.containers.find(KIND_LIST, KEY);
    expect(container?.members.size).toBe(10);
    expect(shown(a)[0]).toBe("4990");
    // What is purged is forgotten altogether.
    expect(a.shard.graves.purge(Infinity, () => true)).toBe(4990);
    expect(container?.remains.size).toBe(0);
    expect(shown(a)).toHaveLength(10);
  });

  it("ends with its lease, and falls as a whole", () => {
    const [a, b] = [started(1), started(2)];
    push(a, "tail", "1");
    make(a, [leaseOf(LIST, NOW + 10)], NOW);
    exchange(a, b);
    expect(shown(b, NOW + 10)).toEqual([]);
    expect(rankedMember(b.shard, LIST, 0, NOW + 10)).toBe(0);
    push(b, "tail", "2", NOW + 20);
    expect(shown(b, NOW + 1000)).toEqual(["2"]);
    make(a, deletionOfAll(a.shard, LIST), NOW + 30);
    exchange(a, b);
    expect(shown(a, NOW + 1000)).toEqual(["2"]);
    expectSame(a, b);
  });

  it("has the order that anybody ever saw, and all that nobody took, wherever all was seen", () => {
    const replica = fc.nat(2);
    const where = fc.nat(1000);
    const end = fc.constantFrom<ListEnd>("head", "tail");
    const side = fc.constantFrom<"before" | "after">("before", "after");
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ type: fc.constant("push" as const), replica, end }) },
      { weight: 4, arbitrary: fc.record({ type: fc.constant("insert" as const), replica, where, side }) },
      { weight: 3, arbitrary: fc.record({ type: fc.constant("take" as const), replica, where }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("clear" as const), replica }) },
      { weight: 4, arbitrary: fc.record({ type: fc.constant("send" as const), replica, to: replica }) },
    );
    fc.assert(
      fc.property(
        fc.array(step, { size: "max", maxLength: 80 }),
        fc.array(fc.nat(3), { maxLength: 8 }),
        (steps, ticks) => {
          const all = [started(1), started(2), started(3)] as const;
          const [made, taken] = [new Set<string>(), new Set<string>()];
          const seen: (readonly string[])[] = [];
          let now = NOW;
          for (const [i, each] of steps.entries()) {
            const at = all[each.replica] as LooseShard;
            now += ticks[i % Math.max(1, ticks.length)] ?? 0;
            const before = shown(at, now);
            const value = String(i);
            const rank = "where" in each ? each.where % Math.max(1, before.length) : 0;
            if (each.type === "push") {
              push(at, each.end, value, now);
              expect(shown(at, now)).toEqual(each.end === "head" ? [value, ...before] : [...before, value]);
              made.add(value);
            } else if (each.type === "insert" && before.length > 0) {
              insert(at, rank, each.side, value, now);
              expect(shown(at, now)).toEqual(before.toSpliced(each.side === "before" ? rank : rank + 1, 0, value));
              made.add(value);
            } else if (each.type === "take" && before.length > 0) {
              expect(take(at, rank, now)).toBe(before[rank]);
              expect(shown(at, now)).toEqual(before.toSpliced(rank, 1));
              taken.add(before[rank] as string);
            } else if (each.type === "clear") {
              make(at, deletionOfAll(at.shard, LIST), now);
              expect(shown(at, now)).toEqual([]);
              for (const gone of before) taken.add(gone);
            } else if (each.type === "send" && each.replica !== each.to) sendDelta(at, all[each.to] as LooseShard, now);
            seen.push(shown(at, now));
          }
          exchange(...all);
          const last = shown(all[0], now);
          expect([...last].sort()).toEqual([...made].filter((value) => !taken.has(value)).sort());
          const places = new Map(last.map((value, place) => [value, place]));
          for (const values of seen) {
            const left = values.map((value) => places.get(value)).filter((place) => place !== undefined);
            expect(left).toEqual([...left].sort((a, b) => a - b));
          }
          expectSame(...all);
        },
      ),
      { numRuns: 300 },
    );
  });
});
