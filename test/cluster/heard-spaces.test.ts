import { describe, expect, it } from "vitest";
import type { SpaceId } from "../../src/base/ids.ts";
import { HeardSpaces } from "../../src/cluster/heard-spaces.ts";
import { KEYSPACES_MAX } from "../../src/cluster/keyspaces.ts";
import { NOW } from "../support/shards.ts";

const space = (number: number) => number as SpaceId;

describe("spaces that others speak of", () => {
  it("are remembered for a while after they were last heard of, also when the clock is put back", () => {
    const heard = new HeardSpaces();
    heard.note(space(7), NOW);
    heard.note(space(7), NOW + 9000);
    expect([heard.has(space(7), NOW + 18_999), heard.has(space(8), NOW)]).toEqual([true, false]);
    expect(heard.has(space(7), NOW + 19_000)).toBe(false);
    heard.note(space(9), NOW);
    expect(heard.has(space(9), NOW - 60_000)).toBe(false);
  });

  it("are so many at most, those that were heard of last", () => {
    const heard = new HeardSpaces();
    for (let i = 0; i <= KEYSPACES_MAX; i++) heard.note(space(i), NOW);
    expect([0, 1, KEYSPACES_MAX].map((i) => heard.has(space(i), NOW))).toEqual([false, true, true]);
    heard.note(space(1), NOW);
    heard.note(space(KEYSPACES_MAX + 1), NOW);
    expect([1, 2].map((i) => heard.has(space(i), NOW))).toEqual([true, false]);
  });
});
