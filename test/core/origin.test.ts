import fc from "fast-check";
import { expect, it } from "vitest";
import { LIFE_MAX, lifeOf, originOf, replicaOf } from "../../src/core/origin.ts";

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
