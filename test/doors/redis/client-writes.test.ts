/** What a client has written is known by shard while these are few, and the last write always. */

import { expect, test } from "vitest";
import type { ShardId } from "../../../src/base/ids.ts";
import { ClientWrites } from "../../../src/doors/redis/client-writes.ts";
import { origin } from "../../support/shards.ts";

test("tells the last write of each shard, and only that it was the last once there are more than 16", () => {
  const writes = new ClientWrites();
  expect([writes.last, writes.dots]).toEqual([undefined, []]);
  const dotIn = (shard: number, sequence: number) => ({ shard: shard as ShardId, origin: origin(3), sequence });
  const note = (shard: number, sequence: number) => writes.wrote(shard as ShardId, origin(3), sequence);
  note(0, 1);
  const [first] = [writes.dots];
  note(0, 2);
  expect([first, writes.dots, writes.last]).toEqual([[dotIn(0, 1)], [dotIn(0, 2)], dotIn(0, 2)]);
  for (let shard = 1; shard < 16; shard++) note(shard, 7);
  expect(writes.dots.length).toBe(16);
  note(16, 8);
  expect([writes.dots, writes.last]).toEqual(["all", dotIn(16, 8)]);
  note(1, 9);
  expect([writes.dots, writes.last]).toEqual(["all", dotIn(1, 9)]);
});
