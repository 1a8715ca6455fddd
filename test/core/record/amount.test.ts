import fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { BadBytes, ByteReader, ByteWriter } from "../../../src/base/bytes.ts";
import {
  type Amount,
  addAmounts,
  amountOfText,
  decodeAmount,
  encodeAmount,
  fitsInt64,
  fractionOfText,
  textOfAmount,
  wholeAmount,
} from "../../../src/core/record/amount.ts";

function decoded(bytes: readonly number[]): Amount {
  return decodeAmount(new ByteReader(Uint8Array.from(bytes)));
}

describe("amounts", () => {
  test.each([
    ["0", true],
    ["-9223372036854775808", true],
    ["9223372036854775808", false],
    ["007", false],
    ["1.50", false],
    ["3.0e3", false],
  ])("are whole where the text is a number of 64 bits: %s", (text, isWhole) => {
    expect(amountOfText(text)?.isWhole).toBe(isWhole);
  });

  test.each(["", "x", "1x", "inf", "nan", "1e5000", " 1", ".", "-"])("are none in %j", (text) => {
    expect(amountOfText(text)).toBeUndefined();
  });

  test.each([
    ["0.1", "0.2", "0.3"],
    ["10.50", "0.1", "10.6"],
    ["5.0e3", "2.0e2", "5200"],
    ["-0.5", "0.5", "0"],
    ["1e20", "0.5", "100000000000000000000"],
  ])("add up as Redis writes them: %s and %s", (a, b, sum) => {
    const parts = [amountOfText(a), fractionOfText(b)] as [Amount, Amount];
    expect(textOfAmount(addAmounts(...parts))).toBe(sum);
  });

  it("are the nearest that 64 bits hold where they are whole", () => {
    const much = addAmounts(wholeAmount(2n ** 63n - 1n), wholeAmount(1));
    expect(fitsInt64(much)).toBe(false);
    expect(textOfAmount(much)).toBe("9223372036854775807");
    expect(textOfAmount({ isWhole: true, digits: -(2n ** 70n) })).toBe("-9223372036854775808");
  });

  it("are what they were once they are read back", () => {
    const amount = fc.record({ isWhole: fc.boolean(), digits: fc.bigInt(-(2n ** 200n), 2n ** 200n) });
    fc.assert(
      fc.property(amount, (each) => {
        const writer = new ByteWriter();
        encodeAmount(writer, each);
        const reader = new ByteReader(writer.copy());
        expect(decodeAmount(reader)).toEqual(each);
        reader.finish();
      }),
    );
  });

  test.each([
    ["an unknown form", [4, 0]],
    ["0 below zero", [2, 0]],
    ["digits that are not needed", [0, 2, 1, 0]],
    ["fewer bytes than it says", [0, 2, 1]],
    ["too many bytes", [0, 0xcd, 0x21, ...new Array(4301).fill(1)]],
  ])("of bytes are refused with %s", (_, bytes) => {
    expect(() => decoded(bytes)).toThrow(BadBytes);
  });
});
