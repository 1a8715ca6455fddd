/** What a cluster at rest has to say of a keyspace that some of its members keep, in the simulator's time. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import type { Message } from "../../src/wire/message.ts";
import { typeOfFrame } from "../../src/wire/message-type.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

const FEW = 10;
const MANY = 2000;
const COPIES = 2;
const SHARDS = 16;
const VALUE_BYTES = 100;
/** When they compare is up to chance: in so long a time it evens out. */
const REST_MS = 120_000;
/** Until the disks have all of it, and everybody has heard that from everybody. */
const CALM_DOWN_MS = 15_000;

/** Bytes and messages by what they are. */
type Traffic = Map<Message["type"] | undefined, { bytes: number; messages: number }>;

function listen({ world }: PlacedWorld): Traffic {
  const traffic: Traffic = new Map();
  world.observe({
    recorded: () => {},
    advancing: () => {},
    delivered: ({ bytes }) => {
      const type = typeOfFrame(bytes);
      const each = traffic.get(type) ?? { bytes: 0, messages: 0 };
      traffic.set(type, { bytes: each.bytes + bytes.length, messages: each.messages + 1 });
    },
  });
  return traffic;
}

function copiesIn({ world }: PlacedWorld): number {
  let copies = 0;
  for (const { replica } of world.nodes) {
    for (const shard of replica?.replica?.shards.in(SPACE) ?? []) copies += shard.standing;
  }
  return copies;
}

/** What four members, of whom two keep each key, tell each other at rest. */
async function trafficAtRest(keys: number): Promise<{ readonly bytes: number; readonly traffic: Traffic }> {
  const placed = new PlacedWorld({
    seed: "idle",
    regions: ["eu", "eu", "us", "us"],
    settings: { replication: COPIES },
    replica: { shards: SHARDS },
  });
  await placed.begin();
  const writes = Array.from({ length: keys }, (_, i) =>
    placed.store(0).put(`k${i}` as Key, new Uint8Array(VALUE_BYTES)),
  );
  await placed.do(Promise.all(writes));
  await placed.run(CALM_DOWN_MS);
  expect(copiesIn(placed)).toBe(COPIES * keys);
  const before = placed.world.network.bytes;
  const traffic = listen(placed);
  await placed.run(REST_MS);
  return { bytes: placed.world.network.bytes - before, traffic };
}

describe("four members at rest, two of whom keep each key", () => {
  it("tell each other as much of 2,000 keys as of 10", async () => {
    const few = await trafficAtRest(FEW);
    const many = await trafficAtRest(MANY);
    // One digest answers another: nothing that grows with what is held, shard by shard or key by key.
    const types = (traffic: Traffic) => [...traffic.keys()].sort();
    expect(types(few.traffic)).toEqual(["digest", "ping", "ping-ack", "roster"]);
    expect(types(many.traffic)).toEqual(types(few.traffic));
    expect(Math.abs(many.bytes / few.bytes - 1)).toBeLessThan(0.01);
  });
});
