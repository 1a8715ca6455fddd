import { expect, it } from "vitest";
import { checkBounds } from "../../../simulations/checkers/bounds.ts";
import type { Holding } from "../../../src/replica/holdings.ts";
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
