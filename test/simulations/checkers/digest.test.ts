import { expect, it } from "vitest";
import { checkDigest } from "../../../simulations/checkers/digest.ts";
import type { NodeSample } from "../../../simulations/sampling/sample.ts";
import { nodeSample, sample, sampled, sampledRegister } from "./samples.ts";

function messagesOf(one: NodeSample | undefined, other: NodeSample | undefined): string[] {
  return checkDigest(sampled([], sample(10, one, other))).map((violation) => violation.message);
}

const SEVEN = nodeSample(sampledRegister(7), 3);

it("is content when digests are equal exactly where contents and vectors are, whatever is deleted", () => {
  expect(messagesOf(SEVEN, SEVEN)).toEqual([]);
  expect(messagesOf(SEVEN, nodeSample(sampledRegister(8), 4))).toEqual([]);
  expect(messagesOf(nodeSample(undefined, 3), nodeSample(sampledRegister(8, { isStanding: false }), 3))).toEqual([]);
  expect(messagesOf(SEVEN, undefined)).toEqual([]);
});

it("catches one digest over different registers, and different ones over the same", () => {
  const { contentDigest } = SEVEN;
  expect(messagesOf(SEVEN, nodeSample(sampledRegister(8), 3, { contentDigest }))[0]).toContain("different registers");
  expect(messagesOf(SEVEN, nodeSample(undefined, 3, { contentDigest }))[0]).toContain("different registers");
  expect(messagesOf(SEVEN, { ...SEVEN, contentDigest: "else" })[0]).toContain("the same registers");
});

it("catches one digest over different vectors, and different ones over the same", () => {
  expect(messagesOf(SEVEN, nodeSample(sampledRegister(7), 4, { vectorDigest: "3" }))[0]).toContain("different dots");
  expect(messagesOf(SEVEN, { ...SEVEN, vectorDigest: "else" })[0]).toContain("the same dots");
});
