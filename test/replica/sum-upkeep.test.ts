import { describe, expect, it } from "vitest";
import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { SumUpkeep, type SumUpkeepHost } from "../../src/replica/sum-upkeep.ts";
import { addition } from "../../src/types/counter.ts";
import { createShard, NOW, origin } from "../support/shards.ts";

const KEYS = ["first", "second", "third"] as Key[];

describe("the upkeep of numbers", () => {
  it("goes on with the next key where one cannot be written", () => {
    const { shard } = createShard();
    shard.beginLife(origin(1, 1));
    for (const key of KEYS) shard.write(addition(shard, key, wholeAmount(1), undefined, NOW), NOW);
    shard.beginLife(origin(1, 2));
    shard.seal(1, 2);
    const host = {
      ownership: { self: "a", ownersOf: () => ["a"], isEverywhere: () => true },
      members: { get: () => undefined },
      isLinked: () => true,
      shards: [shard],
      settledTest: () => () => true,
      writes: {
        writeUntold: (_: unknown, write: Parameters<typeof shard.write>[0]) => {
          if (write.key === KEYS[0]) throw new AtollError("VALUE_TOO_LARGE", "too many lives");
          shard.write(write, NOW);
        },
      },
    } as unknown as SumUpkeepHost;
    const upkeep = new SumUpkeep(host);
    upkeep.begin();
    for (let steps = 0; upkeep.isUnderWay && steps < 10; steps++) upkeep.step(NOW + 61_000);
    expect(KEYS.map((key) => shard.find(KIND_PLAIN, key) !== 0)).toEqual([false, true, true]);
    expect(upkeep.written).toBe(2);
    expect(upkeep.isUnderWay).toBe(false);
  });
});
