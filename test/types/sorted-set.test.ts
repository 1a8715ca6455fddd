import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { checkRecord } from "../../src/core/containers/record-check.ts";
import { encodeScore } from "../../src/core/containers/score-order.ts";
import { KIND_SORTED_SET } from "../../src/core/record/kind.ts";
import { recordLength } from "../../src/core/record/record.ts";
import type { LocalWrite } from "../../src/core/shard/author.ts";
import {
  added,
  beginning,
  type CollectionId,
  deletionOfAll,
  leaseOf,
  memberName,
  memberSlot,
  removed,
} from "../../src/types/collection.ts";
import { liveMembers } from "../../src/types/container.ts";
import { isBeforeMember, isBelowName, isBelowScore, ranked, scoreOf } from "../../src/types/sorted-set.ts";
import { createShard, type LooseShard, NOW, origin, record, sendDelta } from "../support/shards.ts";

const ID: CollectionId = { kind: KIND_SORTED_SET, key: "z" as Key };
const LIMITS = { keyBytesMax: 1024, valueBytesMax: 1024 };

function started(replica: number, fallingAtOnceMax?: number): LooseShard {
  const made = createShard(fallingAtOnceMax === undefined ? {} : { fallingAtOnceMax });
  made.shard.beginLife(origin(replica));
  return made;
}

function make({ shard }: LooseShard, writes: readonly LocalWrite[], now = NOW): void {
  for (const write of writes) shard.write(write, now);
}

function put(at: LooseShard, name: string, score: number, now = NOW, expiresAt?: number): void {
  make(at, beginning(at.shard, ID, now), now);
  make(at, [added(ID, { name, value: encodeScore(score), expiresAt })], now);
}

function remove(at: LooseShard, name: string, now = NOW): void {
  if (memberSlot(at.shard, ID, name, now) !== 0) make(at, [removed(at.shard, ID, name)], now);
}

/** What is shown, by score. */
function shown({ shard }: LooseShard, now = NOW): [string, number][] {
  return [...ranked(shard, ID, now).from(0)].map((slot) => [memberName(shard, slot), scoreOf(shard, slot)]);
}

/** What is live, sorted here. */
function sorted({ shard }: LooseShard, now = NOW): [string, number][] {
  const members = [...liveMembers(shard, ID.kind, ID.key, now)].map((slot): [string, number] => [
    memberName(shard, slot),
    scoreOf(shard, slot),
  ]);
  return members.sort(([nameA, a], [nameB, b]) => (a === b ? (nameA < nameB ? -1 : 1) : a - b));
}

