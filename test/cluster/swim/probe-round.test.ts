import { expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { ProbeRound } from "../../../src/cluster/swim/probe-round.ts";

const ids = (...names: string[]): Set<ReplicaId> => new Set(names as ReplicaId[]);

it("comes to everybody once in each round, in another order (SWIM, section 4.3)", () => {
  const round = new ProbeRound(new SeededRandom(1));
  const all = ids(..."abcdefgh");
  const orders = Array.from({ length: 20 }, () => Array.from(all, () => round.next(all)).join(""));
  for (const order of orders) expect([...order].sort().join("")).toBe("abcdefgh");
  expect(new Set(orders).size).toBeGreaterThan(15);
});

it("passes over who went, and comes to who came in the next round", () => {
  const round = new ProbeRound(new SeededRandom(2));
  round.next(ids("a", "b", "c"));
  const rest = [round.next(ids("x")), round.next(ids("x"))];
  expect(rest).toEqual(["x", "x"]);
  expect(round.next(new Set())).toBeUndefined();
});
