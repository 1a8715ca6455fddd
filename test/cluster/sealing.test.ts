import { describe, expect, it } from "vitest";
import type { OriginId } from "../../src/base/ids.ts";
import { decideSealing, type OwnerView, type SealingDecision } from "../../src/cluster/sealing.ts";
import { LIFE_MAX, lifeOf } from "../../src/core/origin.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { origin } from "../support/shards.ts";

const PRESENT_LIFE = 3;

/** Of replica 1: life to sequence. `early`: life to what is seen and held beyond. */
function owner(
  covered: Readonly<Record<number, number>>,
  more: {
    durable?: Readonly<Record<number, number>>;
    early?: Readonly<Record<number, readonly [number, number]>>;
    sealed?: number;
  } = {},
): OwnerView {
  const vectorOf = (entries: Readonly<Record<number, number>>) => {
    const vector = new VersionVector();
    if (more.sealed !== undefined) vector.seal(1, more.sealed);
    for (const [life, sequence] of Object.entries(entries)) vector.advance(origin(1, Number(life)), sequence);
    return vector;
  };
  return {
    vector: vectorOf(covered),
    durable: vectorOf(more.durable ?? covered),
    early: Object.entries(more.early ?? {}).map(([life, [seen, held]]) => ({
      origin: origin(1, Number(life)),
      seen,
      held,
    })),
  };
}

function decide(own: OwnerView, ...owners: OwnerView[]): SealingDecision {
  const hasEnded = (each: OriginId) => lifeOf(each) < PRESENT_LIFE;
  return decideSealing({ own, owners, hasEnded, lifeOfNumber: () => PRESENT_LIFE }, LIFE_MAX);
}

const SEALED = [{ replica: 1, life: PRESENT_LIFE }];
const closed = (sequence: number, life = 1) => [{ origin: origin(1, life), sequence }];

describe("sealing", () => {
  it.each([
    ["all have the same on disk", owner({ 1: 5 }), [owner({ 1: 5 }), owner({ 1: 5 })], SEALED],
    ["nobody else is an owner", owner({ 1: 5 }), [], SEALED],
    ["the present life goes on", owner({ 1: 5, 3: 9 }), [owner({ 1: 5, 3: 2 })], SEALED],
    ["one lacks something", owner({ 1: 5 }), [owner({ 1: 4 })], []],
    ["this replica lacks something", owner({ 1: 4 }), [owner({ 1: 5 })], []],
    ["one does not have it on disk", owner({ 1: 5 }), [owner({ 1: 5 }, { durable: { 1: 4 } })], []],
    ["this replica does not have it on disk", owner({ 1: 5 }, { durable: {} }), [owner({ 1: 5 })], []],
    ["two lives, one of them not everywhere", owner({ 1: 5, 2: 2 }), [owner({ 1: 5, 2: 1 })], []],
    ["an owner has an earlier life of which nothing is here", owner({ 2: 5 }), [owner({ 1: 3, 2: 5 })], []],
    [
      "an owner holds something of an earlier life beyond its vector",
      owner({ 2: 5 }),
      [owner({ 2: 5 }, { early: { 1: [2, 77] } })],
      [],
    ],
    [
      "an owner has sealed an earlier life that is not sealed here, and may still be on its way",
      owner({ 2: 5 }),
      [owner({ 2: 5 }, { sealed: 2 })],
      [],
    ],
    ["an earlier life is sealed here and not yet there", owner({ 2: 5 }, { sealed: 2 }), [owner({ 2: 5 })], SEALED],
    ["only the present life has entries", owner({ 3: 5 }), [owner({ 3: 5 })], []],
    ["there is nothing at all", owner({}), [owner({})], []],
  ])("when %s", (_what, own, owners, seal) => {
    expect(decide(own, ...owners).seal).toEqual(seal);
  });
});

describe("closing", () => {
  it.each([
    [
      "all hold the same beyond the gap",
      owner({ 1: 5 }, { early: { 1: [7, 9] } }),
      [owner({ 1: 5 }, { early: { 1: [7, 9] } })],
      closed(7),
    ],
    [
      "one has seen more that it found superseded",
      owner({ 1: 5 }, { early: { 1: [7, 9] } }),
      [owner({ 1: 5 }, { early: { 1: [8, 9] } })],
      closed(8),
    ],
    ["nothing is held beyond the gap", owner({ 1: 5 }, { early: { 1: [7, 0] } }), [owner({ 1: 5 })], closed(7)],
    [
      "another one holds more",
      owner({ 1: 5 }, { early: { 1: [7, 9] } }),
      [owner({ 1: 5 }, { early: { 1: [8, 10] } })],
      [],
    ],
    ["another one holds nothing of it yet", owner({ 1: 5 }, { early: { 1: [7, 9] } }), [owner({ 1: 5 })], []],
    [
      "another one covers more",
      owner({ 1: 5 }, { early: { 1: [7, 9] } }),
      [owner({ 1: 6 }, { early: { 1: [7, 9] } })],
      [],
    ],
    ["there is no gap", owner({ 1: 5 }), [owner({ 1: 5 })], []],
    ["the life goes on", owner({ 3: 5 }, { early: { 3: [7, 9] } }), [owner({ 3: 5 }, { early: { 3: [7, 9] } })], []],
  ])("when %s", (_what, own, owners, close) => {
    const decision = decide(own, ...owners);
    expect(decision.close).toEqual(close);
    // What has a gap, here or elsewhere, is not sealed in the same breath.
    if (own.early.length > 0) expect(decision.seal).toEqual([]);
  });
});

it("seals no life beyond the greatest there is, when a replica has left for good", () => {
  const view = { own: owner({ 1: 5 }), owners: [], hasEnded: () => true, lifeOfNumber: () => Infinity };
  expect(decideSealing(view, LIFE_MAX).seal).toEqual([{ replica: 1, life: LIFE_MAX + 1 }]);
});
