/** Two ends of an exchange, in direct talk. */

import { beforeEach, describe, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { rosterBucketOf, rosterBuckets, rosterDigest } from "../../src/cluster/roster.ts";
import { type Roster, RosterExchange } from "../../src/cluster/roster-exchange.ts";
import type { Message, Rumour } from "../../src/wire/message.ts";
import { rumour } from "../support/surroundings.ts";

/** One end: knows some members, and takes what is told of others as it comes. */
class End {
  readonly known: Map<ReplicaId, Rumour>;
  readonly exchange: RosterExchange;
  isTold = false;
  out: Message[] = [];

  constructor(...rumours: readonly Rumour[]) {
    this.known = new Map(rumours.map((each) => [each.id, each]));
    const roster: Roster = {
      buckets: () => rosterBuckets(this.known.values()),
      rumoursIn: (buckets) => [...this.known.values()].filter(({ id }) => buckets.includes(rosterBucketOf(id))),
    };
    this.exchange = new RosterExchange(roster, {
      areMany: () => true,
      hear: (told) => {
        for (const each of told) {
          const known = this.known.get(each.id);
          if (known === undefined ? !each.left : each.life > known.life || each.left) this.known.set(each.id, each);
        }
      },
      told: () => {
        this.isTold = true;
      },
      send: (_to, message) => void this.out.push(message),
    });
  }

  receive(message: Message): void {
    const peer = "peer" as ReplicaId;
    if (message.type === "roster") this.exchange.receiveRoster(peer, message);
    if (message.type === "roster-buckets") this.exchange.receiveBuckets(peer, message);
    if (message.type === "roster-rows") this.exchange.receiveRows(peer, message, 0);
  }
}

/** Lets `a` begin, and both answer until nobody does. Returns the messages by type. */
function talk(a: End, b: End, meanwhile: () => void = () => {}): string[] {
  const said: string[] = [];
  a.exchange.begin("peer" as ReplicaId);
  for (let left = 10; a.out.length + b.out.length > 0; left--) {
    if (left === 0) throw new Error("no end");
    const [toB, toA] = [a.out.splice(0), b.out.splice(0)];
    said.push(...[...toB, ...toA].map(({ type }) => type));
    for (const message of toB) b.receive(message);
    meanwhile();
    for (const message of toA) a.receive(message);
  }
  return said;
}

const members = (from: number, to: number): Rumour[] =>
  Array.from({ length: to - from }, (_, i) => rumour(`m${from + i}`));

describe("an exchange of rosters", () => {
  it("is over with two messages where both know the same", () => {
    const [a, b] = [new End(...members(0, 50)), new End(...members(0, 50))];
    expect(talk(a, b)).toEqual(["roster", "roster"]);
    expect([a.isTold, b.isTold]).toEqual([true, true]);
  });

  it("leaves both with all that either knew, whoever begins", () => {
    for (const isTurned of [false, true]) {
      const ends = [new End(...members(0, 60), rumour("n", { life: 2 })), new End(...members(40, 90), rumour("n"))];
      const [a, b] = (isTurned ? ends.reverse() : ends) as [End, End];
      expect(talk(a, b)).toEqual(["roster", "roster-buckets", "roster-rows", "roster-rows"]);
      expect([a.known.size, b.known.size]).toEqual([91, 91]);
      expect([a, b].map((end) => end.known.get(rumour("n").id)?.life)).toEqual([2, 2]);
      expect([a.isTold, b.isTold]).toEqual([true, true]);
    }
  });

  it("tells of one that differs, and not of hundreds that do not", () => {
    const [a, b] = [new End(...members(0, 640)), new End(...members(0, 639), rumour("m639", { life: 2 }))];
    let rows = 0;
    talk(a, b, () => {
      for (const message of [...a.out, ...b.out]) if (message.type === "roster-rows") rows += message.members.length;
    });
    expect(a.known.get(rumour("m639").id)?.life).toBe(2);
    expect(rows).toBeLessThan(30);
  });

  it("tells of whoever has left to those that take it for a member, and to nobody else", () => {
    const gone = rumour("m1", { left: true });
    const [a, b] = [new End(...members(0, 3)), new End(rumour("m0"), gone, rumour("m2"))];
    talk(a, b);
    expect(a.known.get(gone.id)?.left).toBe(true);
    const [c, d] = [new End(rumour("m0")), new End(rumour("m0"), gone)];
    expect(talk(c, d)).toEqual(["roster", "roster"]);
  });

  it("tells both that they know all where what differed was told meanwhile", () => {
    const [a, b] = [new End(...members(0, 5)), new End(...members(0, 4))];
    // What b lacks is forgotten by a once b has said what it knows.
    talk(a, b, () => void a.known.delete(rumour("m4").id));
    expect([a.isTold, b.isTold]).toEqual([true, true]);
  });
});

describe("a member of many, at hundreds of links at once", () => {
  const peers = Array.from({ length: 100 }, (_, i) => `p${i}` as ReplicaId);
  let exchange: RosterExchange;
  let sent: { readonly to: ReplicaId; readonly type: Message["type"] }[];
  let isMany: boolean;
  const told = { type: "roster-rows", isReply: true, buckets: [], members: [] } as const;
  const sentTo = (type: Message["type"]): ReplicaId[] => sent.filter((each) => each.type === type).map(({ to }) => to);

  beforeEach(() => {
    isMany = true;
    sent = [];
    const roster = { buckets: () => rosterBuckets(members(0, 3)), rumoursIn: () => [] };
    exchange = new RosterExchange(roster, {
      areMany: () => isMany,
      hear: () => {},
      told: () => {},
      send: (to, { type }) => void sent.push({ to, type }),
    });
  });

  const allBegin = (): void => {
    const digest = rosterDigest(rosterBuckets(members(0, 40)));
    for (const peer of peers) exchange.receiveRoster(peer, { type: "roster", isReply: false, digest });
  };

  it("asks one for its rows, and compares with the others once that one has told them (X1)", () => {
    allBegin();
    expect(sentTo("roster-buckets")).toEqual(["p0"]);
    exchange.receiveRows("p1" as ReplicaId, told, 0);
    expect(sentTo("roster")).toEqual([]);
    exchange.receiveRows("p0" as ReplicaId, told, 0);
    expect(sentTo("roster")).toEqual(peers.slice(1));
  });

  it.each([
    ["whose link goes", () => exchange.linkDown("p0" as ReplicaId)],
    ["that does not answer", () => exchange.expire()],
  ])("waits no longer for one %s", (_what, end) => {
    allBegin();
    exchange.linkDown("p1" as ReplicaId);
    expect(sentTo("roster")).toEqual([]);
    end();
    expect(sentTo("roster")).toEqual(peers.slice(2));
    allBegin();
    expect(sentTo("roster-buckets")).toEqual(["p0", "p0"]);
  });

  it("asks all of them where members are few", () => {
    isMany = false;
    allBegin();
    expect(sentTo("roster-buckets")).toEqual(peers);
  });
});
