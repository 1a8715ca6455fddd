import { describe, expect, it } from "vitest";
import type { ReplicaId, ShardId } from "../../src/base/ids.ts";
import { keeperOf } from "../../src/cluster/keeper.ts";
import { Members } from "../../src/cluster/members.ts";
import { Ownership } from "../../src/cluster/ownership.ts";
import type { MemberFacts } from "../../src/wire/message.ts";
import { NOW } from "../support/shards.ts";
import { facts } from "../support/surroundings.ts";

const SHARD = 0 as ShardId;
const IDS = ["a", "b", "c"] as const;

/** As "a" sees them: who is linked, and who has a disk. */
function seen(linked: readonly string[], disks: readonly string[]) {
  const [self, ...others] = IDS.map((id) => facts(id, { ephemeral: !disks.includes(id) }));
  const members = new Members(self as MemberFacts);
  for (const other of others) members.learn(other, NOW);
  const ownership = new Ownership("a" as ReplicaId, 4);
  ownership.see(members);
  return { members, ownership, isLinked: (id: ReplicaId) => linked.includes(id) };
}

describe("the keeper of a shard", () => {
  it("is the first in the order of preference that is there, this replica included", () => {
    const all = seen(["b", "c"], []);
    const order = all.ownership.ownersOf(SHARD);
    expect(order).toHaveLength(3);
    expect(keeperOf(all, SHARD)).toBe(order[0]);
    expect(keeperOf(seen([], []), SHARD)).toBe("a");
    for (const other of ["b", "c"] as ReplicaId[]) {
      const there = order.filter((id) => id === "a" || id === other);
      expect(keeperOf(seen([other], []), SHARD)).toBe(there[0]);
    }
  });

  it("is one that has a disk, where one of those is there", () => {
    for (const disk of IDS) expect(keeperOf(seen(["b", "c"], [disk]), SHARD)).toBe(disk);
    expect(keeperOf(seen(["b"], ["c"]), SHARD)).not.toBe("c");
  });
});
