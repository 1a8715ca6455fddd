import { describe, expect, it } from "vitest";
import type { Key, ShardId } from "../../../src/base/ids.ts";
import { HybridClock } from "../../../src/core/clock.ts";
import { checkRecord } from "../../../src/core/containers/record-check.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { FLAG_AWAY, FLAG_GONE, flagsAt, RecordWriter, recordLength } from "../../../src/core/record/record.ts";
import { Agenda } from "../../../src/core/shard/agenda.ts";
import { APPLIED, SAME } from "../../../src/core/shard/arrivals.ts";
import { Residency } from "../../../src/core/shard/residency.ts";
import { Shard } from "../../../src/core/shard/shard.ts";
import { Arena } from "../../../src/core/table/arena.ts";
import { BOUND_MS, NOW, origin } from "../../support/shards.ts";

const LIMITS = { keyBytesMax: 100, valueBytesMax: 100_000 };
const VALUE = new Uint8Array(200).fill(7);

/** Two shards whose values may go, with room for so many bytes of records, and the disk that has what was written. */
function createShards(recordBytes: number) {
  const arena = new Arena();
  const residency = new Residency(arena, { bytesMax: 0, fillShare: 1 });
  const writer = new RecordWriter();
  const shards = [0, 1].map(
    (id) =>
      new Shard({
        id: id as ShardId,
        arena,
        seed: { k0: 1, k1: 2 },
        clock: new HybridClock(BOUND_MS),
        writer,
        isPersistent: true,
        agenda: new Agenda(),
        residency,
      }),
  );
  for (const shard of shards) shard.beginLife(origin(1));
  const disk = new Map<string, Uint8Array>();
  const write = (shard: Shard, key: string, value: Uint8Array | undefined = VALUE, expiresAt?: number) =>
    shard.write({ kind: KIND_PLAIN, key: key as Key, value, expiresAt }, NOW);
  const persist = () => {
    for (const shard of shards) {
      shard.unsaved.take(
        () => {},
        (slot) => {
          const at = shard.table.offsetOf(slot);
          disk.set(`${shard.id} ${slot}`, shard.table.bytesOf(slot).slice(at, at + shard.values.lengthOf(slot)));
        },
      );
    }
  };
  const reclaim = () => {
    residency.measure();
    residency.bytesMax = recordBytes + residency.fixedBytes;
    residency.reclaim();
  };
  const takeBack = (shard: Shard, slot: number, bytes = disk.get(`${shard.id} ${slot}`) as Uint8Array) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return shard.values.takeBack(slot, view, bytes, 0, checkRecord(view, 0, bytes.length, LIMITS));
  };
  return { arena, residency, shards: shards as [Shard, Shard], disk, write, persist, reclaim, takeBack };
}

const slotsOf = (shard: Shard) => {
  const slots: number[] = [];
  shard.forEachHeld((slot) => slots.push(slot));
  return slots;
};

it("takes records up to half of all there is, though tables, which do not shrink, have grown beyond the rest", () => {
  const { arena, residency, shards, write } = createShards(0);
  for (let i = 0; i < 100; i++) write(shards[0], `k${i}`);
  residency.bytesMax = 2.1 * arena.usedBytes;
  residency.fixedBytes = 0.7 * residency.bytesMax;
  expect(residency.isFull).toBe(false);
  for (let i = 100; i < 120; i++) write(shards[0], `k${i}`);
  expect(residency.isFull).toBe(true);
  residency.fixedBytes = 0.2 * residency.bytesMax;
  expect(residency.isFull).toBe(false);
});

