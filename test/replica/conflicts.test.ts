import { describe, expect, it } from "vitest";
import type { Key, OriginId, ReplicaId, ShardId, SpaceId, Timestamp } from "../../src/base/ids.ts";
import { shardIdOf } from "../../src/base/shard-id.ts";
import { Keyspaces, spaceOfName } from "../../src/cluster/keyspaces.ts";
import type { Members } from "../../src/cluster/members.ts";
import { POLICY_ALL } from "../../src/cluster/placement/policy.ts";
import { encodePolicy } from "../../src/cluster/placement/policy-codec.ts";
import { Reports } from "../../src/cluster/reports.ts";
import { timestampFromMs } from "../../src/core/clock.ts";
import { originOf } from "../../src/core/origin.ts";
import type { Conflict } from "../../src/core/shard/conflict.ts";
import { Conflicts, RECEIPTS_BYTES_MAX, RECEIPTS_MAX } from "../../src/replica/conflicts.ts";
import { replicaStatistics } from "../../src/replica/statistics.ts";
import { Machines } from "../support/machines.ts";
import { NOW, origin } from "../support/shards.ts";

const ALL = { keyspace: "default", prefix: "", limit: 1000 };

/** All receipts of these machines, each as who lost what to whom. */
function receiptsOf(machines: Machines, names: readonly string[]): readonly string[] {
  return names.flatMap((name) =>
    machines
      .at(name)
      .conflicts.page(ALL)
      .conflicts.map(({ key, loser, winner }) => `${key}: ${loser.replica} to ${winner.replica}`),
  );
}

describe("replicas", () => {
  it("tell of each key that was written on both sides of a cut, and of no other", async () => {
    for (const seed of [1, 2, 3]) {
      for (const sides of [
        [["a"], ["b"]],
        [["a"], ["b", "c"]],
        [
          ["a", "b"],
          ["c", "d"],
        ],
      ] as const) {
        const names = sides.flat();
        const machines = await Machines.started(names, seed);
        for (let i = 0; i < 40; i++) machines.put(names[i % names.length] ?? "", `before-${i}`, "x");
        machines.run(500);
        machines.cut(sides[0], sides[1]);
        const expected = new Set<string>();
        for (let i = 0; i < 200; i++) {
          const [here, there] = machines.random.uint32() % 2 === 0 ? sides : [sides[1], sides[0]];
          const [first, second] = [here[i % here.length] ?? "", there[i % there.length] ?? ""];
          machines.put(first, `key-${i}`, `by ${first}`);
          machines.run(50);
          machines.put(second, `key-${i}`, `by ${second}`);
          machines.put(first, `only-${i}`, "x");
          machines.run(50);
          // Written over by who has seen it.
          machines.put(here[(i + 1) % here.length] ?? "", `only-${i}`, "y");
          expected.add(`key-${i}: ${first} to ${second}`);
        }
        machines.run(50);
        machines.heal();
        machines.run(10_000);
        expect(machines.differences()).toEqual([]);
        expect(new Set(receiptsOf(machines, names))).toEqual(expected);
        // Each at who made the winner, or at who made the loser, or at both.
        expect(receiptsOf(machines, names).length).toBeLessThanOrEqual(2 * expected.size);
        for (let i = 0; i < 200; i++) machines.put(names[i % names.length] ?? "", `key-${i}`, "again");
        machines.run(1000);
        expect(new Set(receiptsOf(machines, names))).toEqual(expected);
      }
    }
  });

  it("tell of writes that crossed each other on the way, which the one that made the winner finds", async () => {
    const machines = await Machines.started(["a", "b"], 4);
    machines.put("a", "k", "one");
    machines.run(50);
    machines.put("b", "k", "two");
    machines.put("a", "k", "three");
    machines.run(1000);
    const [receipt, ...others] = ["a", "b"].flatMap((name) => machines.at(name).conflicts.page(ALL).conflicts);
    expect(others).toEqual([]);
    expect([receipt?.loser.replica, receipt?.winner.replica].sort()).toEqual(["a", "b"]);
    expect(receipt).toMatchObject({
      key: "k",
      lost: "elsewhere",
      loser: { type: "put", stampedAt: expect.any(Number) },
    });
    expect(receipt?.loser.life).toBe(machines.at(receipt?.loser.replica ?? "").life);
    const winner = machines.at(receipt?.winner.replica ?? "");
    const counts = { "default here": 0, "default elsewhere": 1 };
    const statistic = replicaStatistics(winner).find(({ name }) => name === "conflicts_total");
    const told = statistic?.samples.map(({ labels, value }) => [`${labels.keyspace} ${labels.lost}`, value]) ?? [];
    expect(Object.fromEntries(told)).toEqual(counts);
  });

  it("tell nothing of writes that say the same, or of what one wrote after the other", async () => {
    const machines = await Machines.started(["a", "b"], 5);
    machines.put("a", "same", "x");
    machines.put("b", "same", "x");
    machines.put("a", "gone", "x");
    machines.run(500);
    machines.delete("a", "gone");
    machines.delete("b", "gone");
    for (const name of ["a", "b", "a", "b"]) {
      machines.put(name, "turns", `by ${name}`);
      machines.run(500);
    }
    machines.cut(["a"], ["b"]);
    machines.run(5000);
    machines.heal();
    machines.run(5000);
    expect(receiptsOf(machines, ["a", "b"])).toEqual([]);
  });

  it("tell of a deletion that lost, and of a value that lost to one", async () => {
    const machines = await Machines.started(["a", "b"], 6);
    for (const key of ["k", "l"]) machines.put("a", key, "x");
    machines.run(500);
    machines.cut(["a"], ["b"]);
    machines.delete("a", "k");
    machines.put("a", "l", "y");
    machines.run(50);
    machines.put("b", "k", "y");
    machines.delete("b", "l");
    machines.run(50);
    machines.heal();
    machines.run(5000);
    const found = ["a", "b"].flatMap((name) => machines.at(name).conflicts.page(ALL).conflicts);
    const types = found.map(({ key, loser, winner }) => `${key}: ${loser.type} to ${winner.type}`);
    expect([...new Set(types)].sort()).toEqual(["k: delete to put", "l: put to delete"]);
  });
});

