/** What becomes of one register that nobody has confirmed, in every case. */

import { describe, expect, it } from "vitest";
import type { Key, ReplicaId } from "../../src/base/ids.ts";
import { timestampFromMs } from "../../src/core/clock.ts";
import { replicaNumber } from "../../src/core/origin.ts";
import { wholeAmount } from "../../src/core/record/amount.ts";
import { incrementsOf, KIND_PLAIN, KIND_SET } from "../../src/core/record/kind.ts";
import { textOfOrigin } from "../../src/core/record/origin-bytes.ts";
import { originAt } from "../../src/core/record/record.ts";
import { encodeHead, restoreHead } from "../../src/core/shard/shard-head.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { Doubt, type DoubtHost } from "../../src/replica/doubt.ts";
import { Outbox } from "../../src/replica/outbox.ts";
import { added, type CollectionId, deletionOfAll, memberCount } from "../../src/types/collection.ts";
import { addition } from "../../src/types/counter.ts";
import { READY } from "../../src/wire/message.ts";
import {
  createShard,
  dump,
  type LooseShard,
  NOW,
  origin,
  purgeMarks,
  push,
  record,
  sendDelta,
} from "../support/shards.ts";
import { TestSurroundings } from "../support/surroundings.ts";

const RETENTION_MS = 60_000;
const SELF = replicaNumber("self" as ReplicaId);
const NEW_LIFE = origin(SELF, 5);
const CLOSED = { own: origin(SELF, 4), other: origin(replicaNumber("gone" as ReplicaId), 1) };

const ELSEWHERE = origin(replicaNumber("elsewhere" as ReplicaId), 1);

class Host extends TestSurroundings implements DoubtHost {
  readonly lifeDurable = true;
  readonly number = SELF;
  readonly origin = NEW_LIFE;
  readonly lives = { root: 5 };
  readonly lineage = [{ life: 4, birth: 1 }];
  readonly coverage = { coveredByAny: () => 0, coveredByAll: () => 0 };
  readonly keyspaces = { nameOf: () => undefined };
  readonly outbox = new Outbox();
  readonly mayHaveUnmetOwners = () => false;
}

interface Case {
  readonly writer: "own" | "other";
  readonly ageMs: number;
  /** How much older than the register what was purged last from its bucket is; below 0: newer. */
  readonly purgedMs: number;
  readonly isCovered: boolean;
  readonly isQuarantined: boolean;
  /** Who is linked holds something that waits to be confirmed, too. */
  readonly isPeerDoubtful: boolean;
}

/** The register's dot in the end, or "gone", and how many were put aside. */
function outcomeOf({ writer, ageMs, purgedMs, isCovered, isQuarantined, isPeerDoubtful }: Case): [string, number] {
  const host = new Host("self", ["peer"], 1);
  const doubt = new Doubt(host, { retentionMs: RETENTION_MS });
  const { shard } = host.looseShards[0] as LooseShard;
  const value = new Uint8Array(1);
  const timestamp = timestampFromMs(NOW - ageMs);
  push({ ...(host.looseShards[0] as LooseShard) }, record({ key: "k", origin: CLOSED[writer], timestamp, value }));
  if (isQuarantined) doubt.begin(shard, [], NOW);
  else {
    shard.quarantine.distrust({ serve: true });
    shard.beginLife(NEW_LIFE);
  }
  const vector = new VersionVector();
  if (isCovered) vector.advance(CLOSED[writer], 1);
  shard.claim(vector, purgeMarks(timestampFromMs(NOW - ageMs - purgedMs)));
  const told = {
    vector,
    durable: vector,
    early: [],
    clock: 0,
    lives: 0,
    doubtful: isPeerDoubtful,
    readiness: READY,
    view: 0,
  } as const;
  host.reports.note(shard.id, "peer" as ReplicaId, told);
  expect(doubt.reconcile(shard, NOW)).toBe("done");
  const [held = "gone"] = dump(shard).map((line) => line.split(" ")[3] ?? "");
  return [held, host.outbox.salvaged.length];
}

