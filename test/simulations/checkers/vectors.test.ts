import { expect, it } from "vitest";
import { checkVectors } from "../../../simulations/checkers/vectors.ts";
import { crash, dump, evidence, node } from "./evidence-builder.ts";

function messagesOf(entries: number, ephemeralStarts = 0): string[] {
  const { registers, shards } = dump([]);
  const grown = { registers, shards: shards.map((shard) => ({ ...shard, entries })) };
  const ends = Array.from({ length: Math.max(0, ephemeralStarts - 1) }, () => crash(10));
  const other = ephemeralStarts === 0 ? node({ ends: [crash(1), crash(2)] }) : node({ durable: false, ends });
  return checkVectors(evidence([], [node({ dump: grown }), other])).map((violation) => violation.message);
}

it("is content with a present life and a mark for each replica", () => {
  expect(messagesOf(4)).toEqual([]);
});

it("catches entries that restarts have left", () => {
  expect(messagesOf(5)[0]).toContain("5 entries where 4 will do");
});

it("counts each start of a replica that keeps nothing on disk as another replica", () => {
  expect(messagesOf(8, 3)).toEqual([]);
  expect(messagesOf(9, 3)).toHaveLength(1);
});

it("lets lives stay that ended while all wait for a replica that kept nothing", () => {
  const { registers, shards } = dump([]);
  const restarted = (entries: number) => ({ registers, shards: shards.map((shard) => ({ ...shard, entries })) });
  const count = (entries: number, gone: Parameters<typeof node>[0]): number =>
    checkVectors(evidence([], [node({ dump: restarted(entries), ends: [crash(1), crash(2)] }), node(gone)])).length;
  expect(count(8, { durable: false, ends: [crash(5)] })).toBe(0);
  expect(count(9, { durable: false, ends: [crash(5)] })).toBe(1);
  expect(count(5, { ends: [crash(5)] })).toBe(1);
});
