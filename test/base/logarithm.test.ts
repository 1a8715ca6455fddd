import { expect, it } from "vitest";
import { naturalLog } from "../../src/base/logarithm.ts";
import { SeededRandom } from "../../src/base/random.ts";

it("agrees with Math.log to 13 digits from 2^-40 to 2^40", () => {
  const random = new SeededRandom("logarithm");
  for (let i = 0; i < 20_000; i++) {
    const value = (1 + random.uint32() / 2 ** 32) * 2 ** random.between(-40, 40);
    const expected = Math.log(value);
    expect(Math.abs(naturalLog(value) - expected)).toBeLessThanOrEqual(1e-13 * Math.max(1, Math.abs(expected)));
  }
});

it("is to the bit what it was: owners depend on it", () => {
  const bits = [0.5, 0.1, 0.999999, 3, 2 ** -32].map((value) => {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, naturalLog(value));
    return view.getBigUint64(0).toString(16);
  });
  expect(bits).toEqual([
    "bfe62e42fefa39ef",
    "c0026bb1bbb55515",
    "beb0c6f82d74d22f",
    "3ff193ea7aad030a",
    "c0362e42fefa39ef",
  ]);
});

it.each([0, -1, Number.NaN, Infinity])("refuses %s as our bug", (value) => {
  expect(() => naturalLog(value)).toThrow("BUG: logarithm");
});
