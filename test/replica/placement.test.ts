/** Shards that some members own: they move as members and policies come and go, and nothing is lost or comes back. */

import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { spaceOfName } from "../../src/cluster/keyspaces.ts";
import type { ReplicaConfig } from "../../src/replica/config.ts";
import { defineKeyspace } from "../../src/replica/keyspace-definitions.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import { Machines } from "../support/machines.ts";

const NAME = "placed";
const SPACE = spaceOfName(NAME);
const KEYS = Array.from({ length: 40 }, (_, i) => `k${i}`);
const IN_SPACE = { space: SPACE };
/** Enough for views to spread, shards to move and strays to go. */
const SETTLE_MS = 20_000;

function setPolicy(machines: Machines, name: string, settings: KeyspaceSettings): void {
  defineKeyspace(machines.at(name), NAME, settings, machines.clockOf(name));
  machines.flush(name);
}

async function placed(
  seed: string,
  names: readonly string[],
  policy: KeyspaceSettings,
  config: Partial<ReplicaConfig> = {},
): Promise<Machines> {
  const machines = await Machines.started(names, seed, { shards: 8, ...config });
  setPolicy(machines, names[0] ?? "", policy);
  machines.run(SETTLE_MS);
  return machines;
}

function ownersOf(machines: Machines, name: string, key: string): readonly string[] {
  const replica = machines.at(name);
  return replica.ownership.ownersOf(replica.shardOfKey(key as Key, SPACE).id);
}

/** Every key is at its owners, all of them ready, with this value, and nobody else holds anything. */
function expectAtOwners(machines: Machines, names: readonly string[], value: string | undefined): void {
  for (const key of KEYS) {
    const owners = ownersOf(machines, names[0] ?? "", key);
    for (const name of names) {
      const shard = machines.at(name).shardOfKey(key as Key, SPACE);
      if (owners.includes(name)) {
        expect([name, key, shard.isReady, machines.get(name, key, IN_SPACE)]).toEqual([name, key, true, value]);
      } else expect([name, key, shard.isBlank]).toEqual([name, key, true]);
    }
  }
}

function putAll(machines: Machines, at: (key: string) => string, value: string): void {
  for (const key of KEYS) machines.put(at(key), key, value, IN_SPACE);
}

const FOUR = ["a", "b", "c", "d"];

