/** Whom a replica takes for gone. What it hears of itself is tested on machines (`test/replica/quarantine.test.ts`). */

import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { isGivenUp, Members } from "../../src/cluster/members.ts";
import { Membership } from "../../src/cluster/membership.ts";
import type { MembershipHost } from "../../src/cluster/membership-host.ts";
import { swimDefaults } from "../../src/cluster/swim/settings.ts";
import type { Message, Rumour } from "../../src/wire/message.ts";
import { NOW } from "../support/shards.ts";
import { facts, rumour } from "../support/surroundings.ts";

const HERE = { address: "here:1", ephemeral: true };
const older = rumour("older", { ...HERE, startedAt: 1000 });
const newer = rumour("newer", { ...HERE, startedAt: 2000 });

let members: Members;
let membership: Membership;
let linked: Set<ReplicaId>;
let sent: { readonly to: ReplicaId; readonly message: Message }[];
let now = NOW;

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
    lifeDurable: true,
    isPartner: () => true,
    replanned: () => {},
    isLinked: (id) => linked.has(id),
    links: () => linked,
    send: (to, message) => void sent.push({ to, message }),
    log: () => {},
    learnt: () => {},
    livesAnew: () => {},
    gaveUp: () => {},
    quarantine: () => {},
    countOnFrom: () => {},
  };
  now = NOW;
  membership = new Membership(
    members,
    host,
    { retentionMs: 60_000, displaceMs: 60_000, swim: swimDefaults },
    new SeededRandom("membership"),
  );
  membership.keepHouse(now);
});

/** A link comes up, or a message comes over it: its peer says whom it knows. */
function hear(from: Rumour, ...others: readonly Rumour[]): void {
  linked.add(from.id);
  membership.receive(
    from.id,
    { type: "members", self: from.id, isAll: true, members: [from, ...others], lineage: [], known: [] },
    NOW,
  );
}

/** Lets time pass in the steps of a driver; whoever is asked answers. */
function pass(ms: number): void {
  for (const end = now + ms; now < end; ) {
    now += 50;
    const before = sent.length;
    membership.tick(now);
    membership.keepHouse(now);
    for (const { to, message } of sent.slice(before)) {
      if (message.type !== "ping") continue;
      membership.receive(to, { type: "ping-ack", sequence: message.sequence, rumours: [] }, now);
    }
  }
}

const hasLeft = (member: Rumour) => members.get(member.id)?.left;

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
    membership.linkDown(older.id);
    expect(hasLeft(older)).toBe(true);
  });

  it("is not gone because an earlier one, whose link was not yet missed, still speaks", () => {
    hear(older);
    hear(rumour("b"), newer);
    hear(older);
    membership.linkDown(older.id);
    expect([hasLeft(older), hasLeft(newer)]).toEqual([false, false]);
  });

  it("is gone once it has been away for longer than a link is missed, though the one at its address began by an earlier clock", () => {
    hear(newer);
    pass(1000);
    linked.delete(newer.id);
    hear(older);
    pass(10_000);
    expect(hasLeft(newer)).toBe(false);
    // Its silence has to be noticed first.
    pass(4000);
    expect([hasLeft(newer), hasLeft(older)]).toEqual([true, false]);
  });

  it("is not gone by then when nobody answers at its address, or when it keeps its data", () => {
    const durable = rumour("durable", { address: HERE.address, startedAt: 3000 });
    for (const member of [newer, durable, rumour("b")]) hear(member);
    pass(1000);
    linked.delete(newer.id);
    linked.delete(durable.id);
    pass(20_000);
    expect([hasLeft(newer), hasLeft(durable)]).toEqual([false, false]);
    hear(older);
    pass(100);
    expect([hasLeft(newer), hasLeft(durable)]).toEqual([true, false]);
  });

  it("is not gone when somebody answers elsewhere", () => {
    hear(older);
    linked.delete(older.id);
    hear(rumour("newer", { ...HERE, address: "there:1", startedAt: 2000 }));
    expect(hasLeft(older)).toBe(false);
  });
});

/** Whom the messages tell of, each as 'to: whom'. */
const rumoursSent = (): string[] =>
  sent.flatMap(({ to, message }) => {
    if (message.type === "members") return [`${to}: ${message.members.map(({ id }) => id).join(" ")}`];
    return "rumours" in message ? message.rumours.map(({ id }) => `${to}: ${id}`) : [];
  });

describe("what a member learns", () => {
  beforeEach(() => {
    hear(rumour("b"));
    hear(rumour("c"));
    pass(5000);
    sent = [];
  });

  it("goes to all it is linked with, as often as it takes and no more", () => {
    hear(rumour("b"), rumour("d"));
    pass(400);
    expect(new Set(rumoursSent())).toEqual(new Set(["b: d", "c: d"]));
    pass(5000);
    sent = [];
    pass(5000);
    expect(rumoursSent()).toEqual([]);
  });

  it("is told no more once it is known", () => {
    hear(rumour("b"), rumour("d"));
    pass(5000);
    sent = [];
    hear(rumour("c"), rumour("d"));
    pass(1000);
    expect(rumoursSent()).toEqual([]);
  });

  it("goes to whoever comes with a life that is new, with all the rest; on its next link it hears of the two only", () => {
    hear(rumour("b"), rumour("d"));
    sent = [];
    const peer = { id: rumour("d").id, life: 1, region: "eu", address: "d:1" };
    membership.linkUp(peer, NOW);
    membership.linkUp(peer, NOW);
    expect(rumoursSent()).toEqual(["d: a b c d", "d: a d"]);
    membership.linkUp({ ...peer, life: 2 }, NOW);
    expect(rumoursSent().at(-1)).toBe("d: a b c d");
  });
});

describe("a cluster", () => {
  it("is known once somebody told all it knows, or compared and found the same", () => {
    expect(membership.isTold).toBe(false);
    linked.add(rumour("b").id);
    const some = { type: "members", self: rumour("b").id, isAll: false, members: [rumour("b")] } as const;
    membership.receive(rumour("b").id, { ...some, lineage: [], known: [] }, NOW);
    expect(membership.isTold).toBe(false);
    membership.announce();
    const own = sent.flatMap(({ message }) => (message.type === "roster" ? [message] : []));
    expect(own.length).toBe(1);
    for (const message of own) membership.receive(rumour("b").id, { ...message, isReply: true }, NOW);
    expect(membership.isTold).toBe(true);
  });
});

describe("whom a peer has given up", () => {
  it("counts as given up by whoever defers to that peer, whatever news came since", () => {
    hear(rumour("b"), rumour("c"));
    hear(rumour("b"), rumour("c", { givenUpLife: 1 }));
    const givenUp = [{ id: rumour("c").id, life: 1 }];
    const half = { rootLife: 1, half: [{ id: rumour("a").id, rootLife: 1 }], givenUp };
    membership.receive(rumour("b").id, { type: "quarantine", givenUpLife: 1, ...half }, NOW);
    expect(
      members
        .all()
        .filter(isGivenUp)
        .map(({ id }) => id),
    ).toEqual(["c"]);
  });
});
