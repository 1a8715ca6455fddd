import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Chooser,
  isPosition,
  POSITION_BYTES_MAX,
  placesBehind,
  positionBetween,
  STEP_BYTES,
} from "../../../src/core/containers/list-position.ts";
import { origin } from "../../support/shards.ts";

const STAMP = 8e14;

function chooser(replica = 1, stamp = STAMP): Chooser {
  return { origin: origin(replica), stamp };
}

function place(left: string | undefined, right: string | undefined, by = chooser()): string {
  const made = positionBetween(left, right, by);
  if (made === undefined) throw new Error("there is no such place");
  if (left !== undefined) expect(left < made).toBe(true);
  if (right !== undefined) expect(made < right).toBe(true);
  expect(isPosition(made)).toBe(true);
  return made;
}

describe("places of a list", () => {
  it("lie beyond both ends in one step each, for ever", () => {
    let [first, last] = [place(undefined, undefined), place(undefined, undefined)];
    for (let i = 0; i < 1000; i++) {
      first = place(undefined, first);
      last = place(last, undefined);
    }
    expect([first.length, last.length]).toEqual([STEP_BYTES, STEP_BYTES]);
  });

  it("are chosen by nobody else at the same instant", () => {
    const [left, right] = [place(undefined, undefined), place(place(undefined, undefined), undefined)];
    for (const [low, high] of [
      [undefined, undefined],
      [undefined, left],
      [right, undefined],
      [left, right],
    ] as const) {
      expect(place(low, high, chooser(1))).not.toBe(place(low, high, chooser(2)));
    }
  });

  it("stand in the order of time where two push without knowing of each other", () => {
    const [a, b] = [chooser(2, STAMP), chooser(1, STAMP + 1)];
    expect(place(undefined, undefined, a) < place(undefined, undefined, b)).toBe(true);
    const pushed = place(undefined, undefined, chooser(3, STAMP - 9));
    expect(place(undefined, pushed, b) < place(undefined, pushed, a)).toBe(true);
  });

  it("stay short however often something is put before, or behind, the same element", () => {
    const [left, right] = [place(undefined, undefined), place(place(undefined, undefined), undefined)];
    let [low, high] = [left, right];
    let areBetween = true;
    for (let i = 0; i < 100_000; i++) {
      const [before, behind] = [positionBetween(low, right, chooser()), positionBetween(left, high, chooser())];
      areBetween &&= before !== undefined && behind !== undefined && low < before && before < right;
      areBetween &&= behind !== undefined && left < behind && behind < high;
      [low, high] = [before ?? "", behind ?? ""];
    }
    expect(areBetween).toBe(true);
    expect(low.length).toBeLessThanOrEqual(2 * STEP_BYTES);
    expect(high.length).toBeLessThanOrEqual(3 * STEP_BYTES);
  });

  it("grow by a step for each twenty that divide the same gap, and then there is none left", () => {
    let [low, high] = [place(undefined, undefined), place(place(undefined, undefined), undefined)];
    let count = 0;
    for (; ; count++) {
      const made = positionBetween(low, high, chooser());
      if (made === undefined) break;
      expect(low < made && made < high).toBe(true);
      if (count % 2 === 0) low = made;
      else high = made;
    }
    expect(count).toBeGreaterThan((20 * POSITION_BYTES_MAX) / STEP_BYTES - 40);
  });

  it("lie evenly apart behind one that is free", () => {
    for (const count of [1, 2, 3, 1000]) {
      const free = place(undefined, undefined);
      const places = placesBehind(free, count, chooser(2));
      expect(places).toHaveLength(count);
      expect(places.every((each) => isPosition(each) && each.length === free.length + STEP_BYTES)).toBe(true);
      expect([free, ...places].every((each, i, all) => i === 0 || (all[i - 1] as string) < each)).toBe(true);
      for (let i = 1; i < count; i++) {
        expect(place(places[i - 1], places[i]).length).toBe(free.length + STEP_BYTES);
      }
      expect(place(free, places[0]).length).toBe(free.length + STEP_BYTES);
    }
  });

  it("have room on both sides of whatever is a place", () => {
    const number = fc.oneof(
      fc.constantFrom(-(2 ** 53) + 1, -(2 ** 53) + 2, 2 ** 53 - 1, 2 ** 53 - 2, 0, 1),
      fc.maxSafeInteger(),
    );
    const path = fc.array(fc.tuple(number, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 4 });
    const known = path.map((steps) => steps.map(([of, by]) => textOf(of) + textOf(by, 0)).join("")).filter(isPosition);
    fc.assert(
      fc.property(fc.uniqueArray(known, { minLength: 2, maxLength: 8 }), fc.integer({ min: 1, max: 3 }), (all, by) => {
        const sorted = [...all].sort((a, b) => (a < b ? -1 : 1));
        place(undefined, sorted[0], chooser(by));
        place(sorted.at(-1), undefined, chooser(by));
        for (let i = 1; i < sorted.length; i++) place(sorted[i - 1], sorted[i], chooser(by));
      }),
      { numRuns: 1000 },
    );
  });

  it("are told from other bytes", () => {
    const good = place(undefined, undefined);
    const least = textOf(-(2 ** 53) + 1) + textOf(1, 0);
    expect(isPosition(good)).toBe(true);
    expect(isPosition(least + good)).toBe(true);
    for (const bad of ["", good.slice(1), `${good}x`, least, good + least, "\0".repeat(14), "\xff".repeat(14)]) {
      expect(isPosition(bad)).toBe(false);
    }
    expect(isPosition(good.repeat(POSITION_BYTES_MAX / STEP_BYTES))).toBe(true);
    expect(isPosition(good.repeat(POSITION_BYTES_MAX / STEP_BYTES + 1))).toBe(false);
  });
});

/** Seven bytes, as places have them. */
function textOf(number: number, offset = 2 ** 55): string {
  let rest = BigInt(number) + BigInt(offset);
  let text = "";
  for (let i = 0; i < 7; i++, rest >>= 8n) text = String.fromCharCode(Number(rest & 255n)) + text;
  return text;
}
