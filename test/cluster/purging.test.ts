import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { DEFAULT_SPACE, spaceOf } from "../../src/base/shard-id.ts";
import { Members } from "../../src/cluster/members.ts";
import { Ownership } from "../../src/cluster/ownership.ts";
import { Purging } from "../../src/cluster/purging.ts";
import { Reports } from "../../src/cluster/reports.ts";
import type { Surroundings } from "../../src/cluster/surroundings.ts";
import { HybridClock } from "../../src/core/clock.ts";
import { originOf } from "../../src/core/origin.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { RecordWriter } from "../../src/core/record/record.ts";
import { Agenda } from "../../src/core/shard/agenda.ts";
import { Shard } from "../../src/core/shard/shard.ts";
import { Shards } from "../../src/core/shard/shards.ts";
import { Arena } from "../../src/core/table/arena.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { READY } from "../../src/wire/message.ts";

const NOW = Date.UTC(2030, 0, 1);
const PEER = "peer" as ReplicaId;
const RETENTION_MS = 1000;

/** Shards full of tombstones, of which a peer has reported all, as far as `reported` goes, knowing of the same lives. */
function createWorld(options: { readonly shards: number; readonly tombstones: number; readonly reported: number }) {
  const arena = new Arena();
  const agenda = new Agenda();
  const clock = new HybridClock(500);
  const writer = new RecordWriter();
  const origin = originOf(1, 1);
  const shards = new Shards(options.shards, (id) => {
    const seed = { k0: 1, k1: 2 };
    const shard = new Shard({ id, arena, seed, clock, writer, agenda, isPersistent: false });
    if (spaceOf(id) !== DEFAULT_SPACE) return shard;
    shard.beginLife(origin);
    for (let i = 0; i < options.tombstones; i++) shard.write({ kind: KIND_PLAIN, key: `key ${i}` as Key }, NOW);
    return shard;
  });
  const facts = {
    region: "",
    address: "",
    ephemeral: false,
    left: false,
    epoch: 0,
    life: 1,
    birth: 1,
    rootLife: 1,
    startedAt: 1,
    givenUpLife: 0,
    displaced: 0,
    seenAgoMs: undefined,
  };
  const members = new Members({ ...facts, id: "self" as ReplicaId });
  members.learn({ ...facts, id: PEER }, NOW);
  const reports = new Reports();
  const report = new VersionVector();
  report.advance(origin, options.reported);
  for (const { id } of shards)
    reports.note(id, PEER, {
      vector: report,
      durable: report,
      early: [],
      clock: 0,
      lives: members.livesDigest(),
      doubtful: false,
      readiness: READY,
      view: 0,
    });
  const around: Surroundings = {
    shards,
    members,
    reports,
    ownership: new Ownership("self" as ReplicaId, options.shards),
    readinessOf: () => READY,
    isHeld: () => true,
    durableOf: (id) => (shards.get(id) as Shard).vector.snapshot(),
    recall: () => {},
    send: () => {},
    isLinked: () => true,
    linked: () => [PEER],
  };
  return { shards, members, facts, purging: new Purging(around, { retentionMs: RETENTION_MS, graveMs: 0 }) };
}

function runRound(purging: Purging, now = NOW): { purged: number; steps: number; mostAtOnce: number } {
  const round = { purged: 0, steps: 0, mostAtOnce: 0 };
  purging.begin();
  for (; purging.isUnderWay; round.steps++) {
    const purged = purging.step(now);
    round.purged += purged;
    round.mostAtOnce = Math.max(round.mostAtOnce, purged);
  }
  return round;
}

describe("a round of purging", () => {
  it("takes every tombstone that all owners have, a bounded number in a step", () => {
    const { shards, purging } = createWorld({ shards: 4, tombstones: 2500, reported: 2500 });
    const { purged, mostAtOnce } = runRound(purging);
    expect(purged).toBe(10_000);
    expect(mostAtOnce).toBeLessThanOrEqual(1024);
    expect(shards.all.map((shard) => shard.table.count)).toEqual([0, 0, 0, 0, 0]);
    expect(runRound(purging)).toEqual({ purged: 0, steps: 1, mostAtOnce: 0 });
  });

  it("does not look at all tombstones again and again while an owner lacks them", () => {
    const { purging } = createWorld({ shards: 2, tombstones: 5000, reported: 0 });
    expect(runRound(purging)).toEqual({ purged: 0, steps: 1, mostAtOnce: 0 });
  });

  it("reaches what may go behind what may not, round after round", () => {
    const { shards, purging } = createWorld({ shards: 1, tombstones: 500, reported: 250 });
    for (let round = 0; round < 10; round++) runRound(purging);
    expect(shards.all[0]?.table.count).toBe(250);
  });

  it("keeps what is younger than the retention while an owner closed lives that go on, or knows of others", () => {
    const { purging, members, facts } = createWorld({ shards: 1, tombstones: 100, reported: 100 });
    members.learn({ ...facts, id: PEER, life: 2 }, NOW);
    expect(runRound(purging).purged).toBe(0);
    expect(runRound(purging, NOW + RETENTION_MS + 1).purged).toBe(100);
  });

  it("begins no second one while one is under way", () => {
    const { purging } = createWorld({ shards: 1, tombstones: 2000, reported: 2000 });
    purging.begin();
    expect(purging.step(NOW)).toBe(1024);
    purging.begin();
    expect(purging.step(NOW)).toBe(2000 - 1024);
    purging.step(NOW);
    expect(purging.isUnderWay).toBe(false);
  });
});
