import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseJson, parseJsonBytes } from "../../src/doors/json.ts";

const pad = " ".repeat(20_000);

/** Names that look like numbers, as they would be chosen to collide: in turn, alike in their lower bits, in their upper. */
const numbers = {
  "in turn": (i: number) => String(i),
  "alike in their lower bits": (i: number) => String((i * 65_536) % 2 ** 32),
  "alike in their upper bits": (i: number) => String(2 ** 24 + i),
  "with a zero before": (i: number) => `0${i * 64}`,
};

function crowdedObject(count: number, nameOf: (i: number) => string): string {
  return `{${Array.from({ length: count }, (_, i) => `"${nameOf(i)}":1`).join(",")}}`;
}

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

  const refused: readonly (readonly [name: string, text: string])[] = [
    ["nested 100,000 deep", "[".repeat(100_000)],
    ["nested 100,000 deep and closed", "[".repeat(100_000) + "]".repeat(100_000)],
    ["objects nested 17 deep", `${'{"a":'.repeat(17)}1${"}".repeat(17)}${pad}`],
    ["crowded with empty lists", `[${"[],".repeat(100_000)}1]`],
    ["crowded with numbers", `[${"1,".repeat(300_000)}1]`],
    ...Object.entries(numbers).map(([how, nameOf]) => [`names ${how}`, crowdedObject(200_000, nameOf)] as const),
    ["an unfinished string", `["${pad}`],
    ["an unfinished escape", `["${"\\".repeat(30_001)}`],
    ["nothing", ""],
  ];

  it.each(refused)("refuses what is %s, quickly", (_name, text) => {
    const startedAt = performance.now();
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: "BAD_JSON" }));
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it.each(Object.entries(numbers))("takes 20,000 names %s without delay", (_how, nameOf) => {
    const text = crowdedObject(20_000, nameOf);
    const startedAt = performance.now();
    expect(Object.keys(parseJson(text) as object)).toHaveLength(20_000);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it("has room for the largest batch with every field that there is", () => {
    const operation = { type: "put", key: "k", value: "v", encoding: "utf8", ttlMs: 1, contentType: "t" };
    expect(parseJson(JSON.stringify({ operations: Array(1_000).fill(operation) }))).toBeDefined();
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