describe("values that are away", () => {
  it("go from wherever in whichever shard they are", () => {
    const { shards, write, persist, reclaim } = createShards(0);
    for (let i = 0; i < 5000; i++) write(shards[i < 2500 ? i % 2 : 1] as Shard, `k${i}`);
    persist();
    for (let i = 0; i < 3; i++) reclaim();
    for (const shard of shards) expect(slotsOf(shard).filter((slot) => !shard.isAway(slot))).toEqual([]);
    expect(shards.map(({ accounts }) => accounts.away)).toEqual([1250, 3750]);
  });

  it("go once the disk has them and there is no room, and come back as they were", () => {
    const { arena, shards, write, persist, reclaim, takeBack } = createShards(5000);
    for (let i = 0; i < 100; i++) write(shards[i % 2] as Shard, `k${i}`);
    reclaim();
    expect(shards.map(({ accounts }) => accounts.away)).toEqual([0, 0]);
    persist();
    const before = shards.map(({ accounts: { sum, fingerprint } }) => [
      sum.low,
      sum.high,
      fingerprint.low,
      fingerprint.high,
    ]);
    reclaim();
    expect(arena.usedBytes).toBeLessThanOrEqual(100 * 64);
    for (const shard of shards) {
      expect(shard.accounts.away).toBeGreaterThan(40);
      for (const slot of slotsOf(shard).filter((each) => shard.isAway(each))) {
        expect(shard.isLive(slot, NOW)).toBe(true);
        expect(takeBack(shard, slot)).toBe(true);
        const view = shard.table.viewOf(slot);
        expect(checkRecord(view, shard.table.offsetOf(slot), view.byteLength, LIMITS)).toBe(
          shard.values.lengthOf(slot),
        );
      }
      expect(shard.accounts.away).toBe(0);
    }
    expect(
      shards.map(({ accounts: { sum, fingerprint } }) => [sum.low, sum.high, fingerprint.low, fingerprint.high]),
    ).toEqual(before);
  });

  it("are overwritten, deleted, expire and are let go of like others", () => {
    const { shards, write, persist, reclaim } = createShards(0);
    const [shard] = shards;
    const slots = ["overwritten", "deleted", "expiring", "left"].map((key) =>
      write(shard, key, VALUE, key === "expiring" ? NOW + 10 : undefined),
    );
    persist();
    reclaim();
    expect(slots.map((slot) => shard.isAway(slot))).toEqual([true, true, true, true]);
    write(shard, "overwritten");
    write(shard, "deleted", undefined);
    shard.expiries.sweep(NOW + 10, 10, () => {});
    const [view, at] = [shard.table.viewOf(slots[2] as number), shard.table.offsetOf(slots[2] as number)];
    expect(flagsAt(view, at) & (FLAG_GONE | FLAG_AWAY)).toBe(FLAG_GONE);
    expect(checkRecord(view, at, view.byteLength, LIMITS)).toBe(recordLength(view, at));
    expect(shard.accounts.away).toBe(1);
    shard.tenure.beginLeaving();
    expect(shard.tenure.leave(10)).toBe(true);
    expect(shard.accounts.away).toBe(0);
  });

  it("are counted for their keyspace as long as they are in memory, with their keys, whatever happens to them", () => {
    const { residency, shards, write, persist, reclaim, takeBack } = createShards(2000);
    const held = () => shards.flatMap((shard) => slotsOf(shard).map((slot) => shard.values.lengthOf(slot)));
    const expectCounted = () =>
      expect(residency.poolOf(shards[0])?.bytes).toBe(held().reduce((sum, length) => sum + length, 0));
    const steps = [
      () => {
        for (let i = 0; i < 30; i++) write(shards[i % 2] as Shard, `k${i}`, VALUE, i > 25 ? NOW + 10 : undefined);
      },
      persist,
      reclaim,
      () => write(shards[0], "k0", VALUE.subarray(0, 100)),
      () => write(shards[1], "k1", undefined),
      () => write(shards[0], "short", VALUE.subarray(0, 3)),
      () => {
        for (const slot of slotsOf(shards[0]).filter((each) => shards[0].isAway(each))) takeBack(shards[0], slot);
      },
      () => shards[0].expiries.sweep(NOW + 10, 100, () => {}),
      () => {
        shards[1].tenure.beginLeaving();
        shards[1].tenure.leave(Infinity);
      },
    ];
    for (const step of steps) {
      step();
      expectCounted();
    }
    expect(held().length).toBeGreaterThan(10);
  });

  it("stay while they wait for the disk, while they are in doubt, and where they are short", () => {
    const { shards, write, persist, reclaim } = createShards(0);
    const [shard, other] = shards;
    write(shard, "short", new Uint8Array(8));
    write(other, "doubted");
    persist();
    write(shard, "dirty");
    other.quarantine.distrust({ serve: true });
    reclaim();
    expect([shard.accounts.away, other.accounts.away]).toEqual([0, 0]);
  });

  it("come back with the same write from elsewhere, and with no other", () => {
    const { shards, disk, write, persist, reclaim, takeBack } = createShards(0);
    const [shard] = shards;
    const slot = write(shard, "k");
    persist();
    const first = disk.get(`0 ${slot}`) as Uint8Array;
    write(shard, "k");
    persist();
    reclaim();
    expect(shard.isAway(slot)).toBe(true);
    expect(takeBack(shard, slot, first)).toBe(false);
    const bytes = disk.get(`0 ${slot}`) as Uint8Array;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    expect(shard.apply(view, bytes, 0, bytes.length, NOW)).toBe(SAME);
    expect(shard.isAway(slot)).toBe(false);
    expect(APPLIED).not.toBe(SAME);
  });

  it("are those that nobody asked for", () => {
    const { shards, residency, write, persist, reclaim } = createShards(400 * 64 + 40 * 256);
    const [shard] = shards;
    const hot = Array.from({ length: 10 }, (_, i) => write(shard, `hot${i}`));
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 20; i++) write(shard, `${round} ${i}`);
      for (const slot of hot) shard.values.used(slot);
      persist();
      reclaim();
    }
    expect(hot.filter((slot) => shard.isAway(slot))).toEqual([]);
    expect(residency.letGone).toBeGreaterThan(300);
  });

  it("are not taken for a record by whoever checks one", () => {
    const { shards, write, persist, reclaim } = createShards(0);
    const [shard] = shards;
    const slot = write(shard, "k");
    persist();
    reclaim();
    const [view, at] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
    expect(() => checkRecord(view, at, view.byteLength, LIMITS)).toThrow(/flags/);
  });
});
