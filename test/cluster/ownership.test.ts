import { describe, expect, it } from "vitest";
import type { ReplicaId, ShardId, SpaceId } from "../../src/base/ids.ts";
import { DEFAULT_SPACE, SYSTEM_SPACE, shardIdOf } from "../../src/base/shard-id.ts";
import { Members } from "../../src/cluster/members.ts";
import { Ownership } from "../../src/cluster/ownership.ts";
import type { Policy } from "../../src/cluster/placement/policy.ts";
import { NOW } from "../support/shards.ts";
import { facts } from "../support/surroundings.ts";

const SPACE = 7 as SpaceId;
const PARTS = 16;
const id = (name: string) => name as ReplicaId;

function members(...others: readonly string[]): Members {
  const all = new Members(facts("a"));
  for (const other of others) all.learn(facts(other), NOW);
  return all;
}

function ownership(policy: Policy, around: Members, version = 1): Ownership {
  const made = new Ownership(id("a"), PARTS);
  made.setPolicies([{ space: SPACE, policy, version, hash: 0 }]);
  made.see(around);
  return made;
}

const shards = Array.from({ length: PARTS }, (_, number): ShardId => shardIdOf(SPACE, number));

describe("who owns what", () => {
  it("is the same whatever was heard first, and of no more members than the policy asks for", () => {
    const one = ownership({ replication: 2 }, members("b", "c", "d"));
    const other = ownership({ replication: 2 }, members("d", "b", "c"));
    expect(one.view).toBe(other.view);
    for (const shard of shards) {
      expect(one.ownersOf(shard)).toEqual(other.ownersOf(shard));
      expect(one.ownersOf(shard)).toHaveLength(2);
      expect(one.owns(shard)).toBe(one.ownersOf(shard).includes(id("a")));
      expect([...one.groupOf(shard)].sort()).toEqual([...one.ownersOf(shard)].sort());
    }
    const groups = new Set(shards.map((shard) => one.groupOf(shard)));
    expect(groups.size).toBe(new Set(shards.map((shard) => [...one.ownersOf(shard)].sort().join())).size);
  });

  it("is everybody, known or not, of a space that is everywhere", () => {
    const one = ownership({ replication: "all" }, members("b"));
    const [shard = 0 as ShardId] = shards;
    expect([one.isEverywhere(SPACE), one.isAnyPlaced]).toEqual([true, false]);
    expect([one.owns(shard), one.isOwner(shard, id("stranger"))]).toEqual([true, true]);
    const limited = ownership({ replication: "all", regions: ["elsewhere"] }, members("b"));
    expect([limited.isEverywhere(SPACE), limited.isAnyPlaced, limited.owns(shard)]).toEqual([false, true, false]);
  });

  it("is nobody, of a space whose policy the view lacks; of the system's and the default one everybody", () => {
    const around = members("b");
    const one = ownership({ replication: "all" }, around);
    const other = 8 as SpaceId;
    const shard = shardIdOf(other, 0);
    const seen = () => [one.isInView(other), one.isEverywhere(other), one.owns(shard), one.ownersOf(shard).length];
    expect(seen()).toEqual([false, false, false, 0]);
    one.setPolicies([...one.policies, { space: other, policy: { replication: 2 }, version: 2, hash: 0 }]);
    expect(seen()).toEqual([false, false, false, 0]);
    one.see(around);
    expect(seen()).toEqual([true, false, true, 2]);
    for (const space of [DEFAULT_SPACE, SYSTEM_SPACE]) {
      expect([one.isInView(space), one.isEverywhere(space), one.owns(shardIdOf(space, 0))]).toEqual([true, true, true]);
    }
  });

  it("leaves out who has left, and who was given up", () => {
    const around = members("b", "c");
    around.leave(id("b"));
    around.giveUp(id("c"), 1);
    const one = ownership({ replication: 2 }, around);
    for (const shard of shards) expect(one.ownersOf(shard)).toEqual([id("a")]);
  });
});

describe("a view", () => {
  it("has the owners that it had until the next one is seen, whatever policies are on disk by then", () => {
    const around = members("b", "c");
    const one = ownership({ replication: 1 }, around);
    const before = { view: one.view, owners: shards.map((shard) => one.ownersOf(shard)) };
    one.setPolicies([{ space: SPACE, policy: { replication: 3 }, version: 2, hash: 0 }]);
    expect({ view: one.view, owners: shards.map((shard) => one.ownersOf(shard)) }).toEqual(before);
    expect(one.policyOf(SPACE)).toEqual({ replication: 1 });
    expect(one.viewOf(around)).not.toBe(one.view);
    expect([...one.policies].map(({ policy }) => policy)).toEqual([{ replication: 3 }]);
    one.see(around);
    for (const shard of shards) expect(one.ownersOf(shard)).toHaveLength(3);
  });

  it("never comes again, though the members and policies are what they were", () => {
    const around = members("b");
    const one = ownership({ replication: 1 }, around);
    const seen = [one.view];
    const look = (change: () => void) => {
      change();
      expect(one.see(around)).toBe(true);
      seen.push(one.view);
    };
    look(() => around.learn(facts("c"), NOW));
    look(() => around.leave(id("c")));
    look(() => around.learn(facts("c", { life: 2, rootLife: 2 }), NOW));
    look(() => around.leave(id("c")));
    look(() => one.setPolicies([{ space: SPACE, policy: { replication: 2 }, version: 2, hash: 0 }]));
    look(() => one.setPolicies([{ space: SPACE, policy: { replication: 1 }, version: 3, hash: 0 }]));
    look(() => around.giveUp(id("b"), 1));
    look(() => around.learn(facts("b", { life: 2, rootLife: 2 }), NOW));
    expect(new Set(seen).size).toBe(seen.length);
    expect(one.see(around)).toBe(false);
  });

  it("stays when who has left is forgotten", () => {
    const around = members("b", "c");
    around.leave(id("c"));
    const one = ownership({ replication: 1 }, around);
    around.forget(id("c"));
    expect(one.see(around)).toBe(false);
  });

  it("is that of who never heard of the one who left, once that has heard how many did", () => {
    const [one, other] = [members("b", "c"), members("b")];
    one.leave(id("c"));
    const policy: Policy = { replication: 1 };
    expect(ownership(policy, one).view).not.toBe(ownership(policy, other).view);
    expect(other.hearOfDepartures(one.departures)).toBe(true);
    expect(ownership(policy, one).view).toBe(ownership(policy, other).view);
    expect(other.hearOfDepartures(one.departures)).toBe(false);
  });
});
