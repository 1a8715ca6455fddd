import { describe, expect, it } from "vitest";
import type { OriginId, ShardId } from "../../src/base/ids.ts";
import { NewestDots } from "../../src/base/newest-dots.ts";

function dot(shard: number, origin: number, sequence: number) {
  return { shard: shard as ShardId, origin: origin as OriginId, sequence };
}

describe("the newest dots", () => {
  it("are one of each origin in each shard, the greatest", () => {
    const dots = new NewestDots();
    for (const each of [dot(1, 1, 5), dot(1, 2, 1), dot(1, 1, 3), dot(2, 1, 1), dot(1, 2, 4)]) dots.note(each);
    expect(dots.all).toEqual([dot(1, 2, 4), dot(2, 1, 1), dot(1, 1, 5)]);
  });

  it("are bounded: what was noted first goes first", () => {
    const dots = new NewestDots();
    for (let origin = 1; origin <= 200; origin++) dots.note(dot(1, origin, 1));
    expect(dots.all.length).toBe(128);
    expect(dots.all[0]).toEqual(dot(1, 200, 1));
  });

  it("stay as long as they are noted again", () => {
    const dots = new NewestDots();
    for (let origin = 1; origin <= 200; origin++) {
      dots.note(dot(1, origin, 1));
      dots.note(dot(1, 1, origin));
    }
    expect(dots.all[0]).toEqual(dot(1, 1, 200));
  });
});
