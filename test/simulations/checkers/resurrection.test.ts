import { describe, expect, it } from "vitest";
import { checkResurrection } from "../../../simulations/checkers/resurrection.ts";
import type { HistoryEntry } from "../../../simulations/workload/history.ts";
import { crash, diskLoss, entry, evidence, node, read, readPart, written } from "./evidence-builder.ts";
import { nodeSample, sample, sampledRegister } from "./samples.ts";

const DELETION = entry(1, 10, { type: "delete", answer: written(100, { type: "delete" }) });
/** What was there before. */
const OLD = entry(3, 5, { answer: written(90) });
const GONE = sample(50, nodeSample(undefined, 100), nodeSample(undefined, 100));
/** Of what operation 3 wrote. */
const get = (at: number, stamp: number): HistoryEntry => entry(2, at, { type: "get", answer: read(stamp, 3) });

interface Case {
  readonly history?: readonly HistoryEntry[];
  readonly nodes?: readonly ReturnType<typeof node>[];
  readonly samples?: readonly ReturnType<typeof sample>[];
}

function messagesOf({ history = [], nodes = [node(), node()], samples = [GONE] }: Case): string[] {
  const all = { ...evidence([OLD, DELETION, ...history], nodes), samples };
  return checkResurrection(all).map((violation) => violation.message);
}

describe("resurrection checker", () => {
  it("is content with a newer value, and with an older one before it was gone everywhere", () => {
    expect(messagesOf({ history: [get(60, 120)] })).toEqual([]);
    expect(messagesOf({ history: [get(40, 90)] })).toEqual([]);
    const behind = entry(4, 55, { answer: written(95) });
    expect(messagesOf({ history: [behind, entry(2, 60, { type: "get", answer: read(95, 4) })] })).toEqual([]);
  });

  it("catches an older value that a replica reads, holds, or shows to a watcher, later in the run", () => {
    expect(messagesOf({ history: [get(60, 90)] })[0]).toContain("by operation 2 at 0.060s");
    const again = sample(70, nodeSample(sampledRegister(90), 100), nodeSample(undefined, 100));
    expect(messagesOf({ samples: [GONE, again] })[0]).toContain("a look inside");
  });

  it("catches an older value under another dot, and one whose writer was never answered", () => {
    const held = sampledRegister(90, { stamp: { timestamp: 90, isDead: false, origin: 2 } });
    const again = sample(70, nodeSample(held, 100), nodeSample(undefined, 100));
    expect(messagesOf({ samples: [GONE, again] })).toHaveLength(1);
    expect(messagesOf({ history: [entry(4, 5, {}), entry(2, 60, { type: "get", answer: read(80, 4) })] })).toHaveLength(
      1,
    );
  });

  it("catches an older value at the end", () => {
    expect(messagesOf({ nodes: [node({ final: readPart(90, 1) }), node()] })[0]).toContain("at the end");
  });

  it("catches what an expired value had superseded", () => {
    const expiring = entry(1, 10, { ttlMs: 20, answer: written(100, { ttlMs: 20 }) });
    const fallen = sampledRegister(100, { isLive: false, isStanding: false });
    const samples = [sample(50, nodeSample(fallen, 100), nodeSample(undefined, 100))];
    const all = { ...evidence([OLD, expiring, get(60, 90)], [node(), node()]), samples };
    expect(checkResurrection(all)).toHaveLength(1);
    expect(checkResurrection({ ...all, history: [OLD, expiring, get(60, 100)] })).toEqual([]);
  });

  it("does not take it for gone while one is away, has not heard of it, or shows something older", () => {
    const history = [get(60, 90)];
    const others = [undefined, nodeSample(undefined, 99), nodeSample(sampledRegister(90), 100)];
    for (const other of others) {
      expect(messagesOf({ history, samples: [sample(50, nodeSample(undefined, 100), other)] })).toEqual([]);
    }
  });

  it("does not take it for gone where the dot that is covered is that of another write as well", () => {
    const history = [get(60, 90)];
    const other = (life: number): HistoryEntry => entry(4, 2, { life, answer: written(50) });
    const nodes = [node({ judgements: [{ at: 70, wallMs: 70, shard: 1 }] }), node()];
    expect(messagesOf({ nodes, history: [...history, other(1)] })).toHaveLength(1);
    expect(messagesOf({ nodes, history: [...history, other(2)] })).toEqual([]);
  });

  it("excuses an older value where everybody had lost his disk since, and covered it no more", () => {
    const lost = (to: number) => node({ final: readPart(90, 3), diskLosses: [diskLoss(-Infinity, to)] });
    const found = (covered: number, ...nodes: ReturnType<typeof node>[]): string[] =>
      messagesOf({
        nodes,
        samples: [GONE, sample(70, nodeSample(undefined, covered), nodeSample(undefined, covered))],
      });
    // Each is promised, by itself, to remember what it came to hold before it lost anything.
    const kept = node({ final: readPart(90, 3), judgements: [{ at: 60, wallMs: 60, shard: undefined }] });
    expect(found(89, lost(60), kept)).toEqual([]);
    expect(found(90, lost(60), kept)).not.toEqual([]);
    expect(found(89, lost(80), kept)).not.toEqual([]);
  });

  it("excuses no replica that crashed once its disk had taken what was gone", () => {
    const found = (durableUpTo: number): string[] =>
      messagesOf({ history: [get(60, 90)], nodes: [node({ ends: [crash(55, durableUpTo)] }), node()] });
    expect(found(51)).toHaveLength(1);
    expect(found(50)).toEqual([]);
  });

  it("excuses a replica that has forgotten since, until the end, where one that has not is enough", () => {
    const forgetful = node({ ends: [crash(55)] });
    expect(messagesOf({ history: [get(60, 90)], nodes: [forgetful, node()] })).toEqual([]);
    const final = { final: readPart(90, 1) };
    expect(messagesOf({ nodes: [node({ ...final, ends: [crash(55)] }), node()] })).toHaveLength(1);
    expect(messagesOf({ nodes: [node({ ...final, ends: [crash(55)] }), forgetful] })).toEqual([]);
  });
});
