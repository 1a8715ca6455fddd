import { describe, expect, it } from "vitest";
import { checkBounds } from "../../../simulations/checkers/bounds.ts";
import type { Holding } from "../../../src/replica/holdings.ts";
import { crash, dump, evidence, node, register } from "./evidence-builder.ts";
import { nodeSample, sample, sampled } from "./samples.ts";

function messagesOf(...holdings: readonly Partial<Holding>[]): string[] {
  const usual: Holding = { name: "votes_open", help: "", value: 0, max: 10, isNoneAtRest: true };
  const samples = holdings.map((changes, i) =>
    sample(i, nodeSample(undefined, 1, { holdings: [{ ...usual, ...changes }] }), undefined),
  );
  return checkBounds(sampled([], ...samples)).map((violation) => violation.message);
}

it("is content with what stays within its bound, and is gone at the end", () => {
  expect(messagesOf({ value: 10 }, { value: 0 })).toEqual([]);
  expect(messagesOf({ value: 10 }, { value: 10, isNoneAtRest: false })).toEqual([]);
});

it("catches what grows beyond its bound, and what is left at the end", () => {
  expect(messagesOf({ value: 11 }, { value: 0 })[0]).toContain("votes_open is 11, above 10");
  expect(messagesOf({ value: 0 }, { value: 1 })[0]).toContain("still has 1 of votes_open");
});

it("leaves a watcher that reads anew to it", () => {
  const holdings = [{ name: "requests_forwarded", help: "", value: 1, max: 10, isNoneAtRest: true }];
  const plan = { id: 0, at: 0, node: 0, prefix: "", moves: [], reconnectMs: 10, handlingMs: 0, waitingMax: 10 };
  const at = (isCurrent: boolean) => ({
    ...sampled([], sample(1, nodeSample(undefined, 1, { holdings }), undefined)),
    watches: [{ plan, entries: [], isCurrent }],
  });
  expect(checkBounds(at(false))).toEqual([]);
  expect(checkBounds(at(true))).toHaveLength(1);
});

describe("tombstones at the end", () => {
  const grave = dump([register(1, { isDead: true }), register(2, { isDead: true })]);
  const messagesOfNodes = (...nodes: Parameters<typeof node>[0][]): string[] =>
    checkBounds(evidence([], nodes.map(node))).map(({ message }) => message);

  it("are gone where everybody is there", () => {
    expect(messagesOfNodes({ dump: dump([register(1)]) })).toEqual([]);
    expect(messagesOfNodes({ dump: grave })[0]).toContain("still keeps 2 tombstones");
    expect(
      messagesOfNodes({ dump: dump([register(1, { isGone: true }), register(2, { isGone: true })]) }),
    ).toHaveLength(1);
    expect(messagesOfNodes({ dump: dump([register(1, { isDead: true })]) })).toHaveLength(1);
  });

  it("may wait for one that was given up, or for the member that a node was before it lost all", () => {
    expect(messagesOfNodes({ dump: grave }, { givenUpAt: [5] })).toEqual([]);
    expect(messagesOfNodes({ dump: grave }, { durable: false, ends: [crash(5)] })).toEqual([]);
  });
});
