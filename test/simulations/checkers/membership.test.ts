import { describe, expect, it } from "vitest";
import type { Evidence, NodeEvidence } from "../../../simulations/checkers/evidence.ts";
import { checkMembership, falseAlarms } from "../../../simulations/checkers/membership.ts";
import type { Company, MemberVerdict } from "../../../simulations/sampling/company.ts";
import type { Sample } from "../../../simulations/sampling/sample.ts";
import type { ReplicaId } from "../../../src/base/ids.ts";
import { evidence, node } from "./evidence-builder.ts";
import { nodeSample, sample } from "./samples.ts";

const id = (name: string): ReplicaId => name as ReplicaId;

function company(name: string, others: Readonly<Record<string, "alive" | "suspect" | "dead" | "given-up">>): Company {
  return { id: id(name), others: new Map(Object.entries(others).map(([other, state]) => [id(other), state])) };
}

const found = (changes: Partial<Evidence>, nodes: readonly NodeEvidence[] = [node(), node()]): number =>
  checkMembership({ ...evidence([], nodes), ...changes }).length;

describe("at the end", () => {
  const ends = (state: "alive" | "suspect" | "dead"): NodeEvidence[] => [
    node({ company: company("a", { b: state }) }),
    node({ company: company("b", { a: "alive" }) }),
  ];

  it("everybody that runs is alive to everybody", () => {
    expect(found({}, ends("alive"))).toBe(0);
    expect(found({}, ends("suspect"))).toBe(1);
    expect(found({}, ends("dead"))).toBe(1);
    expect(found({}, [node({ company: company("a", {}) }), node({ company: company("b", { a: "alive" }) })])).toBe(1);
  });

  it("whoever does not run may be anything", () => {
    expect(found({}, [node({ company: company("a", { b: "dead" }) }), node()])).toBe(0);
  });
});

describe("whom members suspect", () => {
  const verdict = (more: Partial<MemberVerdict> = {}): MemberVerdict => {
    return { at: 50, node: 0, of: id("b"), state: "dead", isWrong: true, ...more };
  };

  it("is nobody that runs, in calm, to the point of its death", () => {
    const calm = [{ from: 40, to: 60 }];
    expect(found({ calm, memberVerdicts: [verdict()] })).toBe(1);
    const others = [
      verdict({ at: 60 }),
      verdict({ at: 39 }),
      verdict({ state: "suspect" }),
      verdict({ isWrong: false }),
    ];
    expect(found({ calm, memberVerdicts: others })).toBe(0);
    expect(falseAlarms([verdict(), ...others])).toEqual({ suspicions: 1, deaths: 3 });
  });

  it("is not whoever said in peace that it goes", () => {
    const samples = [sample(5, nodeSample(undefined, 0), nodeSample(undefined, 0, { company: company("b", {}) }))];
    const peacefulStops = [{ node: 1, from: 40, to: 60 }];
    const suspected = verdict({ state: "suspect", isWrong: false });
    expect(found({ samples, peacefulStops, memberVerdicts: [suspected] })).toBe(1);
    const others = [{ ...suspected, at: 60 }, { ...suspected, of: id("c") }, verdict({ isWrong: false })];
    expect(found({ samples, peacefulStops, memberVerdicts: others })).toBe(0);
  });
});

describe("whoever is gone for long", () => {
  const sees = (state: "alive" | "suspect" | "dead", life = 1) =>
    nodeSample(undefined, 0, { life, company: company("a", { b: state }) });
  const there = nodeSample(undefined, 0, { company: company("b", { a: "alive" }) });
  const looks = (lateMs: number, late: ReturnType<typeof sees>): Sample[] => [
    sample(1000, sees("alive"), there),
    sample(1000 + lateMs, late, undefined),
  ];

  it("is missed by those who were there all the time", () => {
    expect(found({ samples: looks(60_001, sees("alive")) })).toBe(1);
    expect(found({ samples: looks(60_001, sees("suspect")) })).toBe(1);
    expect(found({ samples: looks(60_001, sees("dead")) })).toBe(0);
    expect(found({ samples: looks(60_000, sees("alive")) })).toBe(0);
  });

  it("need not be by those who began anew, or slept, meanwhile", () => {
    expect(found({ samples: looks(60_001, sees("alive", 2)) })).toBe(0);
    const asleep = [node({ pauses: [{ from: 2000, to: 3000 }] }), node()];
    expect(found({ samples: looks(60_001, sees("alive")) }, asleep)).toBe(0);
  });
});
