/** Looking ahead at registers leaves everything as it is, wherever they are and whether or not they are held. */

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { RecordWriter } from "../../../src/core/record/record.ts";
import { LOOKAHEAD_MAX, Lookahead } from "../../../src/core/shard/lookahead.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { createShard, NOW, origin } from "../../support/shards.ts";

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

const KEYS = Array.from({ length: 1500 }, (_, i) => `key:${i}` as Key);
const probe = new RecordWriter();

function hashOf(shard: Shard, key: Key): number {
  probe.writeIdentity(KIND_PLAIN, key);
  return shard.table.hashOf(probe.view, 0);
}

function write(shard: Shard, key: Key, length: number): void {
  const value = length === 0 ? undefined : new Uint8Array(length).fill(length);
  shard.write({ kind: KIND_PLAIN, key, value }, NOW);
}

function told(shard: Shard) {
  const { fingerprint, table, tombstones, vector } = shard;
  const slots = KEYS.map((key) => shard.find(KIND_PLAIN, key));
  const { sum, recordBytes } = shard.accounts;
  return {
    slots,
    tombstones,
    recordBytes,
    vector: [...vector.entries()],
    fingerprint,
    sum,
    bytes: table.residentBytes,
  };
}

test("changes nothing", () => {
  const [looked, twin] = [createShard().shard, createShard().shard];
  const lookahead = new Lookahead();
  // Before the first life, at a table with nothing in it.
  lookahead.add(looked, hashOf(looked, KEYS[0] as Key));
  lookahead.look();
  for (const shard of [looked, twin]) shard.beginLife(origin(1));
  for (let i = 0; i < 2 * KEYS.length; i++) {
    for (let far = 0; far < 2 * LOOKAHEAD_MAX; far++) {
      lookahead.add(looked, hashOf(looked, KEYS[(i * 7 + far * 31) % KEYS.length] as Key));
    }
    if (i % 3 !== 0) lookahead.look();
    // Some are deleted, some longer than is looked at, one has a page of its own.
    const length = i % 5 === 0 ? 0 : i === 77 ? 100_000 : i % 11 === 0 ? 600 : 20 + (i % 90);
    for (const shard of [looked, twin]) write(shard, KEYS[(i * 13) % KEYS.length] as Key, length);
    if (i % 17 !== 0) continue;
    for (const shard of [looked, twin]) shard.discard(shard.find(KIND_PLAIN, KEYS[(i * 13) % KEYS.length] as Key));
  }
  expect(told(looked)).toEqual(told(twin));
});

test("finds nearly all registers by their hashes alone, and hardly any that are not there", () => {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  const [held, absent] = [KEYS.slice(0, 1000), KEYS.slice(1000)];
  for (const key of held) write(shard, key, 10);
  const slots = held.map((key) => shard.table.likelySlot(hashOf(shard, key)));
  const isRight = held.filter((key, i) => slots[i] === shard.find(KIND_PLAIN, key)).length;
  const isWrong = absent.filter((key) => shard.table.likelySlot(hashOf(shard, key)) !== 0).length;
  expect([isRight > 990, isWrong < 10]).toEqual([true, true]);
});

/** A shard that was looked at, and that nobody else has. */
function lookedAt(lookahead: Lookahead): WeakRef<Shard> {
  const { shard } = createShard();
  shard.beginLife(origin(1));
  write(shard, KEYS[0] as Key, 10);
  lookahead.add(shard, hashOf(shard, KEYS[0] as Key));
  lookahead.look();
  return new WeakRef(shard);
}

test("keeps nothing in memory of a replica that is gone", async () => {
  const lookahead = new Lookahead();
  const shard = lookedAt(lookahead);
  // What a reference was made to in this turn is kept for as long as that.
  await new Promise((resolve) => setImmediate(resolve));
  collectGarbage();
  expect(shard.deref()).toBeUndefined();
  lookahead.look();
});
