/** Replicas that gave each other up in turn: what one took on the word of another, which then had to begin anew itself. */

import { describe, expect, it } from "vitest";
import { Machines } from "../support/machines.ts";

const RETENTION_MS = 60_000;
const AWAY_MS = RETENTION_MS + 5000;
const NAMES = ["a", "b", "c", "d"];
/** Some in every shard. */
const KEYS = Array.from({ length: 20 }, (_, i) => `k${i}`);

async function started(): Promise<Machines> {
  const machines = await Machines.started(NAMES, "given up in turn", { retentionMs: RETENTION_MS });
  for (const key of KEYS) machines.put("b", key, "v");
  machines.run(3000);
  return machines;
}

function valuesOf(machines: Machines, keys: readonly string[]): unknown[] {
  return [...new Set(NAMES.flatMap((name) => keys.map((key) => machines.get(name, key))))];
}

function repairs(machines: Machines): number[] {
  return NAMES.map((name) => machines.at(name).audit.repaired);
}

/** c has begun anew on the word of b, and nobody else is there. */
/** Once all see each other, the young writes are everywhere and the keys nowhere, and the audit had nothing to do. */
function expectYoungAlone(machines: Machines, young: readonly string[]): void {
  machines.run(5000);
  machines.heal();
  machines.run(30_000);
  expect(machines.differences()).toEqual([]);
  expect(valuesOf(machines, young)).toEqual(["v"]);
  expect(valuesOf(machines, KEYS)).toEqual([undefined]);
  expect(repairs(machines)).toEqual([0, 0, 0, 0]);
}

async function begunOnTheWordOfB(): Promise<Machines> {
  const machines = await Machines.started(["b", "c"], "on the word of b", { retentionMs: RETENTION_MS });
  for (const key of KEYS) machines.put("b", key, "v");
  machines.run(3000);
  machines.cut(["b"], ["c"]);
  machines.run(AWAY_MS);
  machines.heal();
  machines.run(2000);
  expect(machines.at("c").quarantines).toBe(1);
  return machines;
}

function beginsAnew(machines: Machines, name: string): void {
  const replica = machines.at(name);
  replica.quarantine({ reason: "away", knownLife: replica.life }, machines.clockOf(name));
}

describe("what was taken on the word of a replica", () => {
  it("is in doubt again where that begins anew soon, but what was written meanwhile", async () => {
    const machines = await begunOnTheWordOfB();
    machines.put("c", "meanwhile", "w");
    machines.run(1000);
    machines.cut(["b"], ["c"]);
    beginsAnew(machines, "b");
    machines.flush("b");
    machines.heal();
    const { logs } = machines.machine("c");
    while (!logs.includes("data-doubted")) if (!machines.deliverOne()) machines.run(10);
    const shards = machines.at("c").shards.all;
    const standing = shards.reduce((sum, { table }) => sum + table.count, 0);
    const doubted = shards.reduce((sum, { unconfirmed }) => sum + unconfirmed, 0);
    expect([standing - doubted, machines.get("c", "k0"), machines.get("c", "meanwhile")]).toEqual([1, "v", "w"]);
    machines.run(10_000);
    expect(machines.differences()).toEqual([]);
    for (const name of ["b", "c"]) {
      expect(KEYS.map((key) => machines.get(name, key))).toEqual(KEYS.map(() => "v"));
      expect(machines.get(name, "meanwhile")).toBe("w");
    }
  });

  it("is not any more once all have been of one mind for a while", async () => {
    const machines = await begunOnTheWordOfB();
    machines.run(20_000);
    beginsAnew(machines, "b");
    machines.run(10_000);
    expect(machines.machine("c").logs).not.toContain("data-doubted");
    expect(machines.differences()).toEqual([]);
  });
});

describe("a replica that begins anew on the word of one that begins anew", () => {
  it("does not keep what those had purged by whom both were given up", async () => {
    const machines = await started();
    machines.cut(["b"], ["a", "c", "d"]);
    for (const key of KEYS) machines.delete("a", key);
    machines.run(AWAY_MS);
    machines.cut(["c"], ["a", "d"]);
    machines.run(AWAY_MS);
    machines.healBetween("b", "c");
    machines.run(5000);
    expect([machines.at("b").quarantines, machines.at("c").quarantines]).toEqual([0, 1]);
    expect(machines.get("c", "k0")).toBe("v");
    machines.heal();
    machines.run(30_000);
    expect(NAMES.map((name) => machines.at(name).quarantines)).toEqual([0, 1, 2, 0]);
    expect(machines.differences()).toEqual([]);
    expect(valuesOf(machines, KEYS)).toEqual([undefined]);
    expect(repairs(machines)).toEqual([0, 0, 0, 0]);
  });

  it.each([[["a", "d"]], [["d"]], [["a"]]])(
    "has its own writes reach those who closed its lives, %s first",
    async (first) => {
      const machines = await started();
      machines.cut(["b", "c"], ["a", "d"]);
      machines.run(AWAY_MS);
      const young = KEYS.map((key) => `young/${key}`);
      for (const key of young) machines.put("c", key, "v");
      for (const key of KEYS) machines.delete("c", key);
      machines.run(1000);
      for (const name of first) machines.healBetween("b", name);
      expectYoungAlone(machines, young);
    },
  );

  it.each([[[]], [["a", "d"]], [["d"]], [["a"]]])(
    "passes on what that wrote meanwhile to those who closed its lives, having met %s first",
    async (first) => {
      const machines = await started();
      machines.cut(["b"], ["a", "c", "d"]);
      machines.cut(["c"], ["a", "d"]);
      machines.run(AWAY_MS);
      machines.healBetween("b", "c");
      machines.run(5000);
      expect([machines.at("b").quarantines, machines.at("c").quarantines]).toEqual([0, 1]);
      const young = KEYS.map((key) => `young/${key}`);
      for (const key of young) machines.put("b", key, "v");
      for (const key of KEYS) machines.delete("b", key);
      machines.run(3000);
      for (const name of first) machines.healBetween("c", name);
      expectYoungAlone(machines, young);
    },
  );
});
