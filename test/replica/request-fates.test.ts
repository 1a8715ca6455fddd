/** What becomes of requests when owners stop, do not answer, hold something newer, or cannot be asked at all. */

import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import type { Dot } from "../../src/store.ts";
import { NAME, PlacedWorld, SETTLE_MS, SPACE } from "../support/placed-world.ts";

type Latency = (from: number, to: number) => number;

async function four(seed: string, latencyMs: Latency = () => 1): Promise<PlacedWorld> {
  const regions = ["eu", "eu", "eu", "eu"];
  const quality = (from: number, to: number) => ({ latencyMs: latencyMs(from, to) });
  const placed = new PlacedWorld({ seed, regions, settings: { replication: 2 }, quality });
  await placed.begin();
  return placed;
}

const code = (error: unknown) => (error as { readonly code?: string }).code;
const bytes = (text: string) => new TextEncoder().encode(text);

/** A write of a client that has seen a dot. */
async function putAfter(placed: PlacedWorld, node: number, dot: Dot, key: string, value: string) {
  const store = await placed.do(placed.store(node).catchUp([dot], 500));
  return placed.do(store.put(key as Key, bytes(value)));
}

/** Owners of a key that node 2 may ask, and whose answers do not reach it. */
async function silenceOwners(placed: PlacedWorld): Promise<{ readonly key: string; readonly dot: Dot }> {
  const key = placed.keyOf([0, 1]);
  const { dot } = await placed.put(0, key, "v");
  await placed.run(100);
  for (const owner of [0, 1]) placed.world.network.cut(owner, 2);
  return { key, dot };
}

describe("an owner that stops", () => {
  it("leaves what others have asked of it, and they ask elsewhere", async () => {
    const placed = await four("stops");
    const key = placed.keyOf([0, 1]);
    placed.cut([1], [0, 2]);
    await placed.run(8000);
    const write = placed.store(2).put(key as Key, bytes("v"), { ack: "all" });
    await placed.run(100);
    placed.world.node(0).stop();
    await placed.run(100);
    placed.heal([1], [0, 2]);
    await placed.do(write);
    await placed.run(2000);
    expect([await placed.get(2, key), await placed.get(1, key)]).toEqual(["v", "v"]);
  });
});

describe("a replica that starts anew", () => {
  it("does not take what its last process had asked for for what it asks itself", async () => {
    const placed = await four("starts");
    const [first, second] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1)];
    placed.cut([1], [0, 2]);
    await placed.run(8000);
    void placed.store(2).put(first as Key, bytes("of the last"), { ack: "all" });
    await placed.run(100);
    placed.world.node(2).crash(false);
    placed.world.node(2).start();
    await placed.run(3000);
    const { version } = await placed.put(2, second, "of this one", { ack: "all", ackTimeoutMs: 4000 });
    expect((await placed.do(placed.store(2).get(second as Key))).entry?.version).toBe(version);
  });
});

describe("a write that an owner did not answer", () => {
  it("is no second write where who asked has come to own the key, and holds what overwrote it", async () => {
    const placed = await four("second");
    const key = placed.keyOf([0, 1]) as Key;
    placed.cut([1], [0, 2, 3]);
    await placed.run(8000);
    const first = placed.store(2).put(key, bytes("first"), { ack: "all", ackTimeoutMs: 5000 });
    await placed.run(20);
    await placed.put(3, key, "second");
    await placed.do(placed.driver(0).defineKeyspace(NAME, { replication: 4 }));
    while (!placed.held(2, key)) await placed.run(1);
    placed.cut([2], [3]);
    await placed.run(4000);
    placed.world.node(0).crash(false);
    const { acks } = await placed.do(first);
    expect(acks.met).toBe(false);
    expect(await placed.get(2, key)).toBe("second");
  });

  it("is not known of where too long ago for its stamp", async () => {
    const placed = await four("long ago");
    const key = placed.keyOf([0, 1]) as Key;
    placed.cut([1], [0, 2, 3]);
    await placed.run(8000);
    const write = placed.store(2).put(key, bytes("v"), { ack: "all", ackTimeoutMs: 20_000 }).catch(code);
    await placed.run(14_000);
    placed.world.node(0).crash(false);
    expect(await placed.do(write)).toBe("OUTCOME_UNKNOWN");
    expect(placed.held(2, key)).toBe(false);
  });
});

