/** Values that nothing can be stamped above, as a peer or a bad clock may leave them: they stay, and evicting goes on. */

import { expect, it } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import type { Key, Timestamp } from "../../src/base/ids.ts";
import { TIMESTAMP_MAX } from "../../src/core/clock.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { mayBeEvicted } from "../../src/core/shard/evictable.ts";
import { addition } from "../../src/types/counter.ts";
import { Machines } from "../support/machines.ts";

it.each([0, 1, 2, 3])("a number that is stamped %i below the last of all", async (below) => {
  const machines = await Machines.started(["a"], "stamps");
  const replica = machines.at("a");
  const key = "n" as Key;
  const shard = replica.shardOfKey(key);
  const now = machines.clockOf("a");
  const stamp = (TIMESTAMP_MAX - below) as Timestamp;
  const value = bytesFromLatin1("100");
  replica.write(shard, { kind: KIND_PLAIN, key, value, stamp }, false, now);
  const add = () => replica.write(shard, addition(shard, key, wholeAmount(1), undefined, now), false, now);
  // Two ticks above the value at the least.
  if (below < 2) expect(add).toThrow("the greatest stamp there is");
  else add();
  const base = shard.find(KIND_PLAIN, key);
  expect(mayBeEvicted(shard, base)).toBe(below >= 3);
  if (below >= 3) replica.eviction.remove(shard, base, now);
  expect(shard.isStanding(shard.find(KIND_PLAIN, key))).toBe(below < 3);
});
