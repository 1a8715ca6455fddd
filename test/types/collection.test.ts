import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { isDeletion } from "../../src/core/containers/container-part.ts";
import { KIND_HASH, KIND_SET } from "../../src/core/record/kind.ts";
import { recordLength, sequenceAt } from "../../src/core/record/record.ts";
import type { LocalWrite } from "../../src/core/shard/author.ts";
import { DeltaSession } from "../../src/core/shard/delta.ts";
import {
  added,
  beginning,
  type CollectionId,
  deletionOfAll,
  leaseOf,
  memberCount,
  memberName,
  memberSlot,
  memberValue,
  rankedMember,
  removed,
} from "../../src/types/collection.ts";
import { liveMembers } from "../../src/types/container.ts";
import {
  apply,
  createShard,
  dump,
  type LooseShard,
  type LooseShardOptions,
  loose,
  NOW,
  origin,
  sendDelta,
  vectorText,
} from "../support/shards.ts";

const HASH: CollectionId = { kind: KIND_HASH, key: "h" as Key };

function started(replica: number, options: LooseShardOptions = {}): LooseShard {
  const made = createShard(options);
  made.shard.beginLife(origin(replica));
  return made;
}

function make({ shard }: LooseShard, writes: readonly LocalWrite[], now = NOW): void {
  for (const write of writes) shard.write(write, now);
}

function put(at: LooseShard, name: string, value = "v", now = NOW, expiresAt?: number): void {
  make(at, beginning(at.shard, HASH, now), now);
  make(at, [added(HASH, { name, value: new TextEncoder().encode(value), expiresAt })], now);
}

function remove(at: LooseShard, name: string, now = NOW): void {
  if (memberSlot(at.shard, HASH, name, now) !== 0) make(at, [removed(at.shard, HASH, name)], now);
}

function removeAll(at: LooseShard, now = NOW): void {
  make(at, deletionOfAll(at.shard, HASH), now);
}

/** What is shown, by name. */
function shown({ shard }: LooseShard, now = NOW): Record<string, string> {
  const entries = [...liveMembers(shard, HASH.kind, HASH.key, now)].map((slot) => [
    memberName(shard, slot),
    new TextDecoder().decode(memberValue(shard, slot)),
  ]);
  return Object.fromEntries(entries.sort());
}

/** Of all that is held, in the order of the slots. */
function records({ shard }: LooseShard) {
  const all: { view: DataView; bytes: Uint8Array; length: number }[] = [];
  shard.forEachHeld((slot) => {
    const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
    const length = recordLength(view, at);
    const { bytes, view: own } = loose(shard.table.bytesOf(slot).slice(at, at + length));
    all.push({ view: own, bytes, length });
  });
  return all;
}

function exchange(...all: readonly LooseShard[]): void {
  for (const from of [...all, ...all]) for (const to of all) if (from !== to) sendDelta(from, to);
}

function expectSame(...all: readonly LooseShard[]): void {
  const [first, ...others] = all as [LooseShard, ...LooseShard[]];
  for (const other of others) {
    expect(vectorText(other.shard)).toBe(vectorText(first.shard));
    expect(dump(other.shard)).toEqual(dump(first.shard));
    expect([other.shard.accounts.sum, other.shard.fingerprint]).toEqual([
      first.shard.accounts.sum,
      first.shard.fingerprint,
    ]);
    expect(shown(other)).toEqual(shown(first));
  }
}

