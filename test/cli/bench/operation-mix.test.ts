import { expect, test } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import { parseMix } from "../../../src/cli/bench/operation-mix.ts";

test("a mix is drawn in its shares, whatever they add up to", () => {
  const mix = parseMix("put=3, get=5,delete=2");
  const random = new SeededRandom("mix");
  const drawn = { get: 0, put: 0, delete: 0 };
  for (let i = 0; i < 100_000; i++) drawn[mix.pick(random)]++;
  expect(drawn.get / 100_000).toBeCloseTo(0.5, 1);
  expect(drawn.put / 100_000).toBeCloseTo(0.3, 1);
  expect(drawn.delete / 100_000).toBeCloseTo(0.2, 1);
});

test("what has no share is never drawn", () => {
  const mix = parseMix("put=1,delete=0");
  const random = new SeededRandom("one");
  for (let i = 0; i < 1000; i++) expect(mix.pick(random)).toBe("put");
  expect([mix.has("put"), mix.has("get"), mix.has("delete")]).toEqual([true, false, false]);
});

test.each(["", "get", "get=", "get=-1", "get=0", "get=1,get=2", "take=1", "get=1;put=1", "get=1.5", "get=9999999"])(
  "%j is no mix",
  (text) => {
    expect(() => parseMix(text)).toThrow("--mix must be shares of get, put and delete, such as get=80,put=20");
  },
);
