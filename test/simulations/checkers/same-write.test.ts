import { describe, expect, it } from "vitest";
import { checkAcknowledged } from "../../../simulations/checkers/acknowledged.ts";
import type { NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { isSameWrite } from "../../../simulations/checkers/same-write.ts";
import type { OriginId } from "../../../src/base/ids.ts";
import { originOf } from "../../../src/core/origin.ts";
import { entry, evidence, node, readPart, version, written } from "./evidence-builder.ts";

const [SHARD, OTHER_SHARD] = [3, 4];
const [WRITER, ADOPTER] = [20, 30];
const STAMP = { timestamp: 100, isDead: false, origin: originOf(WRITER, 5) };
/** Taken by node 0 at 10 ms. */
const TOLD = { stamp: STAMP, shard: SHARD, node: 0, invokedAt: 10 };

type Judgement = NodeEvidence["judgements"][number];

/** Began anew at that time, or decided about a shard, in that life. */
function judged(at: number, origin: OriginId, shard?: number): Judgement {
  return { at, wallMs: at, shard, origin };
}

function isSame(
  origin: OriginId,
  judgements: { readonly writer?: Judgement[]; readonly adopter?: Judgement[] },
): boolean {
  const { writer = [], adopter = [] } = judgements;
  const nodes = [node({ judgements: writer }), node({ judgements: adopter }), node()];
  return isSameWrite(TOLD, { ...STAMP, origin }, evidence([], nodes));
}

it("takes what stands for the write that was told of where the stamps are equal, and no other time", () => {
  const told = evidence([], [node({ judgements: [judged(11, originOf(WRITER, 6))] })]);
  expect(isSameWrite(TOLD, STAMP, evidence([], [node()]))).toBe(true);
  expect(isSameWrite(TOLD, { ...STAMP, timestamp: 101 }, told)).toBe(false);
});

describe("a later life of the writer", () => {
  const later = originOf(WRITER, 6);

  it("bears it once that began anew after it took the write", () => {
    expect(isSame(later, { writer: [judged(11, later)] })).toBe(true);
    expect(isSame(later, { writer: [judged(10, later)] })).toBe(false);
    expect(isSame(later, { writer: [judged(9, later), judged(12, later, SHARD)] })).toBe(false);
    expect(isSame(later, { adopter: [judged(11, later)] })).toBe(false);
    expect(isSame(originOf(WRITER, 4), { writer: [judged(11, later)] })).toBe(false);
  });
});

describe("the life of another replica", () => {
  const life = originOf(ADOPTER, 7);
  const later = originOf(ADOPTER, 8);
  const BEGUN = judged(11, life);

  it("bears it once that began anew and then decided, in that life, about the shard", () => {
    expect(isSame(life, { adopter: [BEGUN, judged(12, life, SHARD)] })).toBe(true);
    expect(isSame(later, { adopter: [BEGUN, judged(12, later, SHARD)] })).toBe(true);
  });

  it("does not where that decided about another shard, or not yet, or in another life", () => {
    expect(isSame(life, { adopter: [BEGUN] })).toBe(false);
    expect(isSame(life, { adopter: [BEGUN, judged(12, life, OTHER_SHARD)] })).toBe(false);
    expect(isSame(life, { adopter: [BEGUN, judged(12, later, SHARD)] })).toBe(false);
    expect(isSame(later, { adopter: [BEGUN, judged(12, life, SHARD)] })).toBe(false);
    expect(isSame(originOf(40, 7), { adopter: [BEGUN, judged(12, life, SHARD)] })).toBe(false);
  });

  it("does not where it was decided before the write was asked for", () => {
    const early = [judged(8, life), judged(10, life, SHARD)];
    expect(isSame(life, { adopter: early })).toBe(false);
    expect(isSame(life, { adopter: [...early, judged(12, life, SHARD)] })).toBe(false);
    expect(isSame(life, { adopter: [judged(8, life), judged(12, life, SHARD)] })).toBe(true);
  });

  it("does not where merely the disk was damaged, or where another began anew, were it the writer", () => {
    expect(isSame(life, { adopter: [judged(12, life, SHARD)] })).toBe(false);
    expect(isSame(life, { adopter: [judged(12, life, SHARD), judged(13, later)] })).toBe(false);
    expect(isSame(life, { writer: [judged(11, originOf(WRITER, 6))], adopter: [judged(12, life, SHARD)] })).toBe(false);
  });

  it("hands it on to a later one as a writer does: once that began anew after it", () => {
    const adopted = [BEGUN, judged(12, life, SHARD)];
    expect(isSame(later, { adopter: [...adopted, judged(13, later)] })).toBe(true);
    expect(isSame(originOf(ADOPTER, 6), { adopter: [...adopted, judged(13, later)] })).toBe(false);
  });
});

describe("at the end", () => {
  const put = (id: number, origin: OriginId, timestamp = 100): ReturnType<typeof entry> => {
    const answer = written(timestamp);
    if (answer.type !== "written") throw new Error("BUG: it was written");
    const parts = answer.parts.map((part) => ({ ...part, version: version(timestamp, origin) }));
    return entry(id, 10, { answer: { type: "written", parts } });
  };
  const low = originOf(5, 7);
  const begunAnew = { judgements: [judged(11, low), judged(12, low, 0)] };
  const found = (
    author: number,
    history: readonly ReturnType<typeof entry>[],
    changes: Partial<NodeEvidence>,
  ): string[] => {
    const final = { ...readPart(100, author), version: version(100, low) };
    const nodes = [node({ final }), node({ ...changes, final })];
    return checkAcknowledged(evidence(history, nodes)).map(({ message }) => message);
  };

  it("a write stands under the origin of whoever began anew, be that a lower one", () => {
    const write = put(1, originOf(WRITER, 5));
    expect(found(1, [write], begunAnew)).toEqual([]);
    expect(found(1, [write], {})).toContainEqual(expect.stringContaining("another stamp"));
  });

  it("it stands for all that it had replaced before, and for nothing that had replaced it", () => {
    const write = put(1, originOf(WRITER, 5));
    expect(found(1, [write, put(2, originOf(10, 1))], begunAnew)).toEqual([]);
    const message = "acknowledged with the greater stamp";
    expect(found(1, [write, put(2, originOf(25, 1))], begunAnew)).toContainEqual(expect.stringContaining(message));
    expect(found(1, [write, put(2, originOf(10, 1), 101)], begunAnew)).toContainEqual(expect.stringContaining(message));
  });
});
