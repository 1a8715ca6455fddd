/** Several spaces in one machine: keys of one are none of another's, and each is pushed, repaired and kept by itself. */

import { describe, expect, it } from "vitest";
import type { SpaceId } from "../../src/base/ids.ts";
import { SYSTEM_SPACE, shardIdOf, spaceOf } from "../../src/base/shard-id.ts";
import { POLICY_ALL } from "../../src/cluster/placement/policy.ts";
import { Machines } from "../support/machines.ts";

const SPACE = 77 as SpaceId;
const OTHER = (2 ** 31 - 1) as SpaceId;

async function withSpaces(seed: string, ...names: readonly string[]): Promise<Machines> {
  const machines = await Machines.started(["a", "b"], seed, { shards: 4 });
  for (const name of names) for (const space of [SPACE, OTHER]) addSpace(machines, name, space);
  return machines;
}

/** One that everybody keeps. */
function addSpace(machines: Machines, name: string, space: SpaceId): void {
  const replica = machines.at(name);
  const { ownership, members } = replica;
  replica.addSpace(space);
  ownership.setPolicies([...ownership.policies, { space, policy: POLICY_ALL, version: 1, hash: 0 }]);
  ownership.see(members);
}

describe("a space", () => {
  it("has keys of its own, pushed at once to those who have it", async () => {
    const machines = await withSpaces("own", "a", "b");
    machines.put("a", "k", "of default");
    machines.put("a", "k", "of one", { space: SPACE });
    machines.put("b", "k", "of another", { space: OTHER });
    machines.run(10);
    for (const name of ["a", "b"]) {
      const shown = [undefined, SPACE, OTHER].map((space) =>
        machines.get(name, "k", space === undefined ? {} : { space }),
      );
      expect(shown).toEqual(["of default", "of one", "of another"]);
    }
    machines.delete("b", "k", { space: SPACE });
    machines.run(10);
    expect([machines.get("a", "k", { space: SPACE }), machines.get("a", "k")]).toEqual([undefined, "of default"]);
  });

  it("that a replica does not know yet costs it nothing, and is caught up with once it does", async () => {
    const machines = await withSpaces("unknown", "a");
    machines.put("a", "k", "v", { space: SPACE });
    machines.run(3000);
    expect(machines.at("b").peers.badFrames).toBe(0);
    addSpace(machines, "b", SPACE);
    machines.run(3000);
    expect(machines.get("b", "k", { space: SPACE })).toBe("v");
  });

  it("comes back from the disk with its keys", async () => {
    const machines = await withSpaces("disk", "a", "b");
    for (let i = 0; i < 20; i++) machines.put("a", `k${i}`, "v", { space: OTHER });
    machines.run(1000);
    machines.crash("b");
    machines.crash("a");
    await machines.start("a");
    expect(machines.get("a", "k7", { space: OTHER })).toBe("v");
    expect(machines.at("a").shards.has(SPACE)).toBe(false);
    const held = machines
      .at("a")
      .shards.all.filter((shard) => shard.table.count > 0)
      .map(({ id }) => spaceOf(id));
    expect(new Set(held)).toEqual(new Set([OTHER]));
  });

  it("of the system has one shard, which everybody has", async () => {
    const machines = await withSpaces("system", "a");
    expect(
      machines
        .at("a")
        .shards.in(SYSTEM_SPACE)
        .map(({ id }) => id),
    ).toEqual([shardIdOf(SYSTEM_SPACE, 0)]);
    machines.put("a", "k", "v", { space: SYSTEM_SPACE });
    machines.run(10);
    expect(machines.get("b", "k", { space: SYSTEM_SPACE })).toBe("v");
  });
});
