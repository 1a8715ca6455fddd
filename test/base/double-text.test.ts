import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { doubleText } from "../../src/base/double-text.ts";

describe("a fraction", () => {
  it("reads as the same number again", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(Object.is(Number(doubleText(value)), value)).toBe(true);
      }),
    );
  });

  it.each([
    [Infinity, "inf"],
    [-Infinity, "-inf"],
    [NaN, "nan"],
    [0, "0"],
    [-0, "-0"],
    [3, "3"],
    [-3.5, "-3.5"],
    [0.1, "0.10000000000000001"],
    [1e16, "10000000000000000"],
    [1e17, "1e+17"],
    [1e20, "1e+20"],
    [123456789012345680, "1.2345678901234568e+17"],
    [1e-4, "0.0001"],
    [1e-5, "1.0000000000000001e-05"],
    [1e-7, "9.9999999999999995e-08"],
    [5e-324, "4.9406564584124654e-324"],
    [1.7976931348623157e308, "1.7976931348623157e+308"],
    [0.00012345, "0.00012344999999999999"],
  ])("%s is written as C does", (value, text) => {
    expect(doubleText(value)).toBe(text);
  });

  it("ends with an even digit where two are as near", () => {
    expect(doubleText(1 + 2 ** -17)).toBe("1.0000076293945312");
    expect(doubleText(1 + 3 * 2 ** -17)).toBe("1.0000228881835938");
    expect(doubleText(-1 - 2 ** -17)).toBe("-1.0000076293945312");
  });
});