describe("a collection", () => {
  it("shows what was put under each name last, and how many there are", () => {
    const a = started(1);
    put(a, "x", "1");
    put(a, "y", "2");
    put(a, "x", "3");
    expect(shown(a)).toEqual({ x: "3", y: "2" });
    expect(memberCount(a.shard, HASH, NOW)).toBe(2);
    remove(a, "x");
    expect(shown(a)).toEqual({ y: "2" });
    expect(memberCount(a.shard, HASH, NOW)).toBe(1);
  });

  it("keeps an empty name, and one that looks like a mark", () => {
    const a = started(1);
    put(a, "", "1");
    put(a, "-", "2");
    put(a, "+", "3");
    expect(shown(a)).toEqual({ "": "1", "-": "2", "+": "3" });
  });

  it("keeps names of any length, and what is under one too long to be a field goes by its hash", () => {
    const a = started(1);
    const b = started(2);
    const names = [1022, 1023, 1024, 1025, 3000].map((length) => "n".repeat(length));
    for (const name of names) put(a, name, `${name.length}`);
    exchange(a, b);
    expect(shown(b)).toEqual(Object.fromEntries(names.map((name) => [name, `${name.length}`])));
    const [short = "", , long = ""] = names;
    put(b, long, "other");
    remove(b, short);
    exchange(a, b);
    expect(Object.keys(shown(a))).toHaveLength(4);
    expect(shown(a)[long]).toBe("other");
    remove(a, long);
    exchange(a, b);
    expect(shown(b)).not.toHaveProperty(long);
    expectSame(a, b);
  });

  it("is apart from one of another kind under the same key", () => {
    const a = started(1);
    put(a, "x", "1");
    expect(memberSlot(a.shard, { ...HASH, kind: KIND_SET }, "x", NOW)).toBe(0);
    make(a, deletionOfAll(a.shard, { ...HASH, kind: KIND_SET }));
    expect(shown(a)).toEqual({ x: "1" });
  });

  it("keeps what a deletion of the whole did not see, in whichever order they meet", () => {
    for (const isFirst of [true, false]) {
      const [a, b, c] = [started(1), started(2), started(3)];
      put(a, "seen", "1");
      exchange(a, b, c);
      removeAll(a);
      put(b, "unseen", "2");
      put(b, "seen", "3");
      if (isFirst) sendDelta(a, c);
      sendDelta(b, c);
      exchange(a, b, c);
      expect(shown(c)).toEqual({ seen: "3", unseen: "2" });
      expectSame(a, b, c);
    }
  });

  it("shows neither what was deleted nor what that had surpassed, though the deletion never saw the latter", () => {
    const [a, b, x, y] = [started(1), started(2), started(3), started(4)];
    put(a, "n", "older");
    put(b, "n", "newer", NOW + 5);
    sendDelta(b, x);
    sendDelta(b, y);
    sendDelta(a, y, NOW + 5);
    removeAll(x, NOW + 9);
    sendDelta(x, a);
    sendDelta(x, y);
    exchange(a, b, x, y);
    expect(shown(a)).toEqual({});
    expectSame(a, b, x, y);
  });

  it("falls where two deleted it, as much as each saw", () => {
    const [a, b] = [started(1), started(2)];
    put(a, "p");
    put(b, "q");
    removeAll(a);
    removeAll(b);
    put(b, "r");
    exchange(a, b);
    expect(shown(a)).toEqual({ r: "v" });
    expectSame(a, b);
  });

  it("removes one by one what lies behind a gap, and tells what it saw of the rest", () => {
    const [a, b] = [started(1), started(2)];
    put(b, "lost");
    put(b, "early");
    const session = new DeltaSession(b.shard, a.shard.vector);
    const writer = new ByteWriter();
    session.writeChunk(writer, 1024);
    const { bytes, view } = loose(writer.copy());
    apply(a, loose(bytes.slice(recordLength(view, 0))));
    expect(shown(a)).toEqual({ early: "v" });
    removeAll(a);
    expect(shown(a)).toEqual({});
    exchange(a, b);
    expect(shown(b)).toEqual({ lost: "v" });
    expectSame(a, b);
  });

  it("ends with its lease, and what is put then knows nothing of that", () => {
    const [a, b] = [started(1), started(2)];
    put(a, "x");
    make(a, [leaseOf(HASH, NOW + 10)]);
    exchange(a, b);
    expect(shown(b, NOW + 10)).toEqual({});
    expect(memberCount(b.shard, HASH, NOW + 10)).toBe(0);
    put(b, "y", "v", NOW + 20);
    expect(shown(b, NOW + 1000)).toEqual({ y: "v" });
    exchange(a, b);
    expect(shown(a, NOW + 1000)).toEqual({ y: "v" });
    expectSame(a, b);
  });

  it("begins anew also once its end was noticed, and then has none", () => {
    const [a, b] = [started(1), started(2)];
    put(a, "x");
    make(a, [leaseOf(HASH, NOW + 10)]);
    exchange(a, b);
    for (const { shard } of [a, b]) shard.expiries.sweep(NOW + 10, 10, () => {});
    put(b, "y", "v", NOW + 20);
    exchange(a, b);
    for (const each of [a, b]) {
      expect(shown(each, NOW + 1000)).toEqual({ y: "v" });
      expect(each.shard.containers.expired.size).toBe(0);
      expect(beginning(each.shard, HASH, NOW + 1000)).toEqual([]);
    }
    expectSame(a, b);
  });

  it("leaves the deletion as it was written for the push to carry, whatever falls by it", () => {
    const a = started(1);
    put(a, "x");
    put(a, "y");
    removeAll(a);
    const { view } = a.writer;
    expect(isDeletion(view, 0)).toBe(true);
    expect(sequenceAt(view, 0)).toBe(3);
  });

  it("forgets when it was to end once its last member is removed", () => {
    const a = started(1);
    put(a, "x");
    make(a, [leaseOf(HASH, NOW + 10)]);
    remove(a, "x");
    put(a, "y");
    expect(shown(a, NOW + 10)).toEqual({ y: "v" });
  });

  it("lets members expire one by one", () => {
    const a = started(1);
    put(a, "x", "v", NOW, NOW + 10);
    put(a, "y");
    expect(shown(a, NOW + 10)).toEqual({ y: "v" });
    a.shard.expiries.sweep(NOW + 10, 10, () => {});
    expect(memberCount(a.shard, HASH, NOW + 10)).toBe(1);
  });

  it("that is long falls in steps, shows nothing of that meanwhile, and keeps what the deletion did not see", () => {
    const [a, b, c] = [started(1), started(2), started(3)];
    for (let i = 0; i < 1000; i++) put(a, `m${i}`, "old");
    put(a, "expiring", "old", NOW, NOW + 50);
    exchange(a, b, c);
    put(b, "m7", "unseen");
    put(b, "other", "unseen");
    sendDelta(b, c);
    removeAll(a);
    sendDelta(a, c);
    const left = { m7: "unseen", other: "unseen" };
    expect(shown(a)).toEqual({});
    expect(shown(c)).toEqual(left);
    for (const { shard } of [a, c]) {
      expect(shard.containers.places.falling.size).toBe(1);
      expect(shard.standing).toBeGreaterThan(900);
      expect(shard.fingerprintAsOf(NOW, 1000)).toBeUndefined();
      expect(memberSlot(shard, HASH, "m8", NOW)).toBe(0);
      // The deletion must not go before what it saw.
      shard.graves.purge(2000, isDeletion);
      expect(shard.containers.find(HASH.kind, HASH.key)?.covers.size).toBe(1);
    }
    expect(memberCount(c.shard, HASH, NOW)).toBe(2);
    put(a, "m8", "new");
    expect(c.shard.falling.step(300)).toBe(false);
    expect(shown(c)).toEqual(left);
    removeAll(c);
    expect(shown(c)).toEqual({});
    put(c, "m9", "newest");
    for (const { shard } of [a, c]) {
      while (!shard.falling.step(300));
      expect(shard.containers.places.falling.size).toBe(0);
    }
    exchange(a, b, c);
    for (const { shard } of [a, b, c]) while (!shard.falling.step(300));
    expect(shown(a)).toEqual({ m8: "new", m9: "newest" });
    expectSame(a, b, c);
  });

  it("that was falling when its replica stopped goes on with that after the next start", () => {
    const a = started(1);
    for (let i = 0; i < 1000; i++) put(a, `m${i}`, "old");
    removeAll(a);
    put(a, "m5", "new");
    a.shard.falling.step(100);
    const again = createShard();
    for (const { view, bytes, length } of records(a)) again.shard.load(view, bytes, 0, length, NOW);
    again.shard.finishLoad();
    expect(shown(again)).toEqual({ m5: "new" });
    expect(memberSlot(again.shard, HASH, "m900", NOW)).toBe(0);
    for (const { shard } of [a, again]) while (!shard.falling.step(300));
    expect(shown(again)).toEqual({ m5: "new" });
    expect(dump(again.shard)).toEqual(dump(a.shard));
  });

  it("counts and ranks those that may be shown, whatever has expired and not been swept yet", () => {
    const end = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });
    const write = fc.record({ name: fc.nat(40).map(String), end });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 80 }), fc.nat(20), fc.boolean(), (writes, after, isSwept) => {
        const a = started(1);
        for (const each of writes) put(a, each.name, "v", NOW, each.end === undefined ? undefined : NOW + each.end);
        if (isSwept) a.shard.expiries.sweep(NOW + after - 5, 1000, () => {});
        const now = NOW + after;
        const slots = [...liveMembers(a.shard, HASH.kind, HASH.key, now)];
        expect(memberCount(a.shard, HASH, now)).toBe(slots.length);
        expect(slots.map((_, rank) => rankedMember(a.shard, HASH, rank, now))).toEqual(slots);
        expect(rankedMember(a.shard, HASH, slots.length, now)).toBe(0);
      }),
    );
  });

  it("is the same wherever all was seen, in whatever order, and loses no addition that no removal saw", () => {
    fc.assert(
      fc.property(schedule, (steps) => {
        const { all, now } = carriedOut(steps, {});
        const last = all[0] as LooseShard;
        put(last, "last", "v", now);
        exchange(...all);
        expect(shown(last)).toHaveProperty("last");
        expectSame(...all);
        expect(memberCount(last.shard, HASH, now)).toBe(Object.keys(shown(last)).length);
      }),
      { numRuns: 500 },
    );
  });

  it("shows the same at every moment, and comes to the same, whether what is deleted falls at once or in steps", () => {
    fc.assert(
      fc.property(schedule, (steps) => {
        const [atOnce, inSteps] = [carriedOut(steps, {}), carriedOut(steps, { fallingAtOnceMax: 0 })];
        expect(inSteps.seen).toEqual(atOnce.seen);
        for (const [i, { shard }] of inSteps.all.entries()) {
          while (!shard.falling.step(1));
          expect(dump(shard)).toEqual(dump((atOnce.all[i] as LooseShard).shard));
        }
        exchange(...inSteps.all);
        for (const { shard } of inSteps.all) shard.falling.step(Infinity);
        expectSame(...inSteps.all);
      }),
      { numRuns: 500 },
    );
  });
});

