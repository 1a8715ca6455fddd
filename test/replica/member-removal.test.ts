/** What stands against the removal of a member, each with its code. */

import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { defineKeyspace } from "../../src/replica/keyspace-definitions.ts";
import { removeMember } from "../../src/replica/member-removal.ts";
import type { KeyspaceSettings } from "../../src/store.ts";
import { Machines } from "../support/machines.ts";

const FOUR = ["a", "b", "c", "d"];
const SETTLE_MS = 20_000;
const CONFIG = { shards: 8, retentionMs: 3_600_000, displaceMs: 60_000 };

async function four(seed: string, settings?: KeyspaceSettings): Promise<Machines> {
  const machines = await Machines.started(FOUR, seed, CONFIG);
  if (settings !== undefined) defineKeyspace(machines.at("a"), "placed", settings, machines.clockOf("a"));
  machines.run(SETTLE_MS);
  return machines;
}

function remove(machines: Machines, by: string, name: string, force = false): void {
  removeMember(machines.at(by), name as ReplicaId, { force });
}

const coded = (code: string) => expect.objectContaining({ code });

describe("a removal", () => {
  it("is refused of a member that nobody knows, of this replica, and of one that is there", async () => {
    const machines = await four("refused");
    expect(() => remove(machines, "a", "stranger")).toThrow(coded("NOT_FOUND"));
    expect(() => remove(machines, "a", "a")).toThrow(coded("CANNOT_REMOVE_SELF"));
    expect(() => remove(machines, "a", "d", true)).toThrow(coded("MEMBER_ALIVE"));
  });

  it("is refused of one that is alive without a link, and of one that is suspect, until it is dead", async () => {
    const machines = await four("suspect");
    machines.cut(["a"], ["d"]);
    machines.run(SETTLE_MS);
    expect(machines.at("a").membership.stateOf("d" as ReplicaId)).toBe("alive");
    expect(() => remove(machines, "a", "d")).toThrow(coded("MEMBER_ALIVE"));
    machines.crash("d");
    while (machines.at("a").membership.stateOf("d" as ReplicaId) === "alive") machines.run(50);
    expect(() => remove(machines, "a", "d")).toThrow(/only suspect so far/);
    while (machines.at("a").membership.stateOf("d" as ReplicaId) === "suspect") machines.run(50);
    remove(machines, "a", "d");
    expect(machines.at("a").members.get("d" as ReplicaId)?.left).toBe(true);
  });

  it("may be asked for again, and at another replica that has heard of it", async () => {
    const machines = await four("again");
    machines.crash("d");
    machines.run(SETTLE_MS);
    remove(machines, "a", "d");
    machines.carryOut("a" as ReplicaId);
    machines.run(1000);
    for (const name of ["a", "b"]) expect(() => remove(machines, name, "d")).not.toThrow();
    expect(machines.machine("a").logs.filter((event) => event === "member-removed")).toHaveLength(1);
  });

  it("is refused of who may be the only one to have something, displaced or not, unless it is insisted on", async () => {
    for (const awayMs of [SETTLE_MS, 6 * SETTLE_MS]) {
      const machines = await four(`last ${awayMs}`, { replication: 1 });
      const { owned } = machines.at("d").movement.progress();
      expect(owned).toBeGreaterThan(0);
      machines.crash("d");
      machines.run(awayMs);
      expect(machines.at("a").members.get("d" as ReplicaId)?.displaced).toBe(awayMs > CONFIG.displaceMs ? 1 : 0);
      expect(() => remove(machines, "b", "d")).toThrow(coded("MEMBER_LAST_OWNER"));
      expect(() => remove(machines, "b", "d")).toThrow(`${owned} shards of keyspace placed`);
      expect(machines.at("b").members.get("d" as ReplicaId)?.left).toBe(false);
      remove(machines, "b", "d", true);
      expect(machines.at("b").members.get("d" as ReplicaId)?.left).toBe(true);
    }
  });

  it("is not refused where another has all, and is where that one is known not to", async () => {
    const machines = await four("unready", { replication: 2 });
    machines.crash("d");
    machines.run(SETTLE_MS);
    const { ownership, shards } = machines.at("a");
    const shared = shards.all.find(({ id }) => ownership.owns(id) && ownership.ownersOf(id).join() === "a,d");
    const either = shared ?? shards.all.find(({ id }) => ownership.ownersOf(id).join() === "d,a");
    if (either === undefined) throw new Error("a and d share nothing");
    either.tenure.becomeUnready();
    expect(() => remove(machines, "a", "d")).toThrow("have 1 shards of keyspace placed");
    either.tenure.becomeReady();
    remove(machines, "a", "d");
  });
});
