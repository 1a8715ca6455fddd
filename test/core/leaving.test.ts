/** A shard that its replica lets go of, and takes back. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { APPLIED } from "../../src/core/shard/arrivals.ts";
import { encodeHead, restoreHead } from "../../src/core/shard/shard-head.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { createShard, dump, type LooseShard, NOW, origin, record } from "../support/shards.ts";

const SELF = origin(1, 1);
const PEER = origin(2, 1);

/** Ten own registers, ten of a peer, one that expires and one tombstone. */
function filled(): LooseShard {
  const loose = createShard();
  const { shard } = loose;
  shard.beginLife(SELF);
  for (let i = 0; i < 10; i++) shard.write({ kind: 0, key: `own ${i}` as Key, value: new Uint8Array(i) }, NOW);
  shard.write({ kind: 0, key: "own 0" as Key }, NOW);
  shard.write({ kind: 0, key: "expires" as Key, value: new Uint8Array(1), expiresAt: NOW + 10 }, NOW);
  for (let i = 1; i <= 10; i++) {
    const { view, bytes } = record({ key: `peer ${i}`, origin: PEER, sequence: i, value: new Uint8Array(1) });
    shard.apply(view, bytes, 0, bytes.length, NOW);
  }
  const claim = new VersionVector();
  claim.advance(PEER, 10);
  shard.claim(claim);
  shard.tenure.becomeReady();
  return loose;
}

function left(): LooseShard {
  const loose = filled();
  loose.shard.tenure.beginLeaving();
  while (!loose.shard.tenure.leave(4)) {}
  return loose;
}

describe("a shard that leaves", () => {
  it("claims nothing from the first moment, and lets its registers go bit by bit", () => {
    const { shard } = filled();
    const held = shard.table.count;
    shard.tenure.beginLeaving();
    expect([shard.isReady, shard.isLeaving, shard.vector.size]).toEqual([false, true, 0]);
    expect(shard.tenure.leave(4)).toBe(false);
    expect(shard.table.count).toBe(held - 4);
    expect(() => shard.write({ kind: 0, key: "k" as Key }, NOW)).toThrow("BUG");
    while (!shard.tenure.leave(4)) {}
    expect(dump(shard)).toEqual([]);
    const { standing, tombstones, graves, expiries } = shard;
    expect({ standing, tombstones, graves: graves.size, marks: graves.marks, earliest: expiries.earliest }).toEqual({
      standing: 0,
      tombstones: 0,
      graves: 0,
      marks: undefined,
      earliest: Infinity,
    });
    expect([shard.isWhole(), shard.isBlank, [...shard.origins()]]).toEqual([true, true, []]);
    expect([shard.fingerprint.low, shard.fingerprint.high, shard.accounts.sum.low, shard.accounts.sum.high]).toEqual([
      0, 0, 0, 0,
    ]);
  });

  it("tells the disk of every register that went, and that it leaves", () => {
    const { shard } = filled();
    shard.unsaved.take(
      () => {},
      () => {},
    );
    const held = shard.table.count;
    shard.tenure.beginLeaving();
    const again = createShard().shard;
    restoreHead(again, encodeHead(shard));
    expect([again.isLeaving, again.isReady, again.vector.size]).toEqual([true, false, 0]);
    while (!shard.tenure.leave(4)) {}
    let removed = 0;
    shard.unsaved.take(
      () => removed++,
      () => {},
    );
    expect(removed).toBe(held);
    const empty = createShard().shard;
    restoreHead(empty, encodeHead(shard));
    expect([empty.isLeaving, empty.isReady, empty.isBlank]).toEqual([false, false, true]);
  });

  it("takes everything in again as if it had never been there", () => {
    const { shard } = left();
    const { view, bytes } = record({ key: "peer 3", origin: PEER, sequence: 3, value: new Uint8Array(1) });
    expect(shard.apply(view, bytes, 0, bytes.length, NOW)).toBe(APPLIED);
    expect(shard.early().map(({ seen }) => seen)).toEqual([3]);
  });
});

describe("a life that wrote into a shard it let go", () => {
  it("is spent there, until all it wrote is covered again or a later life begins", () => {
    const { shard } = left();
    expect(shard.isSpent).toBe(true);
    expect(() => shard.write({ kind: 0, key: "k" as Key }, NOW)).toThrow("BUG");
    const claim = new VersionVector();
    claim.advance(SELF, 12);
    shard.claim(claim);
    expect(shard.isSpent).toBe(false);
    const slot = shard.write({ kind: 0, key: "k" as Key, value: new Uint8Array(1) }, NOW);
    expect(dump(shard)).toHaveLength(1);
    expect(shard.vector.get(SELF)).toBe(13);
    expect(slot).toBeGreaterThan(0);
  });

  it("is not, where a later life has begun", () => {
    const { shard } = left();
    shard.beginLife(origin(1, 2));
    expect(shard.isSpent).toBe(false);
    shard.write({ kind: 0, key: "k" as Key, value: new Uint8Array(1) }, NOW);
    expect([...shard.vector.entries()]).toEqual([[origin(1, 2), 1]]);
  });

  it("is not, where it had written nothing", () => {
    const { shard } = createShard();
    shard.beginLife(SELF);
    shard.tenure.beginLeaving();
    expect(shard.tenure.leave(1)).toBe(true);
    expect(shard.isSpent).toBe(false);
  });
});

describe("a shard that is ready", () => {
  it("says so on disk, and does no more once it is not", () => {
    const { shard } = filled();
    const back = createShard().shard;
    restoreHead(back, encodeHead(shard));
    expect(back.isReady).toBe(true);
    shard.tenure.becomeUnready();
    const again = createShard().shard;
    restoreHead(again, encodeHead(shard));
    expect([shard.isReady, again.isReady]).toEqual([false, false]);
  });

  it.each([true, false])("is not any more once it forgets what it claims, served or not (%s)", (serve) => {
    const { shard } = filled();
    shard.quarantine.distrust({ serve });
    expect([shard.isReady, shard.vector.size]).toEqual([false, 0]);
  });
});
