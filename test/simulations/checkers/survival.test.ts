import { expect, it } from "vitest";
import { entryOf } from "../../../simulations/checkers/survival.ts";
import { latin1FromBytes } from "../../../src/base/bytes.ts";
import type { Key, ShardId } from "../../../src/base/ids.ts";
import { recordKey } from "../../../src/replica/disk-layout.ts";
import { record } from "../../support/shards.ts";

it.each(["k", "\0\xff", "long".repeat(100)])("knows the entry of a register as the replica does: %j", (key) => {
  const { view } = record({ key });
  const entry = latin1FromBytes(recordKey(view, 0, 258 as ShardId));
  expect(entryOf({ key: key as Key, shard: 258 })).toBe(entry);
});
