/** What counts as a conflict within one shard; schedules of several, and the truth, are in `test/models/conflicts.test.ts`. */

import { describe, expect, it } from "vitest";
import type { Key, ShardId } from "../../../src/base/ids.ts";
import { timestampFromMs } from "../../../src/core/clock.ts";
import { KIND_DOCUMENT, KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { FLAG_DEAD, FLAG_GONE, RecordWriter } from "../../../src/core/record/record.ts";
import { type Conflict, isSameContent } from "../../../src/core/shard/conflict.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import { apply, createShard, type LooseShard, NOW, origin, push, record } from "../../support/shards.ts";

const value = (text: string) => new TextEncoder().encode(text);
const early = timestampFromMs(NOW - 1000);

function started(isUnaware = false): LooseShard & { readonly found: Conflict[] } {
  const found: Conflict[] = [];
  const conflicts = {
    isUnaware: () => isUnaware,
    conflicted: (_shard: ShardId, conflict: Conflict) => void found.push(conflict),
  };
  const loose = createShard({ conflicts });
  loose.shard.beginLife(origin(1));
  return { ...loose, found };
}

function write({ shard }: LooseShard, text = "own", kind = KIND_PLAIN): number {
  return shard.write({ kind, key: "k" as Key, value: value(text) }, NOW);
}

const theirs = (fields: Partial<Parameters<typeof record>[0]> = {}) =>
  record({ key: "k", value: value("theirs"), timestamp: early, origin: origin(2), ...fields });

describe("a shard", () => {
  it("notes the loser that comes for the first time, once, with both sides of it", () => {
    const loose = started();
    write(loose);
    const { shard } = loose;
    const winner = { timestamp: timestampFromMs(NOW), origin: origin(1), isDead: false };
    const expected = [
      { key: "k", loser: { timestamp: early, origin: origin(2), isDead: true }, winner, isLostHere: false },
    ];
    const deletion = record({ key: "k", flags: FLAG_DEAD, timestamp: early, origin: origin(2), sequence: 4 });
    push(loose, deletion);
    expect(loose.found).toEqual(expected);
    // Again, as a delta has it that fills the gap before it.
    apply(loose, deletion);
    expect(loose.found).toEqual(expected);
    expect(shard.hasGap(origin(2))).toBe(true);
  });

  it("notes what fills a gap, though later ones were pushed before, and nothing that may have come before", () => {
    const loose = started();
    write(loose);
    push(loose, theirs({ key: "other", sequence: 9 }));
    apply(loose, theirs({ sequence: 3 }));
    expect(loose.found.length).toBe(1);
    apply(loose, theirs({ sequence: 2, value: value("below") }));
    apply(loose, theirs({ sequence: 9, value: value("in the run") }));
    expect(loose.found.length).toBe(1);
  });

  it("notes what was written here and replaced by who is known to have been unaware of it, and nothing else", () => {
    for (const isUnaware of [false, true]) {
      const loose = started(isUnaware);
      write(loose);
      push(loose, theirs({ timestamp: timestampFromMs(NOW + 1000) }));
      push(loose, theirs({ timestamp: timestampFromMs(NOW + 2000), origin: origin(3) }));
      expect(loose.found.map(({ isLostHere, winner }) => [isLostHere, winner.origin])).toEqual(
        isUnaware ? [[true, origin(2)]] : [],
      );
    }
  });

  it("takes no removal for a loss that was made here", () => {
    const loose = started(true);
    push(loose, theirs());
    loose.shard.write({ kind: KIND_PLAIN, key: "k" as Key, isRemoval: true }, NOW);
    push(loose, theirs({ timestamp: timestampFromMs(NOW + 1000), sequence: 2 }));
    expect(loose.found).toEqual([]);
    loose.shard.write({ kind: KIND_PLAIN, key: "k" as Key }, NOW + 1000);
    push(loose, theirs({ timestamp: timestampFromMs(NOW + 9000), sequence: 3 }));
    expect(loose.found.length).toBe(1);
  });

  it("takes nothing for new that it had seen before it began anew", () => {
    const loose = started();
    push(loose, theirs());
    // What a claim covers and nobody sent had been replaced by something that was.
    const claim = new VersionVector();
    claim.advance(origin(2), 5);
    loose.shard.claim(claim);
    loose.shard.quarantine.distrust({ serve: true });
    loose.shard.beginLife(origin(1, 2));
    write(loose);
    apply(loose, theirs());
    apply(loose, theirs({ sequence: 5, value: value("replaced") }));
    expect(loose.found).toEqual([]);
  });

  it("does not know what an earlier life had seen of what it gave a new dot", () => {
    const loose = started(true);
    const slot = write(loose);
    loose.shard.quarantine.distrust({ serve: true });
    loose.shard.beginLife(origin(1, 2));
    loose.shard.redot(slot);
    push(loose, theirs());
    push(loose, theirs({ timestamp: timestampFromMs(NOW + 1000), sequence: 2 }));
    expect(loose.found).toEqual([]);
  });

  it("notes nothing of containers, which merge", () => {
    const loose = started(true);
    write(loose, "own", KIND_DOCUMENT);
    push(loose, theirs({ kind: KIND_DOCUMENT }));
    push(loose, theirs({ kind: KIND_DOCUMENT, timestamp: timestampFromMs(NOW + 1000), sequence: 2 }));
    expect(loose.found).toEqual([]);
  });
});

describe("two writes say the same", () => {
  const same = (a: Parameters<typeof theirs>[0], b: Parameters<typeof theirs>[0]): boolean =>
    isSameContent(theirs(a).view, 0, theirs({ ...b, timestamp: timestampFromMs(NOW), origin: origin(3) }).view, 0);

  it.each([
    ["the same value", {}, {}, true],
    ["another of the same length", {}, { value: value("theirz") }, false],
    ["a longer one", {}, { value: value("theirs!") }, false],
    ["another type of it", { contentType: "a/b" }, { contentType: "a/c" }, false],
    ["other tags", { tags: ["a"] }, { tags: ["b"] }, false],
    ["tags and none", { tags: ["a"] }, {}, false],
    ["the same tags", { tags: ["a", "b"] }, { tags: ["a", "b"] }, true],
    ["a type and none", { contentType: "a/b" }, {}, false],
    ["the same until another time", { expiresAt: NOW + 1 }, { expiresAt: NOW + 2 }, false],
    ["the same until the same time", { expiresAt: NOW + 1 }, { expiresAt: NOW + 1 }, true],
    ["a deletion and a value", { flags: FLAG_DEAD, value: undefined }, {}, false],
    ["two deletions", { flags: FLAG_DEAD, value: undefined }, { flags: FLAG_DEAD, value: undefined }, true],
    [
      "two that have expired",
      { flags: FLAG_GONE, value: undefined, expiresAt: NOW },
      { flags: FLAG_GONE, value: undefined, expiresAt: NOW },
      false,
    ],
  ])("%s", (_name, a, b, expected) => {
    expect(same(a, b)).toBe(expected);
    expect(same(b, a)).toBe(expected);
  });

  it("not as far as anybody can tell where a value is away", () => {
    const writer = new RecordWriter();
    writer.withValueAway(theirs().view, 0);
    expect(isSameContent(theirs().view, 0, writer.view, 0)).toBe(false);
    expect(isSameContent(writer.view, 0, theirs().view, 0)).toBe(false);
    expect(isSameContent(writer.view, 0, writer.view, 0)).toBe(false);
  });
});
