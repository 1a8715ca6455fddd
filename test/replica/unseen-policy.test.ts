/** Keyspaces that a replica has heard of, before it knows who keeps their keys: it says nothing of any of them. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { shardIdOf } from "../../src/base/shard-id.ts";
import { spaceOfName } from "../../src/cluster/keyspaces.ts";
import type { Store } from "../../src/store.ts";
import { NAME, PlacedWorld, SETTLE_MS, SPACE } from "../support/placed-world.ts";

const KEY = "k" as Key;
const REGIONS = ["eu", "us", "eu"];
/** Node 1 keeps all of it. */
const AT_ONE = { replication: 1, regions: ["us"] } as const;

const text = (value: string) => new TextEncoder().encode(value);
const codeOf = (error: unknown) => (error as { readonly code?: string }).code;

/** Nothing that is handed to the disk of node 2 is on it, for as long as the test likes. */
async function heldBack(seed: string, settings: PlacedWorldSettings = AT_ONE): Promise<PlacedWorld> {
  const placed = new PlacedWorld({ seed, regions: REGIONS, settings });
  for (const node of placed.world.nodes) node.start();
  await placed.run(3000);
  placed.world.node(2).disk.slowDown(1e9);
  await placed.do(placed.driver(0).defineKeyspace(NAME, settings));
  await placed.put(0, KEY, "v");
  await placed.run(SETTLE_MS);
  return placed;
}

type PlacedWorldSettings = ConstructorParameters<typeof PlacedWorld>[0]["settings"];

/** All that may be asked of a keyspace's keys. */
const requests: readonly [string, (store: Store) => Promise<unknown>][] = [
  ["a read", (store) => store.get(KEY)],
  ["a read of a majority", (store) => store.get(KEY, { consistency: "quorum" })],
  ["a write", (store) => store.put(KEY, text("w"))],
  ["a write on a condition", (store) => store.put(KEY, text("w"), { condition: { type: "absent" } })],
  ["a deletion", (store) => store.delete(KEY)],
  ["a batch", (store) => store.batch([{ type: "get", key: KEY }])],
  ["a listing", (store) => store.keys({ prefix: "", limit: 10 })],
  ["what comes with a session", (store) => store.catchUp([], 0)],
];

describe("a replica whose disk does not have the policy of a keyspace yet", () => {
  it.each(requests)("answers %s with NOT_READY, within a second and a bit", async (_what, ask) => {
    const placed = await heldBack("held back");
    const { replica } = placed.driver(2);
    expect([replica.keyspaces.get(NAME)?.name, replica.ownership.isInView(SPACE)]).toEqual([NAME, false]);
    expect(await placed.do(ask(placed.store(2)), 1500).catch(codeOf)).toBe("NOT_READY");
    expect(placed.held(2, KEY)).toBe(false);
  });

  it.each(requests.filter(([what]) => what === "a read" || what === "a write"))(
    "answers %s with what is true, where the policy counts in time",
    async (_what, ask) => {
      const placed = await heldBack("in time");
      const asking = ask(placed.store(2));
      await placed.run(300);
      placed.world.node(2).disk.speedUp();
      await placed.do(asking, 1000);
      expect(await placed.get(2, KEY)).toBe(await placed.get(1, KEY));
      expect(placed.held(2, KEY)).toBe(false);
    },
  );

  it("answers for nobody else either, and takes no write of another's", async () => {
    const placed = await heldBack("asked by others", { replication: 1, regions: ["eu"] });
    const [inView, unseen] = [0, 2];
    const key = placed.keyOf([unseen]) as Key;
    // Who sees the policy asks its owner, which knows nothing yet; what nobody takes is kept by who was asked.
    await placed.put(inView, key, "by a guest");
    expect([placed.held(inView, key), placed.held(unseen, key)]).toEqual([true, false]);
    expect(await placed.get(inView, key)).toBe("by a guest");
    placed.world.node(unseen).disk.speedUp();
    await placed.run(SETTLE_MS);
    expect([placed.held(inView, key), placed.held(unseen, key)]).toEqual([false, true]);
  });

  it("has watchers read again once others tell it", async () => {
    const placed = await heldBack("watched");
    const events: string[] = [];
    placed.store(2).watch({ prefix: "" }, ({ type }) => events.push(type));
    await placed.put(1, KEY, "w");
    await placed.run(1000);
    expect(events).toEqual([]);
    placed.world.node(2).disk.speedUp();
    await placed.run(SETTLE_MS);
    expect(new Set(events)).toEqual(new Set(["reset"]));
    events.length = 0;
    await placed.put(0, KEY, "x");
    await placed.run(100);
    expect(events).toEqual(["put"]);
  });

  it("has it count with the batch after the one that brings it, and not a moment later", async () => {
    const placed = await heldBack("one batch");
    const { replica } = placed.driver(2);
    let batches = 0;
    placed.world.node(2).disk.speedUp();
    const before = placed.world.node(2).disk.writes;
    while (!replica.ownership.isInView(SPACE)) {
      await placed.run(1);
      batches = placed.world.node(2).disk.writes - before;
    }
    expect(batches).toBeLessThanOrEqual(3);
  });
});

