import fc from "fast-check";
import { expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { LIFE_MAX, leap, lifeOf, originOf, replicaOf } from "../../src/core/origin.ts";

const number = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1));
const life = fc.oneof(fc.integer({ min: 1, max: LIFE_MAX }), fc.constantFrom(1, LIFE_MAX));

it("gives back replica and life, in 53 bits", () => {
  fc.assert(
    fc.property(number, life, (replica, each) => {
      const origin = originOf(replica, each);
      expect([replicaOf(origin), lifeOf(origin), Number.isSafeInteger(origin)]).toEqual([replica, each, true]);
    }),
  );
});

it("orders the lives of one replica", () => {
  fc.assert(
    fc.property(number, life, life, (replica, one, other) => {
      expect(originOf(replica, one) < originOf(replica, other)).toBe(one < other);
    }),
  );
});

it("leaps so that two processes hardly live one life, and lives last for a year of starts, one each quarter of an hour", () => {
  const random = new SeededRandom("leaps");
  const pairs = Array.from({ length: 1000 }, () => [leap(random, 7), leap(random, 7)]);
  expect(pairs.filter(([one, other]) => one === other).length).toBeLessThan(10);
  let starts = 0;
  for (let each = 0; each < LIFE_MAX; starts++) each += 1 + leap(random, each);
  expect(starts).toBeGreaterThan(365 * 24 * 4);
});