describe("a register that nobody has confirmed", () => {
  const young: Case = {
    writer: "own",
    ageMs: 1000,
    purgedMs: 10,
    isCovered: true,
    isQuarantined: true,
    isPeerDoubtful: false,
  };
  const old = { ...young, ageMs: RETENTION_MS + 1 };
  const [sameDot, newDot, other] = [`${CLOSED.own}:1`, `${NEW_LIFE}:1`, `${CLOSED.other}:1`];

  it.each<[string, Case, string, number]>([
    ["stays, where the peers do not cover it", { ...young, isCovered: false, isQuarantined: false }, sameDot, 0],
    ["so also one of somebody else", { ...young, isCovered: false, writer: "other" }, other, 0],
    ["stays under a new dot where others may have closed its life", { ...young, isCovered: false }, newDot, 0],
    ["stays under a new dot where they closed its life and nothing replaced it", young, newDot, 0],
    ["so also where merely the disk was damaged", { ...young, isQuarantined: false }, newDot, 0],
    ["so also where all are in doubt", { ...young, isPeerDoubtful: true }, newDot, 0],
    ["so also one of somebody else, who may never come back", { ...young, writer: "other" }, newDot, 0],
    [
      "keeps its dot where it is for somebody else to see to",
      { ...young, writer: "other", isQuarantined: false },
      other,
      0,
    ],
    ["is put aside where something as new was purged, which may be another key", { ...young, purgedMs: 0 }, "gone", 1],
    ["so also where all are in doubt", { ...young, purgedMs: -1, isPeerDoubtful: true }, "gone", 1],
    ["goes then, if its writer sees to that", { ...young, purgedMs: 0, writer: "other" }, "gone", 0],
    ["goes then, if merely the disk was damaged", { ...young, purgedMs: 0, isQuarantined: false }, "gone", 0],
    ["is put aside where it is older than the retention", old, "gone", 1],
    ["so also where nobody covers it", { ...old, isCovered: false }, "gone", 1],
    ["so also one of somebody else", { ...old, writer: "other" }, "gone", 1],
    ["stays, however old, where all are in doubt", { ...old, isPeerDoubtful: true }, newDot, 0],
    ["stays, however old, where merely the disk was damaged", { ...old, isQuarantined: false }, newDot, 0],
  ])("%s", (_, each, held, putAside) => {
    expect(outcomeOf(each)).toEqual([held, putAside]);
  });
});

interface SentAgain {
  readonly purgedMs: number;
  readonly ageMs: number;
  readonly isAllInDoubt: boolean;
}

describe("an own write of a life that others closed, which somebody was told of and sends again", () => {
  /** What comes of the doubt, and its dot then, or "gone". `isAllInDoubt`: something that goes is in the way of what is claimed. */
  function dotOf({ purgedMs, ageMs, isAllInDoubt }: SentAgain): [string, string] {
    const host = new Host("self", ["peer"], 1);
    host.coverage.coveredByAny = () => 1;
    const doubt = new Doubt(host, { retentionMs: RETENTION_MS });
    const loose = host.looseShards[0] as LooseShard;
    const { shard } = loose;
    const timestamp = timestampFromMs(NOW - ageMs);
    const written = record({ key: "k", origin: CLOSED.own, timestamp, value: new Uint8Array(1) });
    push(loose, written);
    const purged = timestampFromMs(NOW - ageMs - purgedMs);
    if (isAllInDoubt) push(loose, record({ key: "other", origin: CLOSED.other, timestamp: purged }));
    doubt.begin(shard, doubt.ownWritesToRedot(shard, { reason: "away", knownLife: 4 }), NOW);
    push(loose, written);
    const vector = new VersionVector();
    vector.advance(CLOSED.own, 1);
    vector.advance(CLOSED.other, 1);
    if (isAllInDoubt) push(loose, record({ key: "other", origin: ELSEWHERE, timestamp: purged - 1 }));
    shard.claim(vector, purgeMarks(purged));
    const told = {
      vector,
      durable: vector,
      early: [],
      clock: 0,
      lives: 0,
      doubtful: false,
      readiness: READY,
      view: 0,
    } as const;
    host.reports.note(shard.id, "peer" as ReplicaId, told);
    const outcome = doubt.reconcile(shard, NOW);
    return [outcome, dump(shard).map((line) => line.split(" ")[3] ?? "")[0] ?? "gone"];
  }

  const sent: SentAgain = { purgedMs: 10, ageMs: 1000, isAllInDoubt: false };

  it.each<[string, SentAgain, string, string]>([
    ["gets a new dot: whoever closed the life may lack it", sent, "done", `${NEW_LIFE}:1`],
    ["so also where all has to be fetched once more", { ...sent, isAllInDoubt: true }, "again", `${NEW_LIFE}:1`],
    ["keeps its dot where something as new was purged", { ...sent, purgedMs: 0 }, "done", `${CLOSED.own}:1`],
    ["keeps its dot where it is too old", { ...sent, ageMs: RETENTION_MS + 1 }, "done", `${CLOSED.own}:1`],
  ])("%s", (_, each, outcome, dot) => {
    expect(dotOf(each)).toEqual([outcome, dot]);
  });
});

