import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { isDeletion } from "../../src/core/containers/container-part.ts";
import { KIND_SET } from "../../src/core/record/kind.ts";
import { fieldOfName } from "../../src/core/record/member.ts";
import { recordLength } from "../../src/core/record/record.ts";
import { DeltaSession } from "../../src/core/shard/delta.ts";
import { added, type CollectionId, deletionOfAll, leaseOf, memberCount } from "../../src/types/collection.ts";
import { leaseEnd } from "../../src/types/container.ts";
import { apply, createShard, type LooseShard, type LooseShardOptions, loose, NOW, origin } from "../support/shards.ts";

const SET: CollectionId = { kind: KIND_SET, key: "s" as Key };

function started(replica: number, options: LooseShardOptions = {}): LooseShard {
  const made = createShard(options);
  made.shard.beginLife(origin(replica));
  return made;
}

function add({ shard }: LooseShard, ...names: readonly string[]): void {
  for (const name of names) shard.write(added(SET, { name, value: new Uint8Array(0) }), NOW);
}

function removeAll({ shard }: LooseShard, now = NOW): void {
  for (const write of deletionOfAll(shard, SET)) shard.write(write, now);
}

function count({ shard }: LooseShard): number {
  return memberCount(shard, SET, NOW);
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

function slotsOf({ shard }: LooseShard): number[] {
  const slots: number[] = [];
  shard.forEachHeld((slot) => slots.push(slot));
  return slots;
}

describe("a collection that is in doubt", () => {
  it("stays deleted where what falls of it gets new dots first", () => {
    const [a, b] = [started(1, { fallingAtOnceMax: 4 }), started(2)];
    add(a, ...Array.from({ length: 20 }, (_, i) => `m${i}`));
    a.shard.write(leaseOf(SET, NOW + 1000), NOW);
    removeAll(a);
    const slots = slotsOf(a);
    a.shard.quarantine.distrust({ serve: false });
    a.shard.beginLife(origin(1, 5));
    for (const slot of slots) a.shard.redot(slot);
    expect(a.shard.quarantine.reconcile(a.shard.vector, () => "stays")).toBe(true);
    while (!a.shard.falling.step(100));
    send(a, b);
    expect([count(a), count(b)]).toEqual([0, 0]);
    expect([a, b].map(({ shard }) => leaseEnd(shard, SET.kind, SET.key))).toEqual([Infinity, Infinity]);
  });

  it("is as others have it once a deletion is dropped that nobody else knows, however far it had fallen", () => {
    for (const fallingAtOnceMax of [256, 4]) {
      const [a, b] = [started(1, { fallingAtOnceMax }), started(2)];
      add(b, ...Array.from({ length: 20 }, (_, i) => `m${i}`));
      b.shard.write(leaseOf(SET, NOW + 1000), NOW);
      send(b, a);
      removeAll(a, NOW + 1);
      a.shard.quarantine.distrust({ serve: false });
      a.shard.beginLife(origin(1, 5));
      send(b, a);
      expect(a.shard.quarantine.reconcile(a.shard.vector, dropDeletions)).toBe(false);
      send(b, a);
      expect(a.shard.quarantine.reconcile(a.shard.vector, dropDeletions)).toBe(true);
      expect([count(a), count(b)]).toEqual([20, 20]);
      expect([a, b].map(({ shard }) => leaseEnd(shard, SET.kind, SET.key))).toEqual([NOW + 1000, NOW + 1000]);
    }
  });

  it("stays deleted where another deletion saw the same", () => {
    const [a, b] = [started(1), started(2)];
    add(b, "m");
    send(b, a);
    removeAll(a, NOW + 1);
    removeAll(b, NOW + 2);
    send(b, a);
    a.shard.quarantine.distrust({ serve: false });
    a.shard.beginLife(origin(1, 5));
    send(b, a);
    expect(a.shard.quarantine.reconcile(a.shard.vector, dropDeletions)).toBe(true);
    expect([count(a), count(b)]).toEqual([0, 0]);
    expect(a.shard.find(SET.kind, SET.key, fieldOfName("m"))).not.toBe(0);
  });
});

function dropDeletions(view: DataView, at: number): "stays" | "goes" {
  return isDeletion(view, at) ? "goes" : "stays";
}
