import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ReplicaId } from "../../src/base/ids.ts";
import { type LinkClaim, replaces } from "../../src/wire/link-choice.ts";

const SMALL = "a" as ReplicaId;
const GREAT = "b" as ReplicaId;

function claim(dialler: ReplicaId, attempt: number, peerLife = 1): LinkClaim {
  return { dialler, attempt, peerLife };
}

describe("the link that survives", () => {
  const cases: readonly [string, LinkClaim, LinkClaim, boolean][] = [
    ["the smaller id's beats the greater id's", claim(SMALL, 1), claim(GREAT, 9), true],
    ["the greater id's does not beat the smaller id's", claim(GREAT, 9), claim(SMALL, 1), false],
    ["the newer of one dialler beats the older", claim(GREAT, 2), claim(GREAT, 1), true],
    ["the older of one dialler does not beat the newer", claim(SMALL, 1), claim(SMALL, 2), false],
    ["a later life beats all else", claim(GREAT, 1, 2), claim(SMALL, 9, 1), true],
    ["an earlier life beats nothing", claim(SMALL, 9, 1), claim(GREAT, 1, 2), false],
  ];
  test.each(cases)("%s", (_, fresh, held, expected) => {
    expect(replaces(fresh, held)).toBe(expected);
  });

  test("does not depend on which of two came first", () => {
    const claims = fc.record({
      dialler: fc.constantFrom(SMALL, GREAT),
      attempt: fc.integer({ min: 1, max: 4 }),
      peerLife: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(claims, claims, (x, y) => {
        const same = x.dialler === y.dialler && x.attempt === y.attempt && x.peerLife === y.peerLife;
        return same ? !replaces(x, y) : replaces(x, y) !== replaces(y, x);
      }),
    );
  });

  test("is one link however three come", () => {
    const life = 1;
    const all = [claim(SMALL, 1, life), claim(SMALL, 2, life), claim(GREAT, 7, life)];
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const [first, ...rest] = order.map((i) => all[i] as LinkClaim);
      const kept = rest.reduce((held, fresh) => (replaces(fresh, held) ? fresh : held), first as LinkClaim);
      expect(kept).toEqual(claim(SMALL, 2, life));
    }
  });
});