describe("what was added under a life that was lived twice", () => {
  it("gets a new name along with the value that saw it, which comes first", () => {
    const host = new Host("self", ["peer"], 1);
    const doubt = new Doubt(host, { retentionMs: RETENTION_MS });
    const { shard } = host.looseShards[0] as LooseShard;
    const key = "n" as Key;
    const add = () => shard.write(addition(shard, key, wholeAmount(1), undefined, NOW), NOW);
    shard.beginLife(CLOSED.own);
    add();
    shard.write({ kind: KIND_PLAIN, key, value: new Uint8Array([0x31]) }, NOW);
    add();
    const cause = { reason: "repeated life", knownLife: 4, doubtedSince: 4, twice: [4] } as const;
    doubt.begin(shard, doubt.ownWritesToRedot(shard, cause), NOW);
    const held = [CLOSED.own, NEW_LIFE].map((each) => shard.find(incrementsOf(KIND_PLAIN), key, textOfOrigin(each)));
    expect(held.map((slot) => slot !== 0)).toEqual([false, true]);
    expect(shard.quarantine.toRedot).toEqual([]);
  });
});

describe("what was written under a life that others may not know", () => {
  const SET: CollectionId = { kind: KIND_SET, key: "s" as Key };
  const [VALUE, NUMBER] = ["v" as Key, "n" as Key];

  /** Whether a deletion that saw the member comes before the doubt ends; what is then of whom. */
  function outcomeWhere(isDeleted: boolean) {
    const host = new Host("self", ["peer"], 1);
    const doubt = new Doubt(host, { retentionMs: RETENTION_MS });
    const self = host.looseShards[0] as LooseShard;
    const { shard } = self;
    shard.beginLife(CLOSED.own);
    shard.write({ kind: KIND_PLAIN, key: VALUE, value: new Uint8Array(1) }, NOW);
    shard.write(addition(shard, NUMBER, wholeAmount(1), undefined, NOW), NOW);
    shard.write(added(SET, { name: "m", value: new Uint8Array(0) }), NOW);
    const peer = createShard();
    peer.shard.beginLife(ELSEWHERE);
    sendDelta(self, peer);
    doubt.begin(shard, doubt.ownWritesToRedot(shard, { reason: "stale disk", knownLife: 4, doubtedSince: 4 }), NOW);
    const holderOf = (kind: number, key: Key, field?: string) => {
      const slot = shard.find(kind, key, field);
      return slot === 0 ? undefined : originAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));
    };
    const origins = () => [
      holderOf(KIND_PLAIN, VALUE),
      holderOf(incrementsOf(KIND_PLAIN), NUMBER, textOfOrigin(CLOSED.own)),
      holderOf(SET.kind, SET.key, "+m"),
    ];
    const atOnce = origins();
    const again = createShard().shard;
    restoreHead(again, encodeHead(shard));
    expect(again.quarantine.toRedot).toEqual(shard.quarantine.toRedot);
    expect(shard.quarantine.toRedot).toMatchObject([{ areMembersLate: true, isTwice: false }]);
    if (isDeleted) for (const write of deletionOfAll(peer.shard, SET)) peer.shard.write(write, NOW);
    if (isDeleted) sendDelta(peer, self);
    const told = { durable: shard.vector.snapshot(), early: [], clock: 0, lives: 0, doubtful: false, view: 0 } as const;
    host.reports.note(shard.id, "peer" as ReplicaId, { ...told, vector: shard.vector.snapshot(), readiness: READY });
    expect(doubt.reconcile(shard, NOW)).toBe("done");
    return { atOnce, inTheEnd: origins(), members: memberCount(shard, SET, NOW) };
  }

  it("gets new dots, under its name: values and numbers at once, members when all that others did is here", () => {
    const { atOnce, inTheEnd, members } = outcomeWhere(false);
    expect(atOnce).toEqual([NEW_LIFE, NEW_LIFE, CLOSED.own]);
    expect(inTheEnd).toEqual([NEW_LIFE, NEW_LIFE, NEW_LIFE]);
    expect(members).toBe(1);
  });

  it("does not come back where a deletion of the collection saw it by its dot", () => {
    expect(outcomeWhere(true).members).toBe(0);
  });
});
