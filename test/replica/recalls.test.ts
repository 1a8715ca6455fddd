import { describe, expect, it } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import type { Key, ShardId } from "../../src/base/ids.ts";
import { HybridClock } from "../../src/core/clock.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { RecordWriter } from "../../src/core/record/record.ts";
import { Agenda } from "../../src/core/shard/agenda.ts";
import { Residency } from "../../src/core/shard/residency.ts";
import { Shard } from "../../src/core/shard/shard.ts";
import { Arena } from "../../src/core/table/arena.ts";
import { QUEUED_MAX, type Recalled, Recalls } from "../../src/replica/recalls.ts";
import { BOUND_MS, NOW, origin } from "../support/shards.ts";

/** A shard with so many registers whose values are away, and the records that the disk has of them. */
function createAway(count: number, lengths: readonly number[] = []) {
  const arena = new Arena();
  const residency = new Residency(arena, { bytesMax: 0, fillShare: 0 });
  const [clock, agenda, writer] = [new HybridClock(BOUND_MS), new Agenda(), new RecordWriter()];
  const seed = { k0: 1, k1: 2 };
  const shard = new Shard({ id: 0 as ShardId, arena, seed, clock, writer, isPersistent: true, agenda, residency });
  shard.beginLife(origin(1));
  const slots: number[] = [];
  const records: Uint8Array[] = [];
  for (let i = 0; i < count; i++) {
    const slot = shard.write(
      { kind: KIND_PLAIN, key: `k${i}` as Key, value: new Uint8Array(lengths[i] ?? 100).fill(i) },
      NOW,
    );
    const at = shard.table.offsetOf(slot);
    records.push(shard.table.bytesOf(slot).slice(at, at + shard.values.lengthOf(slot)));
    slots.push(slot);
  }
  shard.unsaved.take(
    () => {},
    () => {},
  );
  residency.measure();
  residency.reclaim();
  const lost: number[] = [];
  /** `error`: what reads are answered with at once. */
  const outbox = { reads: [] as Uint8Array[], error: undefined as AtollError | undefined };
  const recalls = new Recalls({
    limits: { keyBytesMax: 100, valueBytesMax: Math.max(1000, ...lengths) },
    isEphemeral: false,
    readValue: (key) => {
      if (outbox.error === undefined) outbox.reads.push(key);
      else recalls.received(key, outbox.error);
    },
    orphans: { note: () => {} },
    recovery: {
      lost: (_shard, slot) => {
        lost.push(slot);
        shard.discard(slot);
      },
    },
    sweptTo: 0,
  });
  const told: Recalled[] = [];
  const want = (i: number) => recalls.want(shard, slots[i] as number, (recalled) => told.push(recalled));
  /** The key that is to be read next. */
  const next = () => outbox.reads.shift() as Uint8Array;
  return { shard, slots, records, recalls, outbox, lost, told, want, next };
}

describe("a value that is wanted", () => {
  it("is refused at once where as many wait as may, all of whom are told when nothing can be read any more", () => {
    const READ = 64;
    const { shard, slots, recalls, outbox, told, want, next } = createAway(READ + QUEUED_MAX + 1);
    for (let i = 0; i < READ + QUEUED_MAX; i++) want(i);
    expect([recalls.waiting, told]).toEqual([READ + QUEUED_MAX, []]);
    want(READ + QUEUED_MAX);
    expect(told.splice(0)).toMatchObject([{ code: "TOO_MANY_REQUESTS" }]);
    const all: string[] = [];
    recalls.wantAll(shard, slots.slice(-1), (recalled) => all.push(recalled));
    recalls.tick();
    expect(all).toEqual(["later"]);
    outbox.error = new AtollError("NOT_READY", "nobody is there");
    while (outbox.reads.length > 0) recalls.received(next(), outbox.error);
    expect([told.length, recalls.waiting]).toEqual([READ + QUEUED_MAX, 0]);
    expect(told.every((each) => each === outbox.error)).toBe(true);
  });

  it("waits for its turn while long ones are read, and what was read is given back at once", () => {
    const MIB = 1024 * 1024;
    const { shard, slots, records, recalls, outbox, told, want, next } = createAway(4, [100, 10 * MIB, 100, 10 * MIB]);
    for (const i of [1, 3, 0]) want(i);
    expect(outbox.reads).toHaveLength(1);
    const read = (records[1] as Uint8Array).slice();
    recalls.received(next(), read);
    expect([read.length, shard.isAway(slots[1] as number), told]).toEqual([0, false, ["look again"]]);
    expect(outbox.reads).toHaveLength(2);
    want(2);
    expect(outbox.reads).toHaveLength(3);
  });

  it("is read once, whoever wants it meanwhile, and is there when they are told", () => {
    const { shard, slots, records, recalls, outbox, told, want, next } = createAway(1);
    for (let i = 0; i < 3; i++) want(0);
    expect(outbox.reads).toHaveLength(1);
    recalls.received(next(), records[0]);
    expect(told).toEqual(["look again", "look again", "look again"]);
    expect([shard.isAway(slots[0] as number), recalls.waiting, outbox.reads.length]).toEqual([false, 0, 0]);
  });

  it("is read once more where another one was read, and is lost where that is so again", () => {
    const { shard, slots, records, recalls, lost, told, want, next } = createAway(2);
    want(0);
    recalls.received(next(), records[1]);
    expect(told).toEqual([]);
    recalls.received(next(), records[0]);
    expect([told, shard.isAway(slots[0] as number)]).toEqual([["look again"], false]);
    for (const read of [undefined, (records[1] as Uint8Array).map((byte, i) => (i === 90 ? byte ^ 1 : byte))]) {
      if (shard.accounts.away === 0) break;
      want(1);
      recalls.received(next(), read);
      recalls.received(next(), read);
    }
    expect([told.at(-1), lost]).toEqual(["lost", [slots[1]]]);
  });

  it("is not taken for lost where the disk cannot be read", () => {
    const { shard, slots, records, recalls, lost, told, want, next } = createAway(1);
    want(0);
    recalls.received(next(), new AtollError("DISK_FAILED", "not now"));
    expect(told).toEqual([expect.objectContaining({ code: "DISK_FAILED" })]);
    want(0);
    recalls.received(next(), records[0]);
    expect([told.at(-1), lost, shard.isAway(slots[0] as number)]).toEqual(["look again", [], false]);
  });

  it("is let be where its register was written or forgotten meanwhile", () => {
    const { shard, slots, records, recalls, lost, told, want, next } = createAway(2);
    want(0);
    want(1);
    shard.write({ kind: KIND_PLAIN, key: "k0" as Key, value: new Uint8Array(3) }, NOW);
    shard.discard(slots[1] as number);
    recalls.received(next(), records[0]);
    recalls.received(next(), undefined);
    expect([told, lost]).toEqual([["look again", "look again"], []]);
    expect(shard.isAway(slots[0] as number)).toBe(false);
  });

  it("waits for its turn where many are read, and comes to an end with the process", () => {
    const { records, recalls, outbox, told, want, next } = createAway(200);
    for (let i = 0; i < 200; i++) want(i);
    const atOnce = outbox.reads.length;
    expect(atOnce).toBeLessThan(100);
    for (let i = 0; i < 150; i++) recalls.received(next(), records[i]);
    expect([told.length, outbox.reads.length]).toEqual([150, 50]);
    recalls.end(new AtollError("SHUTTING_DOWN", "over"));
    expect([told.length, recalls.waiting]).toEqual([200, 0]);
    recalls.received(next(), records[150]);
    expect(told.length).toBe(200);
  });
});