describe("a keyspace with two copies among four", () => {
  it("is held by the owners of each shard, and by nobody else", async () => {
    const machines = await placed("two of four", FOUR, { replication: 2 });
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(100);
    expectAtOwners(machines, FOUR, "v");
    const shares = FOUR.map((name) => machines.at(name).movement.progress().owned);
    expect(shares.reduce((sum, each) => sum + each)).toBe(16);
    expect(FOUR.map((name) => machines.at(name).movement.progress().strays)).toEqual([0, 0, 0, 0]);
  });

  it("takes writes at those who do not own them, and brings them home", async () => {
    const machines = await placed("guests", FOUR, { replication: 2 });
    const guestOf = (key: string) => FOUR.find((name) => !ownersOf(machines, "a", key).includes(name)) ?? "";
    putAll(machines, guestOf, "of a guest");
    machines.run(SETTLE_MS);
    expectAtOwners(machines, FOUR, "of a guest");
  });

  it("takes them also where no owner is in sight, and begins another life for those that come after they went home", async () => {
    const machines = await placed("cut guests", FOUR, { replication: 2 });
    const key = KEYS.find((each) => !ownersOf(machines, "a", each).includes("d")) ?? "";
    for (const value of ["first", "second"]) {
      machines.cut(["d"], ["a", "b", "c"]);
      const life = machines.at("d").life;
      machines.put("d", key, value, IN_SPACE);
      expect(machines.at("d").life > life).toBe(value === "second");
      machines.run(3000);
      expect(machines.get("d", key, IN_SPACE)).toBe(value);
      expect(ownersOf(machines, "a", key).map((name) => machines.get(name, key, IN_SPACE) === value)).toEqual([
        false,
        false,
      ]);
      machines.heal();
      machines.run(SETTLE_MS);
      expect(ownersOf(machines, "a", key).map((name) => machines.get(name, key, IN_SPACE))).toEqual([value, value]);
      expect(machines.at("d").shardOfKey(key as Key, SPACE).isBlank).toBe(true);
    }
  });

  it("puts its questions as soon as a life that it began within the process is on disk, and not before", async () => {
    const machines = await placed("questions", FOUR, { replication: 2 });
    const key = KEYS.find((each) => !ownersOf(machines, "a", each).includes("d")) ?? "";
    const d = machines.at("d");
    machines.put("d", key, "handed over", IN_SPACE);
    machines.run(SETTLE_MS);
    machines.put("d", key, "of another life", IN_SPACE);
    expect(d.lifeDurable).toBe(false);
    let isReached: boolean | undefined;
    d.quorumReads.askReady(d.shardOfKey(key as Key, SPACE).id, key as Key, machines.clockOf("d"), (reached) => {
      isReached = reached;
    });
    expect(d.outbox.frames).toEqual([]);
    machines.run(200);
    expect(isReached).toBe(true);
  });

  it("takes no later life that began within a process for one of a disk that is newer than its own", async () => {
    const machines = await placed("lives", FOUR, { replication: 2 });
    const key = KEYS.find((each) => !ownersOf(machines, "a", each).includes("d")) ?? "";
    for (const value of ["first", "second", "third"]) {
      machines.cut(["d"], ["a", "b", "c"]);
      machines.put("d", key, value, IN_SPACE);
      machines.run(1000);
      machines.heal();
      machines.run(SETTLE_MS);
    }
    expect(machines.at("d").life).toBeGreaterThan(2);
    expect(FOUR.map((name) => machines.at(name).quarantines)).toEqual([0, 0, 0, 0]);
  });

  it("does not let go of what it doubts before that is sorted out", async () => {
    const machines = await placed("doubt", FOUR, { replication: 2 });
    const key = KEYS.find((each) => !ownersOf(machines, "a", each).includes("d")) ?? "";
    for (const owner of ownersOf(machines, "a", key)) machines.machine(owner).diskWorks = false;
    machines.put("d", key, "of a guest", IN_SPACE);
    machines.run(3000);
    machines.cut(["d"], ["a", "b", "c"]);
    const shard = machines.at("d").shardOfKey(key as Key, SPACE);
    // As when it begins anew, or its disk has lost something: it claims nothing of what it holds, so that all cover its claims.
    shard.quarantine.distrust({ serve: false });
    machines.run(3000);
    expect(shard.table.count).toBe(1);
  });

  it("is read from a majority by its owners only: nobody else takes in what it does not own", async () => {
    const machines = await placed("majority", FOUR, { replication: 2 });
    const key = KEYS.find((each) => !ownersOf(machines, "a", each).includes("d")) ?? "";
    machines.put(ownersOf(machines, "a", key)[0] ?? "", key, "v", IN_SPACE);
    machines.run(1000);
    for (const [name, isReached] of [
      [ownersOf(machines, "a", key)[1] ?? "", true],
      ["d", false],
    ] as const) {
      const replica = machines.at(name);
      const answers: boolean[] = [];
      const shard = replica.shardOfKey(key as Key, SPACE);
      replica.quorumReads.begin(shard.id, key as Key, machines.now, (reached) => answers.push(reached));
      machines.carryOut(replica.id);
      machines.run(1000);
      expect(answers).toEqual([isReached]);
    }
    expect(machines.at("d").shardOfKey(key as Key, SPACE).isBlank).toBe(true);
  });

  it("forgets deletions once there is calm, and not while a member is away", async () => {
    const machines = await placed("purge", FOUR, { replication: 2 });
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    machines.cut(["d"], ["a", "b", "c"]);
    const kept = KEYS.filter((key) => !ownersOf(machines, "a", key).includes("d"));
    for (const key of kept) machines.delete(ownersOf(machines, "a", key)[1] ?? "", key, IN_SPACE);
    machines.run(SETTLE_MS);
    const graves = () =>
      kept.flatMap((key) =>
        ownersOf(machines, "a", key).map((name) => machines.at(name).shardOfKey(key as Key, SPACE)),
      );
    expect(graves().every((shard) => shard.tombstones > 0)).toBe(true);
    machines.heal();
    machines.run(2 * SETTLE_MS);
    expect(graves().map((shard) => shard.tombstones)).toEqual(graves().map(() => 0));
    for (const key of kept) for (const name of FOUR) expect(machines.get(name, key, IN_SPACE)).toBeUndefined();
  });
});

