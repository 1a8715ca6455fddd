import { beforeEach, expect, it } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { Members } from "../../src/cluster/members.ts";
import { DialList } from "../../src/replica/dial-list.ts";
import { NOW } from "../support/shards.ts";
import { facts } from "../support/surroundings.ts";

const JOIN = ["seed:1", "a:1"];
let members: Members;
let neighbours: ReadonlySet<ReplicaId>;
let list: DialList;

beforeEach(() => {
  members = new Members(facts("a"));
  neighbours = new Set();
  list = new DialList();
});

const look = (join = JOIN): boolean =>
  list.look(join, "a:1", { members, membership: { neighbours: () => neighbours } });

it("has the addresses to join by before the replica has started, without its own", () => {
  expect(list.look(JOIN, "a:1", undefined)).toBe(true);
  expect([...list.addresses]).toEqual(["seed:1"]);
});

it("has those of neighbours, wherever they have gone, and of no other members", () => {
  members.learn(facts("b"), NOW);
  members.learn(facts("c"), NOW);
  neighbours = new Set(["b" as ReplicaId]);
  expect(look()).toBe(true);
  expect([...list.addresses]).toEqual(["seed:1", "b:1"]);
  members.learn(facts("b", { life: 2, address: "elsewhere:1" }), NOW);
  expect(look()).toBe(true);
  expect([...list.addresses]).toEqual(["seed:1", "elsewhere:1"]);
});

it("is another where what to join by or the neighbours are others, and not for what else is learnt of members", () => {
  members.learn(facts("b"), NOW);
  neighbours = new Set(["b" as ReplicaId]);
  look();
  members.learn(facts("b", { life: 2 }), NOW);
  members.observeEpoch("b" as ReplicaId, 7);
  members.giveUp("b" as ReplicaId, 2);
  expect(look()).toBe(false);
  neighbours = new Set();
  expect(look()).toBe(true);
  expect([...list.addresses]).toEqual(["seed:1"]);
  expect(look(["other:1"])).toBe(true);
  expect([...list.addresses]).toEqual(["other:1"]);
});
