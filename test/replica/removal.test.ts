/** Members that are removed for good: what holds at those that stay, and what they bring when they are back all the same. */

import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { Machines } from "../support/machines.ts";

const KEYS = Array.from({ length: 12 }, (_, i) => `k${i}`);
/** Enough to see that a member is dead, and for graves to go. */
const SETTLE_MS = 25_000;
/** Long: what was removed comes back before anybody would have given it up. */
const CONFIG = { retentionMs: 3_600_000 };

function remove(machines: Machines, by: string, name: string): void {
  expect(machines.at(by).membership.remove(name as ReplicaId)).toBe(true);
}

function tombstones(machines: Machines, names: readonly string[]): number {
  const shards = names.flatMap((name) => machines.at(name).shards.all);
  return shards.reduce((sum, shard) => sum + shard.tombstones, 0);
}

/** `d` wrote all keys, and some that nobody else has; it died, was removed at `a`, and the others deleted the keys. */
async function removed(seed: string): Promise<Machines> {
  const machines = await Machines.started(["a", "b", "c", "d"], seed, CONFIG);
  for (const key of KEYS) machines.put("d", key, "v");
  machines.run(3000);
  machines.cut(["d"], ["a", "b", "c"]);
  machines.put("d", "of d alone", "v");
  machines.run(100);
  machines.crash("d");
  machines.run(SETTLE_MS);
  remove(machines, "a", "d");
  machines.run(3000);
  for (const key of KEYS) machines.delete("a", key);
  machines.run(SETTLE_MS);
  expect(tombstones(machines, ["a", "b", "c"])).toBe(0);
  return machines;
}

function expectNothingBack(machines: Machines, names: readonly string[]): void {
  const back = names.flatMap((name) => KEYS.filter((key) => machines.get(name, key) !== undefined));
  expect(back).toEqual([]);
}

describe("a member that was removed", () => {
  it("brings nothing back that was deleted meanwhile, and what nobody else has", async () => {
    const machines = await removed("back");
    await machines.start("d");
    machines.heal();
    machines.run(SETTLE_MS);
    expectNothingBack(machines, ["a", "b", "c", "d"]);
    expect(["a", "b", "c", "d"].map((name) => machines.get(name, "of d alone"))).toEqual(["v", "v", "v", "v"]);
    expect(machines.machine("d").logs).toContain("quarantine");
    expect(machines.differences()).toEqual([]);
  });

  it("is turned away by those, too, who were told of the removal only", async () => {
    const machines = await removed("told");
    machines.cut(["d"], ["a"]);
    await machines.start("d");
    machines.healBetween("b", "d");
    machines.run(SETTLE_MS);
    expectNothingBack(machines, ["a", "b", "c", "d"]);
    expect(machines.machine("d").logs).toContain("quarantine");
  });

  it("gives the same view of who owns what at all that stay", async () => {
    const machines = await removed("view");
    const { view } = machines.at("a").ownership;
    expect(["b", "c"].map((name) => machines.at(name).ownership.view)).toEqual([view, view]);
    expect(
      machines
        .at("b")
        .members.owners()
        .map(({ id }) => id),
    ).toEqual(["a", "c"]);
  });
});
