import { describe, expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { decodeMessage } from "../../src/wire/codec.ts";
import { Machines } from "../support/machines.ts";

const ALL = ["a", "b", "c"];

/** Another key of the same shard, or of another one. */
function keyIn(machines: Machines, isSame: boolean, key: string): string {
  const shardOf = (each: string) => machines.at("a").shardOfKey(each as Key).id;
  for (let i = 0; ; i++) if ((shardOf(`n${i}`) === shardOf(key)) === isSame) return `n${i}`;
}

describe("replicas that are equal", () => {
  it("say so in one message each, and nothing else, whatever they hold", async () => {
    const machines = await Machines.started(["a", "b"], "equal");
    for (let i = 0; i < 200; i++) machines.put("a", `k${i}`, "v");
    machines.run(3000);
    const types: string[] = [];
    let bytes = 0;
    machines.spy = (frame) => {
      types.push(decodeMessage(frame).type);
      bytes += frame.length;
    };
    machines.at("a").antiEntropy.begin(machines.at("b").id, machines.now);
    machines.carryOut(machines.at("a").id);
    machines.deliverAll();
    expect(types).toEqual(["digest", "digest"]);
    expect(bytes).toBeLessThan(100);
  });
});

describe("replicas that differ", () => {
  it("become equal although every push was lost, both ways, in one round", async () => {
    const machines = await Machines.started(["a", "b"], "differ");
    machines.drop = () => true;
    for (let i = 0; i < 200; i++) machines.put(i % 2 === 0 ? "a" : "b", `k${i}`, `v${i}`);
    machines.run(3000);
    expect(machines.differences()).toEqual([]);
    expect(machines.get("a", "k199")).toBe("v199");
  });

  it("fetch each register once, from one of those that have it", async () => {
    const machines = await Machines.started(ALL, "once");
    machines.cut(["c"], ["a", "b"]);
    for (let i = 0; i < 300; i++) machines.put("a", `k${i}`, "v");
    machines.run(2000);
    machines.heal();
    machines.run(3000);
    expect(machines.differences()).toEqual([]);
    expect(machines.at("c").pulls.registers).toBe(300);
  });

  it("go on purging what lies in shards that do not differ", async () => {
    const machines = await Machines.started(ALL, "busy");
    const busy = keyIn(machines, false, "k");
    machines.put("a", "k", "v");
    machines.delete("a", "k");
    // Pushes that are lost: there is always something to compare in the other shard.
    machines.drop = () => true;
    for (let i = 0; i < 100; i++) {
      machines.put("a", busy, `v${i}`);
      machines.put("b", busy, `w${i}`);
      machines.run(100);
    }
    const counts = ALL.map((name) => machines.at(name).shardOfKey("k" as Key).table.count);
    expect(counts).toEqual([0, 0, 0]);
  });
});

describe("what is held beyond a gap", () => {
  /** a's first write of a shard reaches nobody, its second reaches b alone; then a cannot be heard. */
  async function gapAtB(): Promise<Machines> {
    const machines = await Machines.started(ALL, "gap");
    const second = keyIn(machines, true, "k");
    machines.machine("a").diskWorks = false;
    machines.drop = () => true;
    machines.put("a", "k", "lost");
    machines.flush("a");
    machines.drop = (from, to) => from === "a" && to === "c";
    machines.put("a", second, "kept");
    machines.flush("a");
    machines.deliverOne();
    machines.cut(["a"], ["b", "c"]);
    expect([machines.get("b", second), machines.get("c", second)]).toEqual(["kept", undefined]);
    machines.drop = () => false;
    machines.run(5000);
    expect(machines.get("c", second)).toBe("kept");
    return machines;
  }

  it("spreads among those who cannot hear its origin, and waits for it", async () => {
    const machines = await gapAtB();
    expect(machines.differencesOf(["b", "c"])).toEqual([]);
    expect(
      machines
        .at("b")
        .shardOfKey("k" as Key)
        .isWhole(),
    ).toBe(false);
    machines.heal();
    machines.run(5000);
    expect(machines.get("c", "k")).toBe("lost");
    expect(machines.differences()).toEqual([]);
  });

  it("is closed over when the life ended and the gap with it, and the life is sealed", async () => {
    const machines = await gapAtB();
    machines.crash("a");
    machines.machine("a").diskWorks = true;
    await machines.start("a");
    machines.heal();
    machines.run(10_000);
    expect(machines.differences()).toEqual([]);
    for (const name of ALL) {
      const shard = machines.at(name).shardOfKey("k" as Key);
      expect(shard.isWhole()).toBe(true);
      expect(shard.vector.sealedBelow(machines.at("a").number)).toBe(machines.at("a").life);
    }
    expect(machines.get("a", "k")).toBe(undefined);
  });

  it("is closed over also while there is always something to compare in another shard", async () => {
    const machines = await gapAtB();
    machines.crash("a");
    machines.machine("a").diskWorks = true;
    await machines.start("a");
    machines.heal();
    const busy = keyIn(machines, false, "k");
    machines.drop = () => true;
    for (let i = 0; i < 150; i++) {
      for (const name of ALL) machines.put(name, busy, `${name}${i}`);
      machines.run(100);
    }
    expect(
      ALL.map((name) =>
        machines
          .at(name)
          .shardOfKey("k" as Key)
          .isWhole(),
      ),
    ).toEqual([true, true, true]);
  });
});

describe("answers that are long under way", () => {
  it("make no clock seem wrong, however many questions were put since", async () => {
    const machines = await Machines.started(ALL, "late answers");
    const isAnswer = (frame: Uint8Array): boolean => {
      const message = decodeMessage(frame);
      return message.type === "shard-digests" || (message.type === "digest" && message.reply);
    };
    // Only these are slow, so that they come when the next questions have been put.
    machines.spy = (frame) => {
      machines.latencyMs = isAnswer(frame) ? 4500 : 0;
    };
    machines.run(30_000);
    for (const name of ALL) {
      expect(machines.at(name).time.guard.correctionMs).toBe(0);
      expect(Math.abs(machines.at(name).time.guard.offsetMs ?? 0)).toBeLessThan(3000);
      expect(machines.machine(name).logs).not.toContain("clock-corrected");
    }
  });
});
