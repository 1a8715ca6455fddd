import { describe, expect, it } from "vitest";
import { createProductionReplica } from "../../../simulations/production-replica.ts";
import { findScenario } from "../../../simulations/scenarios/scenarios.ts";
import { runPlan } from "../../../simulations/simulate.ts";
import type { SimulatedDisk } from "../../../simulations/simulator/disk.ts";
import { DAMAGES, type Damage } from "../../../simulations/simulator/disk-damage.ts";
import { createBareWorld } from "./bench-world.ts";

const ALL = ["", "\xff\xff"] as const;

/** A disk that took a batch of one new key at each of the times 10, 20, ... and overwrote key 0 in all of them. */
function written(seed: string, batches = 10): SimulatedDisk {
  const { disk } = createBareWorld({ seed, nodes: 1 }).node(0);
  disk.acquire(0);
  for (let i = 1; i <= batches; i++) {
    const put = (key: number) => ({ type: "put", key: Uint8Array.of(key), value: Uint8Array.of(i, i, i) }) as const;
    disk.finish(disk.begin([put(0), put(i)]), false);
    disk.noteEnd(i * 10, false);
  }
  disk.release();
  return disk;
}

function contentOf(disk: SimulatedDisk): Map<string, string> {
  return new Map(disk.keys(...ALL).map((key) => [key, [...(disk.get(key) ?? [])].join()]));
}

/** Opens it damaged: how it says it is, what differs from before, and the loss that it notes. */
function open(damage: Damage, seed: string) {
  const disk = written(seed);
  const before = contentOf(disk);
  disk.damage = damage;
  const condition = disk.acquire(500);
  const after = contentOf(disk);
  const gone = [...before.keys()].filter((key) => !after.has(key));
  const changed = [...before.keys()].filter((key) => after.has(key) && after.get(key) !== before.get(key));
  const added = [...after.keys()].filter((key) => !before.has(key));
  return { condition: condition.type, gone, changed, added, after, losses: disk.losses };
}

function seeds<T>(run: (seed: string) => T): T[] {
  return Array.from({ length: 100 }, (_, i) => run(String(i)));
}

describe("a damaged disk", () => {
  it("says so when it was repaired, set aside or torn, and opens without a word otherwise", () => {
    const conditions = DAMAGES.map((damage) => [damage, open(damage, "1").condition]);
    expect(conditions).toEqual([
      ["repaired", "repaired"],
      ["set-aside", "set-aside"],
      ["torn", "repaired"],
      ["flipped", "clean"],
      ["misdirected", "clean"],
      ["tail-lost", "clean"],
      ["wiped", "clean"],
    ]);
  });

  it("that is torn lacks part of its last batch, and notes that nothing older may be gone", () => {
    const outcomes = seeds((seed) => open("torn", seed));
    for (const { gone, changed, losses } of outcomes) {
      expect(gone.every((key) => key === "\x0a")).toBe(true);
      expect(changed.every((key) => key === "\0")).toBe(true);
      expect(losses).toEqual([{ from: 90, to: 500, entries: new Set([...changed, ...gone]) }]);
    }
    const halves = outcomes.filter(({ gone, changed }) => gone.length + changed.length === 1);
    expect(halves.length).toBeGreaterThan(30);
  });

  it("that lost its tail is as it was a few batches ago, and notes up to when everything is safe", () => {
    const lost = seeds((seed) => {
      const { gone, changed, after, losses } = open("tail-lost", seed);
      const last = 10 - gone.length;
      expect(gone).toEqual(Array.from({ length: gone.length }, (_, i) => String.fromCharCode(last + 1 + i)));
      expect(after.get("\0")).toBe(`${last},${last},${last}`);
      expect(losses).toEqual([{ from: last * 10, to: 500, entries: new Set([...changed, ...gone]) }]);
      return gone.length;
    });
    expect([Math.min(...lost), Math.max(...lost)]).toEqual([1, 6]);
  });

  it("that flipped bits differs in a few entries by one bit each, in a value or a key", () => {
    const kinds = new Set<string>();
    for (const { gone, changed, added, losses } of seeds((seed) => open("flipped", seed))) {
      if (changed.length > 0) kinds.add("value");
      if (added.length > 0) kinds.add("key");
      // A key that becomes another one that is there takes two entries with it.
      expect(gone.length + changed.length).toBeLessThanOrEqual(8);
      expect(losses).toEqual([{ from: -Infinity, to: 500, entries: new Set([...changed, ...gone]) }]);
    }
    expect(kinds).toEqual(new Set(["value", "key"]));
  });

  it("that misdirected writes holds values of other keys in a few places", () => {
    const counts = seeds((seed) => open("misdirected", seed).changed.length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(4);
    expect(counts.filter((count) => count > 0).length).toBeGreaterThan(80);
  });

  it("that was wiped or set aside is empty", () => {
    expect([open("wiped", "1").after.size, open("set-aside", "1").after.size]).toEqual([0, 0]);
  });
});

describe("a disk that cannot be read", () => {
  it("has every start fail until it can, and the replica come back then with all that it had", async () => {
    const plan = findScenario("split-brain")?.plan("4");
    if (plan === undefined) throw new Error("no scenario");
    const faults = [{ at: 5000, type: "disk-unreadable", node: 1, forMs: 6000 }] as const;
    const result = await runPlan({ ...plan, faults }, { createReplica: createProductionReplica, keepTrace: true });
    expect(result.violations).toEqual([]);
    const at1 = result.trace.filter(({ node }) => node === 1);
    const starts = at1.filter(({ kind, at }) => kind === "start" && at >= 5000 && at < 11_000);
    const ready = at1.filter(({ kind, at }) => kind === "ready" && at >= 5000);
    expect(starts.length).toBeGreaterThan(4);
    expect(ready).toHaveLength(1);
    expect(ready[0]?.at).toBeGreaterThan(11_000);
    expect(at1.some(({ detail }) => detail === "data-damaged")).toBe(false);
  });
});
