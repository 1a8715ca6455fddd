/** Whom a replica takes for gone. What it hears of itself is tested on machines (`test/replica/quarantine.test.ts`). */

import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { isGivenUp, Members } from "../../src/cluster/members.ts";
import { Membership, type MembershipHost } from "../../src/cluster/membership.ts";
import type { MemberFacts } from "../../src/wire/message.ts";
import { NOW } from "../support/shards.ts";
import { facts } from "../support/surroundings.ts";

const HERE = { address: "here:1", ephemeral: true };
const older = facts("older", { ...HERE, startedAt: 1000 });
const newer = facts("newer", { ...HERE, startedAt: 2000 });

let members: Members;
let membership: Membership;
let linked: Set<ReplicaId>;
let now = NOW;
let sent: { readonly to: ReplicaId; readonly members: readonly ReplicaId[] }[];

beforeEach(() => {
  members = new Members(facts("a"));
  linked = new Set();
  sent = [];
  now = NOW;
  const host: MembershipHost = {
    life: 1,
    birth: 7,
    rootLife: 1,
    lineage: [{ life: 1, birth: 7 }],
    startEpoch: 0,
    quarantines: 0,
    isLinked: (id) => linked.has(id),
    links: () => linked,
    send: (to, message) => {
      if (message.type === "members") sent.push({ to, members: message.members.map(({ id }) => id) });
    },
    log: () => {},
    learnt: () => {},
    livesAnew: () => {},
    gaveUp: () => {},
    quarantine: () => {},
  };
  membership = new Membership(members, host, { retentionMs: 60_000 });
  membership.tick(now);
});

/** A link comes up, or a message comes over it: its peer says whom it knows. */
function hear(from: MemberFacts, ...others: readonly MemberFacts[]): void {
  linked.add(from.id);
  membership.receiveMembers(
    from.id,
    { type: "members", self: from.id, members: [from, ...others], lineage: [], known: [] },
    NOW,
  );
}

/** Lets time pass, in steps of 100 ms. */
function run(ms: number): void {
  for (let passed = 0; passed < ms; passed += 100) {
    now += 100;
    membership.tick(now);
  }
}

const hasLeft = (member: MemberFacts) => members.get(member.id)?.left;

describe("a replica that keeps nothing on disk", () => {
  it("is gone when a later one answers at its address", () => {
    hear(older);
    linked.delete(older.id);
    hear(newer);
    expect([hasLeft(older), hasLeft(newer)]).toEqual([true, false]);
  });

  it("is not gone while its own link stands, and is once that is missed", () => {
    hear(older);
    hear(newer);
    expect(hasLeft(older)).toBe(false);
    linked.delete(older.id);
    membership.linkDown();
    expect(hasLeft(older)).toBe(true);
  });

  it("is not gone because an earlier one, whose link was not yet missed, still speaks", () => {
    hear(older);
    hear(facts("b"), newer);
    hear(older);
    membership.linkDown();
    expect([hasLeft(older), hasLeft(newer)]).toEqual([false, false]);
  });

  it("is gone once it has been away for longer than a link is missed, though the one at its address began by an earlier clock", () => {
    hear(newer);
    linked.delete(newer.id);
    hear(older);
    run(10_000);
    expect(hasLeft(newer)).toBe(false);
    run(100);
    expect([hasLeft(newer), hasLeft(older)]).toEqual([true, false]);
  });

  it("is not gone by then when nobody answers at its address, or when it keeps its data", () => {
    const durable = facts("durable", { address: HERE.address, startedAt: 3000 });
    for (const member of [newer, durable, facts("b")]) hear(member);
    linked.delete(newer.id);
    linked.delete(durable.id);
    run(20_000);
    expect([hasLeft(newer), hasLeft(durable)]).toEqual([false, false]);
    hear(older);
    run(100);
    expect([hasLeft(newer), hasLeft(durable)]).toEqual([true, false]);
  });

  it("is not gone when somebody answers elsewhere", () => {
    hear(older);
    linked.delete(older.id);
    hear(facts("newer", { ...HERE, address: "there:1", startedAt: 2000 }));
    expect(hasLeft(older)).toBe(false);
  });
});

describe("what a member learns", () => {
  beforeEach(() => {
    hear(facts("b"));
    hear(facts("c"));
    sent = [];
  });

  it("goes to all it is linked with, and nothing beside it", () => {
    hear(facts("b"), facts("d"));
    expect(sent.sort((one, other) => (one.to < other.to ? -1 : 1))).toEqual([
      { to: "b", members: ["d"] },
      { to: "c", members: ["d"] },
    ]);
  });

  it("is told no more once it is known", () => {
    hear(facts("b"), facts("d"));
    sent = [];
    hear(facts("c"), facts("d"));
    expect(sent).toEqual([]);
  });

  it("goes to a new link with all the rest", () => {
    hear(facts("b"), facts("d"));
    sent = [];
    membership.linkUp({ id: facts("d").id, life: 1, region: "eu", address: "d:1" }, NOW);
    expect(sent).toEqual([{ to: "d", members: ["a", "b", "c", "d"] }]);
  });
});

describe("whom a peer has given up", () => {
  it("counts as given up by whoever defers to that peer, whatever news came since", () => {
    hear(facts("b"), facts("c"));
    hear(facts("b"), facts("c", { givenUpLife: 1 }));
    const news = { type: "members", self: facts("b").id, members: [facts("d")], lineage: [], known: [] } as const;
    membership.receiveMembers(facts("b").id, news, NOW);
    const defer = { type: "quarantine", givenUpLife: 1, rootLife: 1, size: 2, least: facts("b").id } as const;
    membership.receiveQuarantine(facts("b").id, defer, NOW);
    expect(
      members
        .all()
        .filter(isGivenUp)
        .map(({ id }) => id),
    ).toEqual(["c"]);
  });
});
