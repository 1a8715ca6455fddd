import { beforeEach, describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { spaceOf } from "../../src/base/shard-id.ts";
import { KIND_HASH, KIND_LIST } from "../../src/core/record/kind.ts";
import {
  type KeyWait,
  KeyWaits,
  LOOK_MS,
  STAGGER_MS,
  WAIT_KEYS_MAX,
  WAITED_KEYS_MAX,
} from "../../src/replica/key-waits.ts";
import { added } from "../../src/types/collection.ts";
import { placeAtEnd } from "../../src/types/list.ts";
import { createShard, type LooseShard, NOW, origin } from "../support/shards.ts";

let here: LooseShard;
let waits: KeyWaits;
let told: string[];
let rank: number;

beforeEach(() => {
  here = started(1);
  told = [];
  rank = 0;
  waits = new KeyWaits(
    (deliver) => deliver(),
    () => rank,
  );
});

function started(replica: number): LooseShard {
  const made = createShard();
  made.shard.beginLife(origin(replica));
  return made;
}

/** One that is served as often as there is something left, and then no more. */
function wait(name: string, keys: readonly string[], options: { left?: number; dueAt?: number; kind?: number } = {}) {
  const { left = 1, dueAt = Infinity, kind = KIND_LIST } = options;
  const made: KeyWait = {
    ...{ space: spaceOf(here.shard.id), kind, keys: keys as readonly Key[], dueAt, waitMaxMs: 1000 },
    serve: () => {
      told.push(left > 0 ? `${name} served` : `${name} asked`);
      return left > 0;
    },
    end: () => told.push(`${name} over`),
  };
  waits.add(made);
  return made;
}

function push(at: LooseShard, key: string, now = NOW, kind = KIND_LIST): void {
  const id = { kind, key: key as Key };
  const name = placeAtEnd(at.shard, id.key, "tail", now) ?? "";
  at.shard.write(added(id, { name, value: new Uint8Array(1) }), now);
  waits.applied(here.shard, at.writer.view, 0, now);
}

describe("who waits for a key", () => {
  it("is asked as soon as something was written here, the first who came first, and then waits no more", () => {
    wait("first", ["a", "b"]);
    wait("second", ["b"]);
    push(here, "c");
    expect(told).toEqual([]);
    push(here, "b");
    expect(told).toEqual(["first served", "second served"]);
    push(here, "b");
    expect(told).toHaveLength(2);
    expect(waits.waiting).toBe(0);
  });

  it("is told once nothing is told here any more of what it waits for", () => {
    let isHere = true;
    waits.add({ ...wait("other", ["a"]), isHere: () => isHere, end: () => told.push("elsewhere") });
    waits.tick(NOW);
    isHere = false;
    waits.tick(NOW + LOOK_MS - 1);
    expect(told).toEqual([]);
    waits.tick(NOW + LOOK_MS);
    expect(told).toEqual(["elsewhere"]);
    expect(waits.waiting).toBe(1);
  });

  it("is not asked before those who came earlier have got theirs", () => {
    wait("first", ["a"], { left: 0 });
    wait("second", ["a"]);
    push(here, "a");
    expect(told).toEqual(["first asked"]);
    expect(waits.waiting).toBe(2);
  });

  it("does not hear of what is of another kind, or was removed", () => {
    wait("first", ["a"]);
    push(here, "a", NOW, KIND_HASH);
    here.shard.write({ kind: KIND_LIST, key: "a" as Key, field: "+x" }, NOW);
    waits.applied(here.shard, here.writer.view, 0, NOW);
    expect(told).toEqual([]);
  });

  it("hears of what came from elsewhere later, and at each replica at another time", () => {
    rank = 2;
    wait("first", ["a"]);
    push(started(2), "a");
    waits.tick(NOW + 3 * STAGGER_MS - 1);
    expect(told).toEqual([]);
    waits.tick(NOW + 3 * STAGGER_MS);
    expect(told).toEqual(["first served"]);
  });

  it("is asked again once what is held changed untold", () => {
    wait("first", ["a"]);
    waits.reset();
    waits.tick(NOW);
    expect(told).toEqual(["first served"]);
  });

  it("is told when it has waited long enough, also where the clock was put back", () => {
    wait("first", ["a"], { dueAt: NOW + 10 });
    wait("second", ["a"], { dueAt: NOW + 20 });
    const third = wait("third", ["a"], { dueAt: NOW + 900 });
    waits.tick(NOW + 9);
    expect(told).toEqual([]);
    waits.tick(NOW + 10);
    expect(told).toEqual(["first over"]);
    waits.remove(third);
    waits.tick(NOW - 100_000);
    expect(told).toEqual(["first over", "second over"]);
    expect(waits.waiting).toBe(0);
  });

  it("waits for at most so many keys, and so do all together", () => {
    const keys = Array.from({ length: WAIT_KEYS_MAX }, (_, i) => String(i));
    expect(() => wait("greedy", [...keys, "one more"])).toThrow("too many keys");
    const all = Array.from({ length: WAITED_KEYS_MAX / WAIT_KEYS_MAX }, (_, i) => wait(String(i), keys));
    expect(() => wait("late", ["a"])).toThrow("too many keys");
    waits.remove(all[0] as KeyWait);
    waits.remove(all[0] as KeyWait);
    wait("in time", keys);
    expect(waits.waiting).toBe(all.length);
  });
});