describe("a write that comes late", () => {
  it.each([false, true])("is refused by who keeps nothing of the key any more; tried before: %s", async (mayBeDone) => {
    const placed = await four("late");
    const key = placed.keyOf([0, 1]) as Key;
    await placed.put(2, key, "v");
    const { replica } = placed.driver(2);
    const stamp = replica.clock.next(placed.world.node(2).clockTime);
    await placed.do(placed.store(2).delete(key));
    const write = {
      type: "write",
      key,
      value: bytes("late"),
      stamp,
      mayBeDone,
      ack: "memory",
      ackTimeoutMs: 0,
    } as const;
    const served = () =>
      placed
        .driver(3)
        .statistics()
        .find(({ name }) => name === "requests_served_total")?.samples[0]?.value;
    const before = served();
    const around = { type: "request", request: 999, space: SPACE, hops: 0, after: [], waitMs: 0 } as const;
    replica.send("r3" as ReplicaId, { ...around, body: write });
    await placed.run(100);
    expect(served()).toBe(Number(before) + 1);
    expect(placed.held(3, key)).toBe(false);
    expect(await placed.get(3, key)).toBeUndefined();
  });
});

describe("a write from far away", () => {
  it("is taken as it is where its clock is behind, and the owner has told of what it is to write later", async () => {
    const placed = await four("behind", () => 100);
    const key = placed.keyOf([0, 1]);
    placed.world.node(2).clock.jump(-300);
    const from = placed.world.now;
    // Each on a key of its own: nothing but the owners' word stands above its stamp.
    for (let i = 0; i < 20; i++) await placed.put(2, placed.keyOf([0, 1], i), "v");
    expect(placed.world.now - from).toBeLessThan(20 * 230);
    expect(await placed.get(3, key)).toBe("v");
  });

  it("is written although others write the key faster than its stamps come there", async () => {
    const placed = await four("hot", (from, to) => (Math.min(from, to) < 2 && Math.max(from, to) === 2 ? 60 : 1));
    const key = placed.keyOf([0, 1]);
    placed.world.node(2).clock.jump(-300);
    const until = placed.world.now + 2000;
    const write = placed.store(2).put(key as Key, bytes("far"));
    let outcome: unknown;
    write.then(
      () => {
        outcome = "written";
      },
      (error: unknown) => {
        outcome = code(error);
      },
    );
    while (outcome === undefined && placed.world.now < until) {
      for (const near of [0, 1]) await placed.put(near, key, "near");
      await placed.run(2);
    }
    expect(outcome).toBe("written");
  });
});

describe("a session", () => {
  it("is not served by a replica that can ask nobody and has not what it has seen", async () => {
    const placed = await four("unseen");
    const key = placed.keyOf([0, 1]);
    const { dot } = await placed.put(0, key, "v");
    placed.cut([2], [0, 1]);
    await placed.run(8000);
    const store = await placed.do(placed.store(2).catchUp([dot], 500));
    expect(await placed.do(store.get(key as Key)).catch(code)).toBe("SESSION_BEHIND");
    expect(await placed.do(store.put(key as Key, bytes("w"))).catch(code)).toBe("SESSION_BEHIND");
    // Without a session it is: by a guest.
    expect(await placed.get(2, key)).toBeUndefined();
    await placed.put(2, key, "w");
  });

  it("does not know of a write that an owner was asked for and nobody answers", async () => {
    const placed = await four("lost");
    const { key, dot } = await silenceOwners(placed);
    expect(await putAfter(placed, 2, dot, key, "w").catch(code)).toBe("OUTCOME_UNKNOWN");
    for (const owner of [0, 1]) placed.world.network.heal(owner, 2);
    await placed.run(SETTLE_MS);
    expect(await placed.get(2, key)).toBe("w");
  });

  it("does not know of it either where the replica that was asked stops while it waits for what the session has seen", async () => {
    const placed = await four("stops waiting");
    const { key, dot } = await silenceOwners(placed);
    const driver = placed.driver(2);
    const store = await placed.do(placed.store(2).catchUp([dot], 20_000));
    const write = store.put(key as Key, bytes("w")).catch(code);
    const guests = () => driver.statistics().find(({ name }) => name === "guest_writes_total")?.samples[0]?.value;
    while (guests() === 0) await placed.run(1);
    await placed.run(10);
    placed.world.node(2).stop();
    expect(await placed.do(write)).toBe("OUTCOME_UNKNOWN");
  });

  it("writes above what it had seen, also where the first owner that it asks does not answer", async () => {
    const placed = await four("above", (from, to) => (from + to === 3 && from * to === 2 ? 60 : 1));
    const key = placed.keyOf([0, 1]);
    placed.world.node(1).clock.jump(400);
    placed.world.node(2).clock.jump(-50);
    const { dot } = await placed.put(1, key, "first");
    placed.world.network.cut(0, 2);
    await putAfter(placed, 2, dot, key, "second");
    expect(await placed.get(1, key)).toBe("second");
  });
});
