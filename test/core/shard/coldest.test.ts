import { describe, expect, it } from "vitest";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { encodeRun } from "../../../src/core/containers/increments.ts";
import { type Amount, amountOfText } from "../../../src/core/record/amount.ts";
import { incrementsOf, KIND_DOCUMENT, KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { textOfOrigin } from "../../../src/core/record/origin-bytes.ts";
import { timestampAt } from "../../../src/core/record/record.ts";
import { Coldest } from "../../../src/core/shard/coldest.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { usedOnceMore } from "../../../src/core/table/s3-fifo.ts";
import { createShard, NOW, origin } from "../../support/shards.ts";

const COUNT = 4000;
const LATER = NOW + 2 * COUNT;

function begun(id: number): Shard {
  const { shard } = createShard({ id });
  shard.beginLife(origin(1));
  return shard;
}

function filled(): Shard[] {
  const shards = [begun(0), begun(1)];
  for (let i = 0; i < COUNT; i++) {
    const shard = shards[i % 2] as Shard;
    shard.write({ kind: KIND_PLAIN, key: `k${i}` as Key, value: new Uint8Array(50) }, NOW + i);
  }
  return shards;
}

const stampOf = ({ shard, slot }: { readonly shard: Shard; readonly slot: number }) =>
  timestampAt(shard.table.viewOf(slot), shard.table.offsetOf(slot));

describe("what is wanted least", () => {
  it("is among the oldest, of whichever shard", () => {
    const shards = filled();
    const stamps = shards
      .flatMap((shard) => {
        const all: number[] = [];
        shard.forEachStanding((view, at) => all.push(timestampAt(view, at)));
        return all;
      })
      .sort((a, b) => a - b);
    const coldest = new Coldest(shards, new SeededRandom(1), LATER);
    const taken = Array.from({ length: 500 }, () => coldest.take());
    const ranks = taken.map((place) => (place === undefined ? 1 : stamps.indexOf(stampOf(place)) / COUNT));
    expect(ranks.filter((rank) => rank < 0.15).length).toBeGreaterThan(430);
    expect(new Set(taken.map((place) => place?.shard)).size).toBe(2);
  });

  it("is what nobody asked for, however old the rest is; what was asked for long ago counts no more", () => {
    const shards = filled();
    for (const shard of shards) {
      shard.forEachStanding((view, at, slot) => {
        if (timestampAt(view, at) % 8 === 0) return;
        shard.table.setUse(slot, usedOnceMore(shard.table.getUse(slot)));
      });
    }
    const asked = ({ shard, slot }: { readonly shard: Shard; readonly slot: number }) => shard.table.getUse(slot) > 0;
    const coldest = new Coldest(shards, new SeededRandom(2), LATER);
    const first = Array.from({ length: 50 }, () => coldest.take()).map((place) => place !== undefined && asked(place));
    expect(first.filter((isAsked) => isAsked).length).toBeLessThan(10);
    for (let i = 0; i < 5 * COUNT; i++) coldest.take();
    const left = shards.reduce((sum, shard) => {
      let count = 0;
      shard.forEachStanding((_view, _at, slot) => {
        if (shard.table.getUse(slot) > 0) count++;
      });
      return sum + count;
    }, 0);
    expect(left).toBeLessThan(COUNT / 10);
  });

  it("is what takes most room for longest, where neither is asked for", () => {
    const shard = begun(0);
    for (let i = 0; i < 200; i++) {
      const value = new Uint8Array(i === 190 ? 100_000 : 100);
      shard.write({ kind: KIND_PLAIN, key: `k${i}` as Key, value }, NOW + 10 * i);
    }
    const coldest = new Coldest([shard], new SeededRandom(5), NOW + 4000);
    const large = shard.find(KIND_PLAIN, "k190" as Key);
    const taken = Array.from({ length: 200 }, () => coldest.take()?.slot);
    expect(taken.filter((slot) => slot === large).length).toBeGreaterThan(10);
  });

  it("is no tombstone, nothing that waits to be confirmed, and no part of a document", () => {
    const shard = begun(0);
    for (let i = 0; i < 20; i++) shard.write({ kind: KIND_PLAIN, key: `k${i}` as Key }, NOW + i);
    shard.write({ kind: KIND_DOCUMENT, key: "d" as Key, field: "", value: new Uint8Array(0) }, NOW);
    expect(new Coldest([shard], new SeededRandom(3), LATER).take()).toBeUndefined();
    const slot = shard.write({ kind: KIND_PLAIN, key: "live" as Key, value: new Uint8Array(1) }, NOW + 100);
    expect(new Coldest([shard], new SeededRandom(3), LATER).take()).toMatchObject({ slot });
    shard.quarantine.distrust({ serve: true });
    expect(new Coldest([shard], new SeededRandom(3), LATER).take()).toBeUndefined();
  });

  it("is no number that anybody asked for, whichever increments of it are met", () => {
    const shard = begun(0);
    const added = (key: string, life: number): number => {
      const field = textOfOrigin(origin(life));
      const tally = { run: 1, count: 1, sum: amountOfText("7") as Amount };
      const value = encodeRun({ after: 0, began: NOW, tally });
      return shard.write({ kind: incrementsOf(KIND_PLAIN), key: key as Key, field, value }, NOW);
    };
    const used: number[] = [];
    for (let i = 0; i < 100; i++) {
      const [slot] = [added(`n${i}`, 2), added(`n${i}`, 3)];
      if (i % 2 === 0) continue;
      used.push(slot, slot + 1);
      for (let times = 0; times < 3; times++) shard.table.setUse(slot, usedOnceMore(shard.table.getUse(slot)));
    }
    const coldest = new Coldest([shard], new SeededRandom(6), LATER);
    const taken = Array.from({ length: 20 }, () => coldest.take());
    expect(taken.filter((place) => used.includes(place?.slot ?? 0)).length).toBe(0);
    expect(taken.every((place) => place?.rest.length === 1)).toBe(true);
  });

  it("is nothing where there is nothing", () => {
    expect(new Coldest([], new SeededRandom(4), LATER).take()).toBeUndefined();
    expect(new Coldest([begun(0)], new SeededRandom(4), LATER).take()).toBeUndefined();
  });
});