describe("an owner without a disk", () => {
  it("is trusted with what a guest wrote for as long as it is there, and no longer", async () => {
    const machines = await Machines.started(["a", "b"], "without a disk", { shards: 8 });
    const e = await machines.start("e", { ephemeral: true });
    setPolicy(machines, "a", { replication: 1 });
    machines.run(SETTLE_MS);
    const key = KEYS.find((each) => ownersOf(machines, "a", each).includes(e.id)) ?? "";
    machines.cut(["b"], ["a", "e"]);
    machines.put("b", key, "of a guest", IN_SPACE);
    machines.run(1000);
    const b = machines.at("b");
    const shard = b.shardOfKey(key as Key, SPACE);
    machines.heal();
    for (let ms = 0; b.reports.of(shard.id, e.id)?.durable.dominates(shard.vector) !== true; ms += 50) {
      if (ms > SETTLE_MS) expect.fail("nobody fetched it");
      machines.run(50);
    }
    expect([shard.isBlank, shard.isLeaving, machines.get("e", key, IN_SPACE)]).toEqual([false, false, "of a guest"]);
    machines.crash("e");
    machines.run(3000);
    expect(machines.get("b", key, IN_SPACE)).toBe("of a guest");
  });
});

describe("shards move", () => {
  it("to a member that joins, from those that own them no more", async () => {
    const machines = await placed("join", ["a", "b", "c"], { replication: 2 });
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    await machines.start("d");
    machines.heal();
    machines.run(2 * SETTLE_MS);
    expect(machines.at("d").movement.progress().owned).toBeGreaterThan(0);
    expectAtOwners(machines, FOUR, "v");
  });

  it("to a member that joins before it says that it is ready", async () => {
    const machines = await placed("ready", ["a", "b", "c"], { replication: 2 });
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    const d = await machines.start("d");
    machines.machine("d").diskWorks = false;
    machines.heal();
    for (let ms = 0; d.unreadyReasons(machines.clockOf("d")).length > 0; ms += 50) {
      if (ms > 2 * SETTLE_MS) expect.fail(d.unreadyReasons(machines.clockOf("d")).join());
      if (ms === 3000) machines.machine("d").diskWorks = true;
      machines.run(50);
    }
    const { owned, ready } = d.movement.progress();
    expect(owned).toBeGreaterThan(0);
    expect(ready).toBe(owned);
  });

  it("when a policy asks for fewer copies, or for more, while clients go on writing", async () => {
    const machines = await placed("policy", FOUR, { replication: "all" });
    putAll(machines, () => "a", "v");
    machines.run(1000);
    for (const [version, replication] of ([2, 3, "all", 1] as const).entries()) {
      setPolicy(machines, FOUR[version] ?? "", { replication });
      for (let i = 0; i < 8; i++) {
        putAll(machines, (key) => FOUR[(i + key.length) % 4] ?? "", `of ${version}`);
        machines.run(500);
      }
      machines.run(2 * SETTLE_MS);
      expectAtOwners(machines, FOUR, `of ${version}`);
    }
  });

  it("back from a member that was away while others wrote and deleted", async () => {
    const machines = await placed("away", FOUR, { replication: 2 });
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    machines.crash("d");
    for (const key of KEYS)
      machines.delete(
        FOUR.slice(0, 3).find((name) => ownersOf(machines, "a", key).includes(name)) ?? "",
        key,
        IN_SPACE,
      );
    machines.run(SETTLE_MS);
    await machines.start("d");
    machines.heal();
    machines.run(2 * SETTLE_MS);
    expectAtOwners(machines, FOUR, undefined);
  });

  it("nowhere from a replica whose disk has not let go of them yet", async () => {
    const machines = await placed("disk", FOUR, { replication: 2 });
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    setPolicy(machines, "a", { replication: 1 });
    machines.run(2 * SETTLE_MS);
    for (const name of FOUR) machines.crash(name);
    for (const name of FOUR) await machines.start(name);
    machines.heal();
    setPolicy(machines, "a", { replication: 1 });
    machines.run(2 * SETTLE_MS);
    expectAtOwners(machines, FOUR, "v");
  });
});

