import { expect, it } from "vitest";
import type { ShardId } from "../../src/base/ids.ts";
import { Reports } from "../../src/cluster/reports.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { READY } from "../../src/wire/message.ts";
import { id } from "../support/machines.ts";

it("goes by the clock that a member reported last: once put back, it has not passed what it had", () => {
  const reports = new Reports();
  expect(reports.clockOf(id("a"))).toBe(-Infinity);
  for (const clock of [1000, 9000, 2000]) {
    reports.noteClock(id("a"), { lives: 0, view: 0, epoch: 0, clock, correctionMs: 0 });
  }
  expect(reports.clockOf(id("a"))).toBe(2000);
});

it("remembers that a report was covered as long as the disk that it told of is the same", () => {
  const reports = new Reports();
  const shard = 0 as ShardId;
  const [vector, durable] = [new VersionVector(), new VersionVector()];
  const told = { vector, durable, early: [], clock: 5, lives: 1, doubtful: false, readiness: READY, view: 0 } as const;
  const coveredIn = () => reports.of(shard, id("a"))?.coveredIn;
  reports.note(shard, id("a"), told);
  expect(coveredIn()).toBe(-1);
  Object.assign(reports.of(shard, id("a")) as object, { coveredIn: 4 });
  reports.note(shard, id("a"), { ...told, lives: 2 });
  reports.note(shard, id("a"), { ...told, durable: undefined, vector: new VersionVector() });
  expect([coveredIn(), reports.of(shard, id("a"))?.lives]).toEqual([4, 1]);
  reports.note(shard, id("a"), { ...told, durable: new VersionVector() });
  expect(coveredIn()).toBe(-1);
});

it("remembers when it was told last, also of what is the same again", () => {
  const reports = new Reports();
  const shard = 0 as ShardId;
  const vector = new VersionVector();
  const told = { vector, durable: vector, early: [], lives: 1, doubtful: false, readiness: READY, view: 0 } as const;
  for (const clock of [5, 9]) reports.note(shard, id("a"), { ...told, clock });
  expect(reports.of(shard, id("a"))?.clock).toBe(9);
});

it("knows only what was told since a member was forgotten", () => {
  const reports = new Reports();
  const told = {
    vector: new VersionVector(),
    durable: undefined,
    early: [],
    clock: 5,
    lives: 1,
    doubtful: false,
    readiness: READY,
    view: 0,
  } as const;
  for (const member of ["a", "b"]) reports.note(1 as ShardId, id(member), told);
  reports.forget(id("a"));
  expect([reports.of(1 as ShardId, id("a")), reports.of(1 as ShardId, id("b"))?.lives]).toEqual([undefined, 1]);
  reports.clear();
  expect(reports.of(1 as ShardId, id("b"))).toBe(undefined);
});
