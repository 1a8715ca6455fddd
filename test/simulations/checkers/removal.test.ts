import { describe, expect, it } from "vitest";
import { checkCondition } from "../../../simulations/checkers/condition.ts";
import type { Evidence } from "../../../simulations/checkers/evidence.ts";
import { checkLocalOrder } from "../../../simulations/checkers/local-order.ts";
import { mayStandBelow, type Sighted } from "../../../simulations/checkers/removal.ts";
import { checkResurrection } from "../../../simulations/checkers/resurrection.ts";
import { checkSession } from "../../../simulations/checkers/session.ts";
import { indexWrites } from "../../../simulations/checkers/writes-by-key.ts";
import type { Sample } from "../../../simulations/sampling/sample.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { diskLoss, entry, evidence, KEY, node, read, version, written } from "./evidence-builder.ts";
import { nodeSample, sample } from "./samples.ts";

const DELETION = entry(1, 10, { type: "delete", answer: written(100, { type: "delete" }) });
const VALUE = entry(1, 10, { answer: written(100) });
/** By replica 1, which keeps nothing, in its second life. */
const ANEW = entry(2, 20, { node: 1, life: 2, answer: written(90) });
const UNANSWERED = entry(2, 20, { node: 1, life: 2 });
const NODES = [node(), node({ durable: false })];
const DEAD = { timestamp: 100, isDead: true, origin: 1 };
const LIVE = { ...DEAD, isDead: false };
const BELOW = { timestamp: 90, isDead: false, origin: 1 };

function told(history: readonly HistoryEntry[], nodes = NODES, samples: readonly Sample[] = []): Evidence {
  return { ...evidence(history, nodes), samples };
}

function stands(all: Evidence, floor = DEAD, sighted: Sighted = { stamp: BELOW }): boolean {
  return mayStandBelow(sighted, { stamp: floor }, indexWrites(all).get(KEY) ?? [], all);
}

describe("a newcomer without a disk", () => {
  it("may write below a removal that it has not heard of", () => {
    expect(stands(told([DELETION, ANEW]))).toBe(true);
    const expiring = entry(1, 10, { ttlMs: 5, answer: written(100, { ttlMs: 5 }) });
    expect(stands(told([expiring, ANEW]), LIVE)).toBe(true);
    expect(stands(told([VALUE, ANEW]), LIVE)).toBe(false);
    expect(stands(told([DELETION, ANEW], [node(), node()]))).toBe(false);
    expect(stands(told([DELETION, { ...ANEW, life: 1 }]))).toBe(false);
    expect(stands(told([entry(1, 21, DELETION.operation), ANEW]))).toBe(false);
  });

  it("may write what is removed by those who have not met it, and not by those who have", () => {
    const later = { ...DELETION, operation: { ...DELETION.operation, id: 3 }, invokedAt: 22, answeredAt: 23 };
    const seen = (ids: readonly string[], at = 22.5) => {
      const others = new Map(ids.map((id) => [id as ReplicaId, "alive" as const]));
      const one = nodeSample(undefined, 0, { company: { id: "a" as ReplicaId, others } });
      const newcomer = nodeSample(undefined, 0, { life: 2, company: { id: "b" as ReplicaId, others: new Map() } });
      return [sample(at, one, newcomer)];
    };
    expect(stands(told([later, ANEW], undefined, seen([])))).toBe(true);
    expect(stands(told([later, ANEW], undefined, seen(["b"])))).toBe(false);
    // First looked at after the removal: whom nobody had met by then nobody had met before.
    expect(stands(told([later, ANEW], undefined, seen([], 24)))).toBe(true);
    expect(stands(told([later, ANEW], undefined, seen(["b"], 24)))).toBe(false);
  });

  it("may write below a value whose removal, whether anybody was told of it or not, it has not heard of", () => {
    const removal = entry(3, 12, { type: "delete", answer: written(101, { type: "delete" }) });
    expect(stands(told([VALUE, removal, ANEW]), LIVE)).toBe(true);
    expect(stands(told([VALUE, entry(3, 12, { type: "delete" }), ANEW]), LIVE)).toBe(true);
    const lower = entry(3, 12, { type: "delete", answer: written(99, { type: "delete" }) });
    expect(stands(told([VALUE, lower, ANEW]), LIVE)).toBe(false);
    expect(stands(told([VALUE, entry(3, 22, { type: "delete" }), ANEW]), LIVE)).toBe(false);
  });

  it("may remove, with those it has met, what leaves a write standing that it has not heard of", () => {
    const old = entry(3, 5, { answer: written(90) });
    const removal = { ...DELETION, node: 1, life: 2 };
    const found = (covered: number, changes: Partial<HistoryEntry> = {}, at = 9) =>
      stands(
        told([old, { ...removal, ...changes }], NODES, [
          sample(at, undefined, nodeSample(undefined, covered, { life: 2 })),
        ]),
      );
    expect(found(89)).toBe(true);
    expect(found(90)).toBe(false);
    expect(found(90, {}, 11)).toBe(true);
    expect(found(89, { life: 1 })).toBe(false);
    expect(found(89, { node: 0 })).toBe(false);
    const another = entry(4, 11, { type: "delete", answer: written(101, { type: "delete" }) });
    expect(stands(told([old, removal, another], NODES))).toBe(false);
    // It may be below what stood there, or not have been at all.
    expect(stands(told([old, removal, entry(4, 11, { type: "delete" })], NODES))).toBe(true);
  });

  it("writes above what it has heard of in that life, be it the removal or what was removed", () => {
    const removal = entry(3, 12, { type: "delete", answer: written(101, { type: "delete" }) });
    const found = (at: number, covered: number, life = 2) =>
      stands(
        told([VALUE, removal, ANEW], NODES, [sample(at, undefined, nodeSample(undefined, covered, { life }))]),
        LIVE,
      );
    expect(found(19, 101)).toBe(false);
    expect(found(19, 100)).toBe(false);
    expect(found(19, 99)).toBe(true);
    expect(found(20, 101)).toBe(true);
    expect(found(19, 101, 1)).toBe(true);
  });

  it("may be the author of what nobody was told of, where nothing names another one", () => {
    expect(stands(told([DELETION, UNANSWERED]))).toBe(true);
    expect(stands(told([DELETION, entry(2, 20, { node: 1, life: 2, answer: written(95) })]))).toBe(false);
    const another = entry(3, 5, { answer: written(90) });
    expect(stands(told([another, DELETION, UNANSWERED]))).toBe(false);
    expect(stands(told([another, DELETION, UNANSWERED]), DEAD, { stamp: BELOW, author: 2 })).toBe(true);
    expect(stands(told([another, DELETION, ANEW]), DEAD, { stamp: BELOW, author: 3 })).toBe(false);
  });
});