describe("a sorted set", () => {
  it("lies in the order of its scores, and within one score of its names as bytes", () => {
    const a = started(1);
    put(a, "ten", 10);
    put(a, "b", 1);
    put(a, "\xff", 1);
    put(a, "", 1);
    put(a, "least", -Infinity);
    put(a, "most", Infinity);
    put(a, "-", -0.5);
    expect(shown(a).map(([name]) => name)).toEqual(["least", "-", "", "b", "\xff", "ten", "most"]);
  });

  it("takes 0 and -0 for one score", () => {
    const a = started(1);
    put(a, "b", -0);
    put(a, "a", 0);
    put(a, "c", 0);
    expect(shown(a).map(([name]) => name)).toEqual(["a", "b", "c"]);
  });

  it("moves a member whose score is written over", () => {
    const a = started(1);
    put(a, "a", 1);
    put(a, "b", 2);
    put(a, "a", 3);
    expect(shown(a)).toEqual([
      ["b", 2],
      ["a", 3],
    ]);
  });

  it("finds ranks by score, by name and by member", () => {
    const { shard } = [0, 1, 1, 2, 5].reduce((at, score, i) => {
      put(at, `m${i}`, score);
      return at;
    }, started(1));
    const all = ranked(shard, ID, NOW);
    expect(all.rank(isBelowScore(shard, 1, false))).toBe(1);
    expect(all.rank(isBelowScore(shard, 1, true))).toBe(3);
    expect(all.rank(isBelowScore(shard, Infinity, false))).toBe(5);
    expect(all.rank(isBelowName(shard, bytesFromLatin1("m3"), false))).toBe(3);
    expect(all.rank(isBelowName(shard, bytesFromLatin1("m3"), true))).toBe(4);
    expect(all.rank(isBelowName(shard, bytesFromLatin1("m"), true))).toBe(0);
    expect(all.rank(isBeforeMember(shard, memberSlot(shard, ID, "m2", NOW)))).toBe(2);
  });

  it("leaves out members that have expired, swept or not", () => {
    const a = started(1);
    put(a, "x", 1, NOW, NOW + 10);
    put(a, "y", 2);
    expect(shown(a).length).toBe(2);
    expect(shown(a, NOW + 10)).toEqual([["y", 2]]);
    expect(ranked(a.shard, ID, NOW + 10).size).toBe(1);
    a.shard.expiries.sweep(NOW + 10, 10, () => {});
    expect(shown(a, NOW + 10)).toEqual([["y", 2]]);
    put(a, "x", 3, NOW + 20);
    expect(shown(a, NOW + 20).length).toBe(2);
    expect(a.shard.containers.find(ID.kind, ID.key)?.byEnd?.size ?? 0).toBe(0);
  });

  it("shows nothing once it has expired as a whole", () => {
    const a = started(1);
    put(a, "x", 1);
    make(a, [leaseOf(ID, NOW + 10)]);
    expect(shown(a, NOW + 10)).toEqual([]);
  });

  it("shows in quarantine what was confirmed alone", () => {
    const [a, b] = [started(1), started(2)];
    put(a, "x", 1);
    put(a, "y", 2);
    put(b, "z", 0);
    a.shard.quarantine.distrust({ serve: false });
    sendDelta(b, a);
    expect(shown(a)).toEqual([["z", 0]]);
    a.shard.quarantine.reconcile(a.shard.vector, () => "stays");
    expect(shown(a).map(([name]) => name)).toEqual(["z", "x", "y"]);
  });

  it("keeps an addition that a concurrent removal had not seen, and the later of two scores", () => {
    const [a, b] = [started(1), started(2)];
    put(a, "x", 1);
    put(a, "y", 1);
    sendDelta(a, b);
    remove(a, "x", NOW + 1);
    put(b, "x", 5, NOW + 1);
    put(a, "y", 2, NOW + 2);
    put(b, "y", 3, NOW + 3);
    sendDelta(a, b, NOW + 4);
    sendDelta(b, a, NOW + 4);
    expect(shown(a)).toEqual([
      ["y", 3],
      ["x", 5],
    ]);
    expect(shown(b)).toEqual(shown(a));
  });

  it("is in order again once it is read back from a disk", () => {
    const a = started(1);
    for (let i = 0; i < 200; i++) put(a, `m${i}`, (i * 37) % 50, NOW, i % 10 === 0 ? NOW + 10 : undefined);
    for (let i = 0; i < 200; i += 3) remove(a, `m${i}`);
    const { shard } = createShard();
    a.shard.forEachHeld((slot) => {
      const [view, at] = [a.shard.table.viewOf(slot), a.shard.table.offsetOf(slot)];
      shard.load(view, a.shard.table.bytesOf(slot), at, recordLength(view, at), NOW);
    });
    shard.finishLoad();
    const again = { ...a, shard };
    expect(shown(again)).toEqual(shown(a));
    expect(shown(again, NOW + 10)).toEqual(sorted(a, NOW + 10));
  });

  it("takes no record from outside whose score is out of form", () => {
    const check = (value: Uint8Array, kind = KIND_SORTED_SET) => {
      const { bytes, view } = record({ key: "z", kind, field: "+x", value });
      return () => checkRecord(view, 0, bytes.length, LIMITS);
    };
    expect(check(encodeScore(1))).not.toThrow();
    expect(check(encodeScore(NaN))).toThrow("score out of form");
    expect(check(new Uint8Array(7))).toThrow("score out of form");
    expect(check(new Uint8Array(0))).toThrow("score out of form");
    expect(check(new Uint8Array(9))).toThrow("score out of form");
  });

  it("is in order whatever comes and goes, and the same wherever all was seen", () => {
    const replica = fc.nat(2);
    const name = fc.constantFrom("", "a", "b", "c", "d", "e");
    const score = fc.constantFrom(0, -0, 1, 2, -1, Infinity, -Infinity, 0.5);
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ type: fc.constant("put" as const), replica, name, score }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("mortal" as const), replica, name, score }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant("remove" as const), replica, name }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("removeAll" as const), replica }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("sweep" as const), replica }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("purge" as const), replica }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant("fall" as const), replica }) },
      { weight: 4, arbitrary: fc.record({ type: fc.constant("send" as const), replica, to: replica }) },
    );
    fc.assert(
      fc.property(fc.array(step, { size: "max", maxLength: 60 }), fc.constantFrom(undefined, 0), (steps, atOnce) => {
        const all = [started(1, atOnce), started(2, atOnce), started(3, atOnce)] as const;
        let now = NOW;
        for (const each of steps) {
          const at = all[each.replica] as LooseShard;
          now++;
          if (each.type === "put") put(at, each.name, each.score, now);
          else if (each.type === "mortal") put(at, each.name, each.score, now, now + 3);
          else if (each.type === "remove") remove(at, each.name, now);
          else if (each.type === "removeAll") make(at, deletionOfAll(at.shard, ID), now);
          else if (each.type === "sweep") at.shard.expiries.sweep(now, 100, () => {});
          else if (each.type === "fall") at.shard.falling.step(1);
          else if (each.type === "purge") at.shard.graves.purge(1, () => false);
          else if (each.replica !== each.to) sendDelta(at, all[each.to] as LooseShard, now);
          expect(shown(at, now)).toEqual(sorted(at, now));
        }
        now += 10;
        for (const { shard } of all) {
          shard.falling.step(Infinity);
          shard.expiries.sweep(now, 1000, () => {});
        }
        for (const from of [...all, ...all]) for (const to of all) if (from !== to) sendDelta(from, to, now);
        for (const each of all) {
          each.shard.falling.step(Infinity);
          each.shard.expiries.sweep(now, 1000, () => {});
          expect(shown(each, now)).toEqual(sorted(each, now));
          expect(shown(each, now)).toEqual(shown(all[0], now));
          expect(each.shard.fingerprint).toEqual(all[0].shard.fingerprint);
        }
      }),
      { numRuns: 200 },
    );
  });
});
