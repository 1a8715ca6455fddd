import { describe, expect, it } from "vitest";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { unexplainedResets } from "../../../simulations/checkers/resets.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import type { WatchEntry, WatchFact } from "../../../simulations/workload/watch-history.ts";
import { entry, evidence, node } from "./evidence-builder.ts";

const PLAN = { id: 1, prefix: "", at: 0, node: 0, moves: [], reconnectMs: 10, handlingMs: 0, waitingMax: 10 };

type Step = readonly [at: number, fact: WatchFact];

const connected = (isResumed: boolean, life = 1): WatchFact => ({ type: "connected", node: 0, life, isResumed });
const READ: WatchFact = { type: "read", parts: [] };
const RESET: WatchFact = { type: "reset" };
const BROKEN: WatchFact = { type: "broken", why: "moved" };
const BEGIN: readonly Step[] = [
  [100, connected(false)],
  [101, READ],
];
const BACK: readonly Step[] = [...BEGIN, [1000, BROKEN], [1010, connected(true)], [1011, RESET]];

interface Case {
  readonly changes?: Partial<NodeEvidence>;
  readonly history?: readonly HistoryEntry[];
}

function timesOf(steps: readonly Step[], { changes = {}, history = [] }: Case = {}): number[] {
  const entries = steps.map(([at, fact]): WatchEntry => ({ at, ...fact }));
  const watch = { plan: PLAN, entries, isCurrent: false };
  return [...unexplainedResets(watch, evidence(history, [node(changes)]))].map(({ at }) => at);
}

const judged = (at: number) => ({ judgements: [{ at, wallMs: 0, shard: undefined }] });

describe("resets", () => {
  it("have no cause while a connection goes on, unless the replica began anew meanwhile", () => {
    expect(timesOf([...BEGIN, [500, RESET]])).toEqual([500]);
    expect(timesOf([...BEGIN, [500, RESET]], { changes: judged(400) })).toEqual([]);
    expect(timesOf([...BEGIN, [500, RESET]], { changes: judged(50) })).toEqual([500]);
  });

  it("have no cause when a watcher comes back soon, to the same life", () => {
    expect(timesOf(BACK)).toEqual([1011]);
    expect(timesOf(BACK, { changes: judged(1005) })).toEqual([]);
  });

  it("are right for a token of another life", () => {
    expect(timesOf([...BEGIN, [1000, BROKEN], [1010, connected(true, 2)], [1011, RESET]])).toEqual([]);
  });

  it("are right where a replica need not have kept the changes", () => {
    expect(timesOf([...BEGIN, [300, BROKEN], [310, connected(true)], [311, RESET]])).toEqual([]);
    expect(timesOf([...BEGIN, [1000, BROKEN], [400_000, connected(true)], [400_001, RESET]])).toEqual([]);
    expect(timesOf(BACK, { changes: { clockJumps: [1005] } })).toEqual([]);
    expect(timesOf(BACK, { changes: { clockJumps: [2000] } })).toEqual([1011]);
    expect(timesOf(BACK, { history: [entry(1, 1002, { valueBytes: 5_000_000 })] })).toEqual([]);
  });

  it("may come again while what the first one made necessary is not done", () => {
    const unread: readonly Step[] = [...BEGIN, [1000, BROKEN], [1010, connected(true, 2)], [1011, RESET]];
    expect(timesOf([...unread, [1012, BROKEN], [1020, connected(true, 2)], [1021, RESET]])).toEqual([]);
  });
});
