import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson, parseJsonBytes } from "../../src/doors/json.ts";

const pad = " ".repeat(20_000);

describe("parseJson", () => {
  it("agrees with JSON.parse on what is neither deep nor crowded, short or long", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(text + pad)).toEqual(JSON.parse(text));
      }),
    );
  });

  it("is not confused by quotes, backslashes and brackets inside of strings", () => {
    const value = { a: `${"[{".repeat(9_000)}\\`, b: '\\"[', c: "\\\\", d: ["]"] };
    expect(parseJson(JSON.stringify(value))).toEqual(value);
  });

  it.each([
    ["nested 100,000 deep", "[".repeat(100_000)],
    ["nested 100,000 deep and closed", "[".repeat(100_000) + "]".repeat(100_000)],
    ["objects nested 17 deep", `${'{"a":'.repeat(17)}1${"}".repeat(17)}${pad}`],
    ["crowded with empty lists", `[${"[],".repeat(100_000)}1]`],
    ["crowded with numbers", `[${"1,".repeat(300_000)}1]`],
    ["an unfinished string", `["${pad}`],
    ["an unfinished escape", `["${"\\".repeat(30_001)}`],
    ["nothing", ""],
  ])("refuses what is %s, quickly", (_name, text) => {
    const startedAt = performance.now();
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: "BAD_JSON" }));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it("takes the last of two equal names, as everything after it does", () => {
    expect(parseJson('{"key":"a","key":"b"}')).toEqual({ key: "b" });
  });

  it("never quotes the text in its error", () => {
    expect(() => parseJson('{"value": hush}')).not.toThrow(/hush/);
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(() => parseJsonBytes(Buffer.from([0x22, 0xc3, 0x22]))).toThrow(
      expect.objectContaining({ code: "BAD_JSON" }),
    );
  });
});
