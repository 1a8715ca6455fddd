import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { hashText } from "../../src/base/hash.ts";
import type { ReplicaId } from "../../src/base/ids.ts";
import { isGivenUp, Members } from "../../src/cluster/members.ts";
import { originOf, replicaNumber } from "../../src/core/origin.ts";
import type { MemberFacts } from "../../src/wire/message.ts";
import { NOW } from "../support/shards.ts";
import { facts } from "../support/surroundings.ts";

const b = "b" as ReplicaId;
let members: Members;

beforeEach(() => {
  members = new Members(facts("a"));
});

function learn(name: string, more: Partial<MemberFacts> = {}): boolean {
  return members.learn(facts(name, more), NOW);
}

describe("lives", () => {
  it("are told by anybody, the greater wins, and the same is no news", () => {
    expect([learn("b", { life: 3 }), learn("b", { life: 3 }), learn("b", { life: 2 })]).toEqual([true, false, false]);
    expect(members.get(b)?.life).toBe(3);
    expect(learn("b", { life: 4, address: "elsewhere:1" })).toBe(true);
    expect(members.get(b)).toMatchObject({ life: 4, address: "elsewhere:1" });
  });

  it("may bring what nobody has seen once their member has begun anew since, until it leaves", () => {
    const may = () => [1, 2, 3].map((life) => members.mayReturn(originOf(replicaNumber(b), life)));
    learn("b", { life: 3 });
    expect(may()).toEqual([false, false, false]);
    learn("b", { life: 3, rootLife: 3 });
    expect(may()).toEqual([true, true, false]);
    members.leave(b);
    expect(may()).toEqual([false, false, false]);
  });

  it("have ended when a later one is known, or when the replica has left for good, until it begins anew", () => {
    const origin = (life: number) => originOf(replicaNumber(b), life);
    expect(members.hasEnded(origin(1))).toBe(false);
    learn("b", { life: 2 });
    expect([members.hasEnded(origin(1)), members.hasEnded(origin(2))]).toEqual([true, false]);
    members.leave(b);
    expect(members.hasEnded(origin(2))).toBe(true);
    learn("b", { life: 3 });
    expect([members.get(b)?.left, members.hasEnded(origin(3))]).toEqual([true, true]);
    learn("b", { life: 4, rootLife: 4 });
    expect([members.get(b)?.left, members.hasEnded(origin(4))]).toEqual([false, false]);
  });

  it("have a digest that is equal exactly on those who know of the same", () => {
    const told = fc.array(fc.tuple(fc.constantFrom("b", "c", "d"), fc.integer({ min: 1, max: 3 })), { maxLength: 6 });
    const know = (list: readonly (readonly [string, number])[]) => {
      const made = new Members(facts("a"));
      for (const [name, life] of list) made.learn(facts(name, { life }), NOW);
      return made;
    };
    const livesOf = (made: Members) =>
      made
        .all()
        .map(({ id, life }) => `${id}${life}`)
        .sort()
        .join();
    fc.assert(
      fc.property(told, told, (one, other) => {
        const [x, y] = [know(one), know(other)];
        expect(x.livesDigest() === y.livesDigest()).toBe(livesOf(x) === livesOf(y));
      }),
    );
  });
});

