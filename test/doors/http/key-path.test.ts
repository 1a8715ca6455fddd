import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodePercent, encodePercent } from "../../../src/doors/http/key-path.ts";

const anyBytes = fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes).toString("latin1"));

describe("percent-encoding", () => {
  it("gives every byte string back", () => {
    fc.assert(fc.property(anyBytes, (bytes) => decodePercent(encodePercent(bytes)) === bytes));
  });

  it("agrees with encodeURIComponent on text, but for the characters that it leaves as they are", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const bytes = Buffer.from(text, "utf8").toString("latin1");
        expect(decodePercent(encodeURIComponent(text))).toBe(bytes);
      }),
    );
  });

  it.each([
    ["a+b", "a+b"],
    ["%2F%2f/", "///"],
    ["%00%ff", "\0\xff"],
    ["..%2e", "..."],
    ["%25", "%"],
    ["%2525", "%25"],
    ["", ""],
  ])("reads %j as %j", (text, bytes) => {
    expect(decodePercent(text)).toBe(bytes);
  });

  it.each(["%", "%1", "a%zz", "%%41", "%4", "% 41", "%u0041"])("refuses %j", (text) => {
    expect(() => decodePercent(text)).toThrow(expect.objectContaining({ code: "BAD_PERCENT_ENCODING" }));
  });
});
