/** Requests for keys that other replicas hold: who carries them out, and what happens when somebody does not answer. */

import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { NAME, PlacedWorld, SETTLE_MS } from "../support/placed-world.ts";

async function four(seed: string, latencyMs = 1): Promise<PlacedWorld> {
  const regions = ["eu", "eu", "eu", "eu"];
  const placed = new PlacedWorld({ seed, regions, settings: { replication: 2 }, quality: () => ({ latencyMs }) });
  await placed.begin();
  return placed;
}

const code = (error: unknown) => (error as { readonly code?: string }).code;

describe("a replica that has just started", () => {
  it("does not say that there is no keyspace before it has heard of all", async () => {
    const regions = ["eu", "eu", "eu"];
    const placed = new PlacedWorld({ seed: "unheard", regions, settings: { replication: 1 } });
    await placed.begin([0, 1]);
    placed.world.node(2).start();
    await placed.run(20);
    expect(() => placed.driver(2).keyspace("no-such-one")).toThrow("is not ready");
    await placed.run(SETTLE_MS);
    expect(placed.driver(2).keyspace("no-such-one")).toBeUndefined();
  });
});

describe("a replica that does not own a key", () => {
  it("writes and reads it at those who do, and keeps nothing", async () => {
    const placed = await four("forward");
    const key = placed.keyOf([0, 1]);
    const { existed } = await placed.put(2, key, "v");
    expect(existed).toBe(false);
    expect([await placed.get(2, key), await placed.get(3, key)]).toEqual(["v", "v"]);
    await placed.run(1000);
    expect([0, 1, 2, 3].map((node) => placed.held(node, key))).toEqual([true, true, false, false]);
    expect((await placed.put(3, key, "w")).existed).toBe(true);
    await placed.do(placed.store(2).delete(key as Key));
    await placed.run(100);
    expect(await placed.get(3, key)).toBeUndefined();
  });

  it("has the version, the expiry and the type that an owner gave", async () => {
    const placed = await four("facts");
    const key = placed.keyOf([0, 1]);
    const { version, dot } = await placed.put(2, key, "v", { ttlMs: 5000, contentType: "text/plain" });
    const read = await placed.do(placed.store(3).get(key as Key));
    const there = await placed.do(placed.store(0).get(key as Key));
    expect(read).toEqual(there);
    expect(read).toMatchObject({ dot, entry: { version, contentType: "text/plain" } });
    await placed.run(6000);
    expect(await placed.get(2, key)).toBeUndefined();
  });

  it("has conditions decided by an owner", async () => {
    const placed = await four("conditions");
    const key = placed.keyOf([0, 1]);
    const { version } = await placed.put(2, key, "v");
    await placed.run(100);
    const absent = placed.put(3, key, "x", { condition: { type: "absent" } });
    expect(await absent.catch(code)).toBe("PRECONDITION_FAILED");
    await placed.put(3, key, "w", { condition: { type: "version", versions: [version] } });
    const again = placed.put(2, key, "x", { condition: { type: "version", versions: [version] } });
    expect(await again.catch(code)).toBe("PRECONDITION_FAILED");
    expect(await placed.get(2, key)).toBe("w");
  });

  it("waits for the owners' acknowledgements, and reads from a majority of them", async () => {
    const placed = await four("acks");
    const key = placed.keyOf([0, 1]);
    const { acks } = await placed.put(2, key, "v", { ack: "all" });
    expect(acks).toEqual({ reached: 2, wanted: 2, met: true });
    expect(await placed.get(3, key, { consistency: "quorum" })).toBe("v");
    placed.cut([0], [1, 2, 3]);
    expect((await placed.put(2, key, "w", { ack: "all", ackTimeoutMs: 500 })).acks.met).toBe(false);
    const read = placed.get(3, key, { consistency: "quorum" });
    expect(await read.catch(code)).toBe("QUORUM_UNREACHABLE");
  });

  it("reads from another owner where the first sees no majority", async () => {
    const regions = ["eu", "eu", "eu", "eu"];
    const placed = new PlacedWorld({ seed: "no majority", regions, settings: { replication: 3 } });
    await placed.begin();
    const key = placed.keyOf([0, 1, 2]);
    await placed.put(3, key, "v", { ack: "all" });
    placed.cut([0], [1, 2]);
    // Who says at once that it sees none looks like the fastest.
    placed.driver(0).replica.mayLink = () => false;
    await placed.run(10_000);
    for (let i = 0; i < 8; i++) {
      await placed.run(1000);
      expect(await placed.get(3, key, { consistency: "quorum" })).toBe("v");
    }
  });

  it("asks another owner when one is gone, and the write is one write", async () => {
    const placed = await four("retry");
    const key = placed.keyOf([0, 1]);
    for (const gone of [0, 1]) {
      const answers = ["a", "b", "c", "d"].map((value) =>
        placed.store(2).put(`${key}` as Key, new TextEncoder().encode(value)),
      );
      placed.world.network.cut(gone, 2);
      placed.world.network.cut(2, gone);
      await Promise.all(answers.map((each) => placed.do(each)));
      expect(await placed.get(2, key)).toBe("d");
      placed.heal([gone], [2]);
      await placed.run(SETTLE_MS);
      expect([await placed.get(0, key), await placed.get(1, key)]).toEqual(["d", "d"]);
    }
    expect(placed.held(2, key)).toBe(false);
  });

  it("tells what it does not know: a condition that an owner may have decided before it was gone", async () => {
    const placed = await four("unknown", 50);
    const key = placed.keyOf([0, 1]);
    placed.cut([0], [2]);
    await placed.run(8000);
    const write = placed.store(2).put(key as Key, new Uint8Array(1), { condition: { type: "absent" } });
    await placed.run(70);
    placed.cut([1], [2]);
    expect(await placed.do(write).catch(code)).toBe("OUTCOME_UNKNOWN");
    placed.heal([0, 1], [2]);
    await placed.run(SETTLE_MS);
    expect(await placed.get(2, key)).toBe("\0");
  });

  it("becomes a guest where no owner can be reached, reads its own writes, and hands them over", async () => {
    const placed = await four("guest");
    const key = placed.keyOf([0, 1]);
    await placed.put(2, key, "old");
    placed.cut([2, 3], [0, 1]);
    await placed.run(8000);
    await placed.put(2, key, "guest's");
    expect(await placed.get(2, key)).toBe("guest's");
    expect(await placed.get(0, key)).toBe("old");
    placed.heal([2, 3], [0, 1]);
    await placed.run(2 * SETTLE_MS);
    expect([await placed.get(0, key), await placed.get(1, key), await placed.get(3, key)]).toEqual([
      "guest's",
      "guest's",
      "guest's",
    ]);
    expect(placed.held(2, key)).toBe(false);
  });

  it("lists the keys of all owners, each once, page by page, at every replica alike", async () => {
    const placed = await four("list");
    const keys = Array.from({ length: 200 }, (_, i) => `list/${i}`);
    for (const [i, key] of keys.entries()) await placed.put(i % 4, key, "v");
    await placed.put(0, "other", "v");
    await placed.run(1000);
    for (const limit of [7, 1000]) {
      const found: string[] = [];
      let cursor: string | undefined;
      let pages = 0;
      do {
        const options = { prefix: "list/", limit, ...(cursor === undefined ? {} : { cursor }) };
        const page = await placed.do(placed.store(pages++ % 4).keys(options));
        expect(page.keys.length).toBeLessThanOrEqual(limit);
        found.push(...page.keys);
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(found.sort()).toEqual([...keys].sort());
    }
  });

  it("lets a session read what it wrote, whichever owner it asks", async () => {
    const placed = await four("session");
    const key = placed.keyOf([0, 1]);
    placed.cut([0], [1]);
    placed.cut([0], [2]);
    await placed.run(8000);
    const { dot } = await placed.put(2, key, "v");
    placed.heal([0], [2]);
    placed.cut([1], [3]);
    await placed.run(8000);
    // Of the two owners only the one without the write can be reached from here.
    expect(await placed.get(3, key)).toBeUndefined();
    const behind = placed
      .store(3)
      .catchUp([dot], 500)
      .then((store) => store.get(key as Key));
    expect(await placed.do(behind).catch(code)).toBe("SESSION_BEHIND");
    placed.heal([0], [1]);
    placed.heal([1], [3]);
    await placed.run(SETTLE_MS);
    const store = await placed.do(placed.store(3).catchUp([dot], 500));
    expect((await placed.do(store.get(key as Key))).entry?.version).toBeDefined();
  });

  it("does not show a session less than it has seen where no owner can be reached", async () => {
    const placed = await four("session of a guest");
    const key = placed.keyOf([0, 1]);
    const { dot } = await placed.put(2, key, "v");
    placed.cut([2, 3], [0, 1]);
    await placed.run(8000);
    const store = await placed.do(placed.store(2).catchUp([dot], 300));
    expect(await placed.do(store.get(key as Key)).catch(code)).toBe("SESSION_BEHIND");
    expect(await placed.do(store.put(key as Key, new Uint8Array(1))).catch(code)).toBe("SESSION_BEHIND");
    expect(await placed.get(2, key)).toBeUndefined();
  });

  it("does not let a clock that is behind lose its writes", async () => {
    const placed = await four("stale");
    const key = placed.keyOf([0, 1]);
    placed.world.node(2).clock.jump(-400);
    await placed.put(0, key, "first");
    await placed.run(10);
    await placed.put(2, key, "second");
    await placed.run(1000);
    expect([await placed.get(0, key), await placed.get(1, key), await placed.get(2, key)]).toEqual([
      "second",
      "second",
      "second",
    ]);
  });
});

describe("a replica that comes to own a key", () => {
  it("is asked once more by who came too early, and says itself that it is not the one as long as it holds nothing", async () => {
    const regions = ["eu", "us", "asia"];
    const placed = new PlacedWorld({ seed: "too early", regions, settings: { replication: { eu: 1 } } });
    await placed.begin();
    await placed.put(0, "k", "v");
    const late = placed.driver(1).replica;
    const { isOwner, ownersOf, groupOf, owns } = late.ownership;
    // Node 1 goes on seeing the view of before, in which it owns nothing, and reaches nobody who does.
    Object.assign(late.ownership, { isOwner: () => false, ownersOf: () => [], groupOf: () => [], owns: () => false });
    await placed.do(placed.driver(2).defineKeyspace(NAME, { replication: { us: 1 } }));
    while (!placed.ownersOf("k", 2).includes(1)) await placed.run(1);
    const asked = [
      placed.store(2).get("k" as Key),
      placed
        .store(2)
        .put("k" as Key, new Uint8Array(1), { condition: { type: "absent" } })
        .catch(code),
    ] as const;
    await placed.run(100);
    Object.assign(late.ownership, { isOwner, ownersOf, groupOf, owns });
    expect((await placed.do(asked[0])).entry?.value).toEqual(new TextEncoder().encode("v"));
    expect(await placed.do(asked[1])).toBe("PRECONDITION_FAILED");
  });

  it("shows from its first moment what the owner before it has, which has not told it so yet", async () => {
    const placed = new PlacedWorld({ seed: "at once", regions: ["eu", "us"], settings: { replication: { eu: 1 } } });
    await placed.begin();
    await placed.put(0, "k", "v");
    await placed.do(placed.driver(1).defineKeyspace(NAME, { replication: { us: 1 } }));
    while (!placed.ownersOf("k", 1).includes(1)) await placed.run(1);
    expect(placed.held(1, "k")).toBe(false);
    expect(await placed.get(1, "k")).toBe("v");
  });

  it("does not answer for it when it has lost it again by the time that it has asked around", async () => {
    const regions = ["eu", "us", "asia"];
    const placed = new PlacedWorld({ seed: "lost again", regions, settings: { replication: { eu: 1 } } });
    await placed.begin();
    await placed.put(0, "k", "v");
    const { quorumReads } = placed.driver(1).replica;
    const answers: (() => void)[] = [];
    quorumReads.askReady = (_shard, _key, _now, answer) => void answers.push(() => answer(false));
    await placed.do(placed.driver(1).defineKeyspace(NAME, { replication: { us: 1 } }));
    while (!placed.ownersOf("k", 1).includes(1)) await placed.run(1);
    const asked = [1, 2].map((node) => placed.store(node).get("k" as Key));
    const absent = { condition: { type: "absent" } } as const;
    const written = placed
      .store(1)
      .put("k" as Key, new Uint8Array(1), absent)
      .catch(code);
    await placed.run(20);
    expect(answers.length).toBeGreaterThan(1);
    await placed.do(placed.driver(1).defineKeyspace(NAME, { replication: { eu: 1 } }));
    while (placed.ownersOf("k", 1).includes(1)) await placed.run(1);
    for (const answer of answers) answer();
    for (const each of asked) expect((await placed.do(each)).entry?.value).toEqual(new TextEncoder().encode("v"));
    expect(await placed.do(written)).toBe("PRECONDITION_FAILED");
  });
});
