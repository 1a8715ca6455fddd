/** Watches at replicas that do not hold what is watched. */

import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { shardIdOf } from "../../src/base/shard-id.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { recordLength } from "../../src/core/record/record.ts";
import type { WatchEvent } from "../../src/store.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

async function four(seed: string): Promise<PlacedWorld> {
  const placed = new PlacedWorld({ seed, regions: ["eu", "eu", "us", "us"], settings: { replication: 2 } });
  await placed.begin();
  return placed;
}

function textOf(event: WatchEvent): string {
  if (event.type === "reset") return "reset";
  return event.type === "put"
    ? `${event.key}=${new TextDecoder().decode(event.entry.value)}`
    : `${event.type} ${event.key}`;
}

function watch(placed: PlacedWorld, node: number, resume?: string) {
  const events: string[] = [];
  const tokens: string[] = [];
  const options = { prefix: "", ...(resume === undefined ? {} : { resume }) };
  const { close } = placed.store(node).watch(options, (event) => {
    events.push(textOf(event));
    tokens.push(event.resume);
  });
  return { events, tokens, close };
}

describe("a watch where the keys are not held", () => {
  it("hears of every change that anybody makes, once it was told to read", async () => {
    const placed = await four("watch");
    const key = placed.keyOf([0, 2]);
    const { events, tokens } = watch(placed, 1);
    await placed.run(100);
    expect(new Set(events)).toEqual(new Set(["reset"]));
    events.length = 0;
    for (const node of [0, 2, 3, 1]) await placed.put(node, key, `by ${node}`, { ttlMs: 2000 });
    await placed.do(placed.store(3).delete(key as Key));
    await placed.put(1, key, "last", { ttlMs: 1000 });
    await placed.run(3000);
    const expected = [
      ...[0, 2, 3, 1].map((node) => `${key}=by ${node}`),
      `delete ${key}`,
      `${key}=last`,
      `expire ${key}`,
    ];
    expect(events).toEqual(expected);
    const again = watch(placed, 1, tokens.at(-3));
    await placed.run(100);
    expect(again.events).toEqual(expected.slice(-2));
  });

  it("hears that a value has expired where its own clock is behind that of whom it hears from", async () => {
    const placed = await four("behind");
    const key = placed.keyOf([0, 2]);
    placed.world.node(1).clock.jump(-450);
    const { events } = watch(placed, 1);
    await placed.run(100);
    events.length = 0;
    await placed.put(0, key, "v", { ttlMs: 1000 });
    await placed.run(1250);
    expect(events).toEqual([`${key}=v`, `expire ${key}`]);
  });

  it("is told to read again when whom it heard from is gone, and hears from another", async () => {
    const placed = await four("source");
    const key = placed.keyOf([0, 2]);
    const { events } = watch(placed, 1);
    await placed.run(100);
    for (const gone of [0, 2]) {
      placed.cut([gone], [1]);
      await placed.run(8000);
      expect(events.at(-1)).toBe("reset");
      await placed.put(3, key, `without ${gone}`);
      await placed.run(50);
      expect(events.at(-1)).toBe(`${key}=without ${gone}`);
      placed.heal([gone], [1]);
      await placed.run(8000);
    }
  });

  it("reads of whom it hears from, and not of another that lags behind", async () => {
    const placed = await four("lags");
    const key = placed.keyOf([0, 2]);
    await placed.put(0, key, "old");
    await placed.run(2000);
    placed.cut([0], [2]);
    await placed.run(8000);
    watch(placed, 1);
    await placed.run(100);
    const teller = placed
      .driver(1)
      .replica.watchRelay.sourceOf(placed.driver(1).replica.shardOfKey(key as Key, SPACE).id);
    await placed.put(Number(teller?.slice(1)), key, "new");
    for (let i = 0; i < 30; i++) expect(await placed.get(1, key)).toBe("new");
    expect((await placed.do(placed.store(1).keys({ prefix: "", limit: 10 }))).keys).toEqual([key]);
  });

  it("hears nothing of what it fetches when it comes to own the keys, and reads again once it has them", async () => {
    const placed = await four("fetches");
    const keys = [0, 1, 2, 3, 4].map((place) => placed.keyOf([0, 2], place));
    for (const key of keys) await placed.put(0, key, "v");
    const { events } = watch(placed, 1);
    await placed.run(1000);
    events.length = 0;
    await placed.do(placed.driver(3).defineKeyspace("placed", { replication: 4 }));
    await placed.run(20_000);
    expect(keys.every((key) => placed.held(1, key))).toBe(true);
    expect(new Set(events)).toEqual(new Set(["reset"]));
    await placed.put(1, keys[0] as string, "own");
    expect(events.at(-1)).toBe(`${keys[0]}=own`);
  });

  it("hears of what is written here where nobody can be followed", async () => {
    const placed = await four("guest");
    const key = placed.keyOf([0, 2]);
    const { events } = watch(placed, 1);
    placed.cut([1], [0, 2, 3]);
    await placed.run(60_000);
    events.length = 0;
    await placed.put(1, key, "guest");
    expect(events).toEqual([`${key}=guest`]);
  });

  it("goes on where a policy takes the keys elsewhere", async () => {
    const placed = await four("policy");
    const key = placed.keyOf([0, 2]);
    const { events } = watch(placed, 1);
    await placed.run(100);
    for (const replication of ["all", 1, 3] as const) {
      await placed.do(placed.driver(3).defineKeyspace("placed", { replication }));
      await placed.run(20_000);
      await placed.put(3, key, `${replication}`);
      await placed.run(50);
      expect(events.at(-1)).toBe(`${key}=${replication}`);
    }
  });

  it("costs its owners nothing once nobody has watched for a while", async () => {
    const placed = await four("over");
    const { close } = watch(placed, 1);
    await placed.run(1000);
    const counts = () => [0, 1, 2, 3].map((node) => placed.driver(node).replica.watchRelay);
    expect(counts().some(({ followers }) => followers > 0)).toBe(true);
    close();
    await placed.run(6 * 60_000);
    expect(counts().map(({ followers, followed }) => followers + followed)).toEqual([0, 0, 0, 0]);
  });

  it("is told to read again where whom it hears from leaves a read unanswered, and another answers it", async () => {
    const placed = await four("unanswered");
    const key = placed.keyOf([0, 2]);
    await placed.put(0, key, "v");
    const { events } = watch(placed, 1);
    await placed.run(100);
    const { watchRelay } = placed.driver(1).replica;
    const shard = placed.driver(1).replica.shardOfKey(key as Key, SPACE).id;
    const teller = Number(watchRelay.sourceOf(shard)?.slice(1));
    events.length = 0;
    placed.world.node(teller).pause(2500);
    expect(await placed.get(1, key)).toBe("v");
    await placed.run(3000);
    expect(events).toContain("reset");
    expect(watchRelay.sourceOf(shard)).toBeDefined();
  });

  it("follows whoever does not know it yet as soon as that does", async () => {
    const placed = await four("unknown");
    const key = placed.keyOf([0, 2]);
    const shard = placed.driver(1).replica.shardOfKey(key as Key, SPACE).id;
    const owners = [0, 2].map((node) => placed.driver(node).replica);
    for (const owner of owners) owner.members.giveUp("r1" as ReplicaId, placed.driver(1).replica.life);
    watch(placed, 1);
    await placed.run(200);
    expect(placed.driver(1).replica.watchRelay.sourceOf(shard)).toBeUndefined();
    for (const owner of owners) owner.members.forgive();
    await placed.run(2000);
    expect(placed.driver(1).replica.watchRelay.sourceOf(shard)).toBeDefined();
  });

  it("reads again once, and not once for each of those that tell", async () => {
    const placed = new PlacedWorld({ seed: "once", regions: ["eu", "eu", "us", "us"], settings: { replication: 1 } });
    await placed.begin();
    const { watchRelay } = placed.driver(1).replica;
    const { events } = watch(placed, 1);
    await placed.run(200);
    const tellers = Array.from({ length: 8 }, (_, number) => watchRelay.sourceOf(shardIdOf(SPACE, number)));
    expect(new Set(tellers.filter((id) => id !== undefined)).size).toBeGreaterThan(1);
    expect(events).toEqual(["reset"]);
  });

  it("hears nothing of one that tells while others are still to answer, before it reads again", async () => {
    const quality = (from: number, to: number) => ({ latencyMs: from === 3 || to === 3 ? 300 : 1 });
    const regions = ["eu", "eu", "us", "us"];
    const placed = new PlacedWorld({ seed: "silent", regions, settings: { replication: 1 }, quality });
    await placed.begin();
    const { watchRelay } = placed.driver(1).replica;
    const key = placed.keyOf([0]);
    const { events } = watch(placed, 1);
    await placed.run(10);
    expect(watchRelay.sourceOf(placed.driver(1).replica.shardOfKey(key as Key, SPACE).id)).toBe("r0");
    await placed.put(0, key, "early");
    await placed.run(10);
    expect(events).toEqual([]);
    await placed.run(1000);
    expect(new Set(events)).toEqual(new Set(["reset"]));
    await placed.put(0, key, "late");
    await placed.run(50);
    expect(events.at(-1)).toBe(`${key}=late`);
  });

  it("takes news from nobody but whom it follows", async () => {
    const placed = await four("liar");
    const key = placed.keyOf([0, 2]);
    await placed.put(0, key, "v");
    const { events } = watch(placed, 1);
    await placed.run(100);
    const { replica } = placed.driver(0);
    const { table } = replica.shardOfKey(key as Key, SPACE);
    const slot = replica.shardOfKey(key as Key, SPACE).find(KIND_PLAIN, key as Key);
    const [view, start] = [table.viewOf(slot), table.offsetOf(slot)];
    const records = { bytes: table.bytesOf(slot), view, start, end: start + recordLength(view, start) };
    const before = events.length;
    placed.driver(3).replica.send("r1" as ReplicaId, { type: "news", space: SPACE, records });
    placed
      .driver(3)
      .replica.send("r1" as ReplicaId, { type: "followed", space: SPACE, shards: [0, 1, 2, 3, 4, 5, 6, 7] });
    // The frames go out with whatever this replica does next.
    await placed.get(3, key);
    await placed.run(100);
    expect(events.length).toBe(before);
  });
});