describe("a member that is dead for long", () => {
  /** Its silence is noticed, and the grace is over. */
  const GONE_MS = 40_000;
  const QUICK = { displaceMs: 10_000, retentionMs: 600_000 };

  function ownedBy(machines: Machines, name: string): number {
    return KEYS.filter((key) => ownersOf(machines, "a", key).includes(name)).length;
  }

  it("owns nothing until it is back, and then what it owned before", async () => {
    const machines = await placed("displaced", FOUR, { replication: 2 }, QUICK);
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    const before = KEYS.map((key) => ownersOf(machines, "a", key));
    machines.crash("d");
    machines.run(GONE_MS);
    expect(ownedBy(machines, "d")).toBe(0);
    expectAtOwners(machines, ["a", "b", "c"], "v");
    putAll(machines, (key) => ownersOf(machines, "a", key)[1] ?? "", "w");
    await machines.start("d");
    machines.heal();
    machines.run(GONE_MS);
    expect(KEYS.map((key) => ownersOf(machines, "a", key))).toEqual(before);
    expectAtOwners(machines, FOUR, "w");
  });

  it("brings what it alone has when it is back", async () => {
    const machines = await placed("brings", FOUR, { replication: 1 }, QUICK);
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    machines.cut(["d"], ["a", "b", "c"]);
    putAll(machines, () => "d", "of d");
    machines.run(GONE_MS);
    expect(ownedBy(machines, "d")).toBe(0);
    machines.heal();
    machines.run(2 * GONE_MS);
    expectAtOwners(machines, FOUR, "of d");
  });

  it("is not displaced by who sees no majority: it is those who are away", async () => {
    const machines = await placed("minority", FOUR, { replication: 2 }, QUICK);
    machines.cut(["a", "b"], ["c", "d"]);
    machines.run(2 * GONE_MS);
    for (const name of FOUR)
      expect(
        machines
          .at(name)
          .members.all()
          .map(({ displaced }) => displaced),
      ).toEqual([0, 0, 0, 0]);
    machines.heal();
    machines.cut(["a"], ["b", "c", "d"]);
    machines.run(2 * GONE_MS);
    expect(
      machines
        .at("a")
        .members.all()
        .every(({ displaced }) => displaced === 0),
    ).toBe(true);
    expect(["b", "c", "d"].map((name) => machines.at(name).members.get("a" as ReplicaId)?.displaced)).toEqual([
      1, 1, 1,
    ]);
  });

  it("comes back with another view than before also when all begin again", async () => {
    const machines = await placed("again", FOUR, { replication: 2 }, QUICK);
    machines.cut(["d"], ["a", "b", "c"]);
    machines.run(GONE_MS);
    machines.heal();
    machines.run(GONE_MS);
    const { view } = machines.at("a").ownership;
    for (const name of FOUR) machines.crash(name);
    for (const name of FOUR) await machines.start(name);
    machines.heal();
    machines.run(1000);
    expect(FOUR.map((name) => machines.at(name).ownership.view)).toEqual(FOUR.map(() => view));
    expect(machines.at("d").members.get("d" as ReplicaId)?.displaced).toBe(2);
  });
});

describe("a member that is removed", () => {
  const remove = (machines: Machines, by: string, name: string) => machines.at(by).membership.remove(name as ReplicaId);

  it("is waited for no more: graves go, and what it owned is placed anew", async () => {
    const machines = await placed("removed", FOUR, { replication: 2 });
    putAll(machines, (key) => ownersOf(machines, "a", key)[0] ?? "", "v");
    machines.run(1000);
    machines.crash("d");
    machines.run(SETTLE_MS);
    for (const key of KEYS.slice(0, 20)) {
      machines.delete(ownersOf(machines, "a", key).find((name) => name !== "d") ?? "", key, IN_SPACE);
    }
    machines.run(SETTLE_MS);
    const graves = () => ["a", "b", "c"].reduce((sum, name) => sum + tombstonesOf(machines, name), 0);
    expect(graves()).toBeGreaterThan(0);
    expect(remove(machines, "a", "d")).toBe(true);
    machines.run(4 * SETTLE_MS);
    expect(graves()).toBe(0);
    for (const key of KEYS) expect(ownersOf(machines, "b", key)).not.toContain("d");
    // It returns all the same, with everything that was deleted.
    await machines.start("d");
    machines.heal();
    machines.run(4 * SETTLE_MS);
    for (const [i, key] of KEYS.entries()) {
      const owners = ownersOf(machines, "a", key);
      const expected = i < 20 ? undefined : "v";
      expect(owners.map((name) => machines.get(name, key, IN_SPACE))).toEqual(owners.map(() => expected));
    }
    expect(machines.machine("d").logs).toContain("quarantine");
    expect(KEYS.some((key) => ownersOf(machines, "a", key).includes("d"))).toBe(true);
  });

  it("is refused where it is there, unknown, or oneself", async () => {
    const machines = await placed("there", FOUR, { replication: 2 });
    for (const name of ["a", "b", "stranger"]) expect(remove(machines, "a", name)).toBe(false);
  });
});

function tombstonesOf(machines: Machines, name: string): number {
  return machines
    .at(name)
    .shards.in(SPACE)
    .reduce((sum, shard) => sum + shard.tombstones, 0);
}