describe("what is worked out of all members", () => {
  type Change = readonly ["learn" | "leave" | "giveUp" | "forget" | "observeEpoch", string, number];
  const changes: fc.Arbitrary<readonly Change[]> = fc.array(
    fc.tuple(
      fc.constantFrom("learn", "learn", "leave", "giveUp", "forget", "observeEpoch"),
      fc.constantFrom("b", "c", "d"),
      fc.integer({ min: 1, max: 3 }),
    ),
    { maxLength: 20 },
  );
  const change = (made: Members, [what, name, life]: Change): void => {
    const id = name as ReplicaId;
    if (what === "learn") learnInto(made, name, { life, ephemeral: life === 2, address: `here:${life % 2}` });
    else if (what === "leave" || what === "forget") made[what](id);
    else made[what](id, life);
  };
  const learnInto = (made: Members, name: string, more: Partial<MemberFacts>) => made.learn(facts(name, more), NOW);

  it("is the same whether it was kept up or begun with", () => {
    fc.assert(
      fc.property(changes, (list) => {
        const kept = new Members(facts("a"));
        for (const each of list) change(kept, each);
        const begun = new Members(facts("a"));
        for (const member of kept.all()) begun.load(member, NOW);
        expect(kept.livesDigest()).toBe(begun.livesDigest());
        expect(kept.others()).toEqual(begun.others());
        expect(kept.population).toBe(kept.others().length + 1);
        expect(kept.hasEphemerals).toBe(kept.all().some(({ ephemeral, left }) => ephemeral && !left));
        for (const address of ["here:0", "here:1"]) {
          const [one, other] = [kept, begun].map((made) => new Set(made.ephemeralsAt(address)));
          expect(one).toEqual(other);
        }
      }),
    );
  });

  it("is the list of others, the same one until somebody comes or goes", () => {
    learn("b");
    learn("c");
    const before = members.others();
    members.observeEpoch(b, 7);
    learn("b", { life: 2 });
    members.giveUp(b, 2);
    expect(members.others()).toBe(before);
    members.leave(b);
    expect(members.others()).toEqual(["c"]);
    learn("d");
    expect(members.others()).toEqual(["c", "d"]);
  });
});

describe("births", () => {
  it("stay the first that was told of a life, so that a second process hears of it", () => {
    learn("b", { birth: 0 });
    expect(learn("b", { birth: 5 })).toBe(true);
    expect(learn("b", { birth: 6 })).toBe(false);
    expect(members.get(b)?.birth).toBe(5);
    learn("b", { life: 2, birth: 6 });
    expect(members.get(b)?.birth).toBe(6);
  });
});

describe("epochs", () => {
  it("reported in a life become those of the lives before when the next one begins", () => {
    learn("b");
    expect([members.observeEpoch(b, 7), members.observeEpoch(b, 7), members.observeEpoch(b, 6)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(members.get(b)).toMatchObject({ epoch: 0, epochNow: 7 });
    learn("b", { life: 2, epoch: 3 });
    expect(members.get(b)).toMatchObject({ epoch: 7, epochNow: 0 });
    learn("b", { life: 2, epoch: 9 });
    expect(members.get(b)?.epoch).toBe(9);
  });
});

describe("a member that was given up", () => {
  it("is no owner, and stays given up through later lives until it has dropped what it held", () => {
    learn("b", { life: 2, rootLife: 1 });
    members.giveUp(b, 2);
    expect(members.owners()).toEqual([]);
    learn("b", { life: 3, rootLife: 1 });
    learn("b", { life: 4, rootLife: 0 });
    expect(
      members
        .all()
        .filter(isGivenUp)
        .map(({ id }) => id),
    ).toEqual(["b"]);
    learn("b", { life: 4, rootLife: 4 });
    expect(members.owners().map(({ id }) => id)).toEqual(["b"]);
  });

  it("is an owner again at once when this replica itself defers", () => {
    learn("b");
    members.giveUp(b, 1);
    members.forgive();
    expect(members.owners()).toHaveLength(1);
  });
});

describe("ids", () => {
  /** Two ids of one number, found by trying. */
  function clashing(): readonly [string, string] {
    const seen = new Map<number, string>();
    for (let i = 0; ; i++) {
      const name = `n${i}`;
      const number = hashText(name, 0x61746f6c);
      const other = seen.get(number);
      if (other !== undefined) return [other, name];
      seen.set(number, name);
    }
  }

  it("of one number are not taken together", () => {
    const [one, other] = clashing();
    expect(replicaNumber(one as ReplicaId)).toBe(replicaNumber(other as ReplicaId));
    expect(learn(one)).toBe(true);
    expect(members.clashOf(other as ReplicaId)).toBe(one);
    expect(members.clashOf(one as ReplicaId)).toBe(undefined);
    expect(learn(other)).toBe(false);
  });
});