describe("everybody who ran, having lost disks", () => {
  it("takes what was removed from whoever comes back with it, once the removal is known to nobody", () => {
    const old = entry(3, 5, { answer: written(90) });
    const lost = [node({ diskLosses: [diskLoss(-1, 15)] }), node()];
    const found = (at: number, covered: number, removal = DELETION, floor = DEAD) =>
      stands(told([old, removal], lost, [sample(at, nodeSample(undefined, covered), undefined)]), floor);
    expect(found(25, 89)).toBe(true);
    expect(found(25, 90)).toBe(false);
    expect(found(9, 89)).toBe(false);
    expect(found(25, 89, VALUE, LIVE)).toBe(false);
    const kept = told([old, DELETION], [node(), node()], [sample(25, nodeSample(undefined, 89), undefined)]);
    expect(stands(kept)).toBe(false);
  });
});

describe("what may stand below a removal", () => {
  /** What the newcomer's write does is excused; what the same write of another replica does is not. */
  function differ(check: (all: Evidence) => readonly unknown[], history: readonly HistoryEntry[], samples?: Sample[]) {
    const found = (durable: boolean) => check(told(history, [node(), node({ durable })], samples)).length;
    return [found(false), found(true)];
  }

  it("may be read where the removal had been shown, alone and by a session", () => {
    const get = entry(3, 30, { type: "get", answer: read(90, 2) });
    expect(differ(checkLocalOrder, [DELETION, ANEW, get])).toEqual([0, 1]);
    expect(differ(checkLocalOrder, [DELETION, UNANSWERED, get])).toEqual([0, 1]);
    const ofSession = ({ operation, ...rest }: HistoryEntry): HistoryEntry => ({
      ...rest,
      operation: { ...operation, session: 1 },
      carried: [],
    });
    expect(differ(checkSession, [ofSession(DELETION), ANEW, ofSession(get)])).toEqual([0, 1]);
  });

  it("may be what a condition finds there", () => {
    const refused = { type: "refused", code: "PRECONDITION_FAILED" } as const;
    const absent = entry(3, 30, { type: "put-absent", answer: refused });
    expect(differ(checkCondition, [DELETION, ANEW, absent])).toEqual([0, 1]);
    const swap = entry(3, 30, { type: "update", answer: written(101) });
    const swapped = { ...swap, expected: { version: version(90), isFresh: true } };
    expect(differ(checkCondition, [DELETION, ANEW, swapped])).toEqual([0, 1]);
  });

  it("may come late, when the removal is everywhere", () => {
    const gone = sample(25, nodeSample(undefined, 100), nodeSample(undefined, 100, { life: 3 }));
    const get = entry(3, 30, { type: "get", answer: read(90, 2) });
    expect(differ(checkResurrection, [DELETION, ANEW, get], [gone])).toEqual([0, 1]);
  });

  it("is no excuse for a write of one's own", () => {
    const write = entry(3, 30, { answer: written(95) });
    expect(differ(checkLocalOrder, [DELETION, ANEW, write])).toEqual([1, 1]);
  });
});