const replica = fc.nat(2);
const name = fc.constantFrom("a", "b", "c");
const schedule = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant("put" as const), replica, name }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("remove" as const), replica, name }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("removeAll" as const), replica }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant("send" as const), replica, to: replica }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant("fall" as const), replica }) },
  ),
  { size: "max", maxLength: 60 },
);

type Step = typeof schedule extends fc.Arbitrary<(infer T)[]> ? T : never;

/** Three replicas behind some steps, and what each of them showed and counted after each. */
function carriedOut(steps: readonly Step[], options: LooseShardOptions) {
  const all = [started(1, options), started(2, options), started(3, options)];
  const seen: unknown[] = [];
  let now = NOW;
  for (const each of steps) {
    const at = all[each.replica] as LooseShard;
    now++;
    if (each.type === "put") put(at, each.name, String(now), now);
    else if (each.type === "remove") remove(at, each.name, now);
    else if (each.type === "fall") at.shard.falling.step(1);
    else if (each.type === "removeAll") {
      removeAll(at, now);
      expect(shown(at, now)).toEqual({});
    } else if (each.replica !== each.to) sendDelta(at, all[each.to] as LooseShard, now);
    for (const { shard } of all) {
      const names = ["a", "b", "c"].filter((member) => memberSlot(shard, HASH, member, now) !== 0);
      seen.push([names, memberCount(shard, HASH, now), shard.containers.find(HASH.kind, HASH.key)?.bytes ?? 0]);
    }
    seen.push(all.map((shard) => shown(shard, now)));
  }
  return { all, seen, now };
}