describe("a replica without a disk", () => {
  it("knows who keeps a keyspace with its next tick", async () => {
    const placed = new PlacedWorld({ seed: "no disk", regions: REGIONS, settings: AT_ONE, durable: false });
    for (const node of placed.world.nodes) node.start();
    await placed.run(5000);
    await placed.do(placed.driver(0).defineKeyspace(NAME, AT_ONE));
    await placed.run(60);
    for (const node of [0, 1, 2]) expect(placed.driver(node).replica.ownership.isInView(SPACE)).toBe(true);
  });
});

describe("a replica that a definition has not reached", () => {
  /** Node 0 defines it, which node 2 does not hear; node 1 does. */
  async function unheard(): Promise<PlacedWorld> {
    const settings = { replication: "all" } as const;
    const replica = { antiEntropyMs: 60_000 };
    const placed = new PlacedWorld({ seed: "unheard of", regions: REGIONS, settings, replica });
    for (const node of placed.world.nodes) node.start();
    await placed.run(5000);
    placed.cut([0], [2]);
    await placed.do(placed.driver(0).defineKeyspace(NAME, settings));
    await placed.run(100);
    return placed;
  }

  it("says that there is no such keyspace", async () => {
    const placed = await unheard();
    expect(placed.driver(2).keyspace(NAME)).toBeUndefined();
  });

  it("says that it is on its way once another speaks of it; of a name that nobody spoke of it does not", async () => {
    const placed = await unheard();
    await placed.put(1, KEY, "v");
    await placed.run(10);
    expect(() => placed.driver(2).keyspace(NAME)).toThrow(expect.objectContaining({ code: "NOT_READY" }));
    expect(placed.driver(2).keyspace("another")).toBeUndefined();
  });

  it("says so to a session that has seen something of it", async () => {
    const placed = await unheard();
    const dot = { shard: shardIdOf(spaceOfName(NAME), 1), origin: 1 as never, sequence: 1 };
    expect(() => placed.driver(2).keyspace(NAME, [dot])).toThrow(expect.objectContaining({ code: "NOT_READY" }));
    expect(placed.driver(2).keyspace("another", [dot])).toBeUndefined();
  });
});

describe("a listing", () => {
  it("asks once more where the owners see another view, or are not ready, for a while", async () => {
    const placed = new PlacedWorld({ seed: "listing", regions: REGIONS, settings: AT_ONE });
    await placed.begin();
    await placed.put(0, KEY, "v");
    const shards = placed.driver(1).replica.shards.in(SPACE);
    for (const shard of shards) shard.tenure.becomeUnready();
    const listing = placed.store(2).keys({ prefix: "", limit: 10 });
    await placed.run(120);
    for (const shard of shards) shard.tenure.becomeReady();
    expect((await placed.do(listing, 1000)).keys).toEqual([KEY]);
  });
});
