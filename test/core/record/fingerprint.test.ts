/** Fingerprints are sums of unsigned 32-bit lanes, whatever they are held as. */

import fc from "fast-check";
import { expect, test } from "vitest";
import { Fingerprint } from "../../../src/core/record/fingerprint.ts";

const lane = fc.nat({ max: 2 ** 32 - 1 });

test("tells lanes that are not negative: the sums of what was added, less what was taken away", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), lane, lane), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(steps, (all) => {
      const [sum, twin] = [new Fingerprint(), new Fingerprint()];
      let [low, high] = [0n, 0n];
      for (const [isAdded, a, b] of all) {
        if (isAdded) sum.addElement(a, b);
        else sum.removeElement(a, b);
        low += BigInt(isAdded ? a : -a);
        high += BigInt(isAdded ? b : -b);
      }
      expect([sum.low, sum.high]).toEqual([Number(BigInt.asUintN(32, low)), Number(BigInt.asUintN(32, high))]);
      twin.addElement(sum.low, sum.high);
      expect([twin.equals(sum), twin]).toEqual([true, sum]);
    }),
  );
});
