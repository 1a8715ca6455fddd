import { describe, expect, it } from "vitest";
import { purgeTest } from "../../src/cluster/stability.ts";
import { msOfTimestamp } from "../../src/core/clock.ts";
import { KIND_DOCUMENT } from "../../src/core/record/kind.ts";
import { FLAG_DEAD, FLAG_GONE, timestampAt } from "../../src/core/record/record.ts";
import { VersionVector } from "../../src/core/version-vector.ts";
import { NOW, origin, record } from "../support/shards.ts";

/** What is covered of origin 1 and, if given, of origin 2. */
function vector(one: number, two = 0): VersionVector {
  const made = new VersionVector();
  made.advance(origin(1), one);
  if (two > 0) made.advance(origin(2), two);
  return made;
}

const dead = record({ key: "k", flags: FLAG_DEAD, sequence: 5 });
const expired = record({ key: "k", flags: FLAG_GONE, sequence: 5, expiresAt: NOW });
const fallenLease = record({
  key: "k",
  kind: KIND_DOCUMENT,
  field: "",
  flags: FLAG_GONE,
  sequence: 5,
  expiresAt: NOW,
});
const deadAndExpired = record({ key: "k", flags: FLAG_DEAD | FLAG_GONE, sequence: 5, expiresAt: NOW });

describe("a tombstone", () => {
  it.each([
    ["goes when all have it on disk (R6, R7)", dead, vector(5), [vector(5)], NOW, true],
    ["goes when there is no other owner", dead, vector(5), [], NOW, true],
    ["stays while one owner has not reported it (R6)", dead, vector(5), [vector(5), vector(4)], NOW, false],
    ["stays while this replica has not got it on disk (R7)", dead, vector(4), [vector(4)], NOW, false],
    [
      "stays while an owner covers what this replica does not: an older write may be on its way (R6)",
      dead,
      vector(5),
      [vector(5, 1)],
      NOW,
      false,
    ],
    ["goes although this replica covers more than an owner", dead, vector(5, 9), [vector(5)], NOW, true],
    [
      "of an expired value stays until every clock has passed its expiry",
      expired,
      vector(5),
      [vector(5)],
      NOW - 1,
      false,
    ],
    ["of an expired value goes then", expired, vector(5), [vector(5)], NOW, true],
    ["of an expired value stays when a clock was never told", expired, vector(5), [vector(5)], -Infinity, false],
    ["of a lease stays: its container is deleted first", fallenLease, vector(5), [vector(5)], NOW, false],
    ["of a deletion does not wait for an expiry", deadAndExpired, vector(5), [vector(5)], NOW - 1, true],
  ])("%s", (_what, { view }, own, owners, clockMin, expected) => {
    const test = purgeTest({ own, owners, news: owners, clockMin, stampedBelow: Infinity, deletedBefore: Infinity });
    expect(test?.(view, 0) ?? false).toBe(expected);
  });

  it("stays while somebody may still write below it", () => {
    const rest = { own: vector(5), owners: [vector(5)], news: [], clockMin: NOW, deletedBefore: Infinity };
    const at = (stampedBelow: number) => purgeTest({ ...rest, stampedBelow })?.(dead.view, 0);
    const stamp = timestampAt(dead.view, 0);
    expect([at(stamp), at(stamp + 1)]).toEqual([false, true]);
  });

  it("of a sealed life goes when all have sealed it", () => {
    const sealed = new VersionVector();
    sealed.seal(1, 2);
    const rest = { owners: [sealed], news: [sealed], clockMin: NOW, stampedBelow: Infinity, deletedBefore: Infinity };
    expect(purgeTest({ own: sealed, ...rest })?.(dead.view, 0)).toBe(true);
    expect(purgeTest({ own: vector(5), ...rest })).toBe(undefined);
  });

  it("of a deletion or of an expired value stays while it is younger than what is waited for", () => {
    const rest = { own: vector(5), owners: [vector(5)], news: [], clockMin: NOW, stampedBelow: Infinity };
    const at = (deletedBefore: number) => purgeTest({ ...rest, deletedBefore });
    const stampedAt = msOfTimestamp(timestampAt(dead.view, 0));
    for (const { view } of [dead, expired]) {
      expect(msOfTimestamp(timestampAt(view, 0))).toBe(stampedAt);
      expect(at(stampedAt)?.(view, 0)).toBe(false);
      expect(at(stampedAt + 1)?.(view, 0)).toBe(true);
    }
  });
});