describe("the receipts of a keyspace", () => {
  const SPACE = spaceOfName("other");

  function createConflicts(): Conflicts {
    const keyspaces = new Keyspaces(() => {});
    keyspaces.learn("keyspace/other" as Key, encodePolicy(POLICY_ALL));
    const members = { idOfNumber: (number: number) => (number === 1 ? ("one" as ReplicaId) : undefined) };
    return new Conflicts({
      origin: origin(1),
      members: members as unknown as Members,
      reports: new Reports(),
      keyspaces,
    });
  }

  function conflict(key: string, isLostHere = true): Conflict {
    const write = (replica: number) => ({ origin: originOf(replica, 3) as OriginId, isDead: false });
    const [earlier, later] = [timestampFromMs(NOW), (timestampFromMs(NOW) + 1) as Timestamp];
    return {
      key: key as Key,
      loser: { ...write(1), timestamp: earlier },
      winner: { ...write(2), timestamp: later },
      isLostHere,
    };
  }

  const shardIn = (space: SpaceId): ShardId => shardIdOf(space, 3);

  it("are the latest, newest first, under a prefix and up to a limit, and counted all", () => {
    const conflicts = createConflicts();
    for (let i = 0; i < RECEIPTS_MAX + 50; i++) conflicts.conflicted(shardIn(SPACE), conflict(`a${i}`), NOW + i);
    conflicts.conflicted(shardIn(SPACE), conflict("b", false), NOW);
    const page = conflicts.page({ keyspace: "other", prefix: "", limit: 2000 });
    expect(page.conflicts.length).toBe(RECEIPTS_MAX);
    expect(page.counts).toEqual({ here: RECEIPTS_MAX + 50, elsewhere: 1 });
    expect(page.conflicts.slice(0, 2).map(({ key }) => key)).toEqual(["b", `a${RECEIPTS_MAX + 49}`]);
    expect(page.conflicts[1]).toMatchObject({
      loser: { replica: "one", life: 3, stampedAt: NOW },
      winner: { life: 3, stampedAt: NOW },
      lost: "here",
      notedAt: NOW + RECEIPTS_MAX + 49,
    });
    expect(page.conflicts[1]?.winner).not.toHaveProperty("replica");
    const some = conflicts.page({ keyspace: "other", prefix: "a", limit: 3 });
    expect(some.conflicts.map(({ key }) => key)).toEqual([549, 548, 547].map((i) => `a${i}`));
    expect(some.counts).toBeUndefined();
    expect(conflicts.page(ALL)).toEqual({ conflicts: [], counts: { here: 0, elsewhere: 0 } });
    expect(conflicts.page({ ...ALL, keyspace: "none" }).conflicts).toEqual([]);
    expect(conflicts.counts()).toEqual([
      { keyspace: "default", here: 0, elsewhere: 0 },
      { keyspace: "other", here: RECEIPTS_MAX + 50, elsewhere: 1 },
    ]);
  });

  it("take a bounded number of bytes, however long the keys", () => {
    const conflicts = createConflicts();
    for (let i = 0; i < RECEIPTS_MAX; i++) conflicts.conflicted(shardIn(SPACE), conflict("k".repeat(1024)), NOW);
    expect(conflicts.kept).toBeLessThan(RECEIPTS_MAX);
    expect(conflicts.keptBytes).toBeLessThanOrEqual(RECEIPTS_BYTES_MAX);
    expect(conflicts.keptBytes).toBeGreaterThan(0.9 * RECEIPTS_BYTES_MAX);
  });
});
