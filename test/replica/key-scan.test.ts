import { expect, test } from "vitest";
import type { Key, OriginId, ShardId } from "../../src/base/ids.ts";
import { HybridClock } from "../../src/core/clock.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { RecordWriter } from "../../src/core/record/record.ts";
import { Agenda } from "../../src/core/shard/agenda.ts";
import { Shard } from "../../src/core/shard/shard.ts";
import { Arena } from "../../src/core/table/arena.ts";
import { scanKeys } from "../../src/replica/key-scan.ts";

const NOW = 1_750_000_000_000;

function shardWith(id: number, keys: readonly string[]): Shard {
  const shard = new Shard({
    id: id as ShardId,
    arena: new Arena(),
    seed: { k0: 1, k1: 2 },
    clock: new HybridClock(500),
    writer: new RecordWriter(),
    agenda: new Agenda(),
    isPersistent: false,
  });
  shard.beginLife(1 as OriginId);
  for (const key of keys) shard.write({ kind: KIND_PLAIN, key: key as Key, value: new Uint8Array(1) }, NOW);
  return shard;
}

test.each([1, 2, 7, 1000])("comes to every key once, over shards of which some are empty, %i at a time", (count) => {
  const keys = Array.from({ length: 500 }, (_, i) => `key:${i}`);
  const shards = [shardWith(0, []), shardWith(1, keys.slice(0, 300)), shardWith(2, []), shardWith(3, keys.slice(300))];
  const found: string[] = [];
  for (let place = { shard: 0, order: 0, rank: 0 }; ; ) {
    const page = scanKeys(shards, place, { prefix: "", count }, NOW);
    found.push(...page.keys);
    if (page.next === undefined) break;
    place = page.next;
  }
  expect(found.sort()).toEqual(keys.sort());
});
