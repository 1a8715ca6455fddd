import fc from "fast-check";
import { expect, test } from "vitest";
import { BadBytes } from "../../src/base/bytes.ts";
import { countJsonValues } from "../../src/documents/json-check.ts";
import { utf16Length } from "../../src/documents/utf8-check.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What `check` makes of the bytes, or undefined where it refuses. */
function attempt<Outcome>(check: () => Outcome): Outcome | undefined {
  try {
    return check();
  } catch (error) {
    if (error instanceof BadBytes || error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function count(text: string, nestingMax = 1000): number | undefined {
  const bytes = encoder.encode(text);
  return attempt(() => countJsonValues(bytes, 0, bytes.length, nestingMax));
}

function countParsed(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1;
  return Object.values(value).reduce<number>((sum, inner) => sum + countParsed(inner), 1);
}

test("JSON is accepted as JSON.parse accepts it, and its values counted", () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(count(text)).toBe(countParsed(JSON.parse(text)));
    }),
  );
});

/** Texts of the pieces of which JSON is made, most of which are none. */
const pieces = fc.array(
  fc.constantFrom(
    ...'{}[],:"\\ueE+-.0123456789 \t\n\r\u0001',
    ...["true", "false", "null", "nul", '"a"', '"\\u12aF"', '"\\n"', "1.5e-3", "-0", "01", "\ufeff", "\u00a0", "😀"],
  ),
  { maxLength: 8 },
);

test("what JSON.parse refuses is refused, and nothing else", () => {
  fc.assert(
    fc.property(pieces, (parts) => {
      const text = parts.join("");
      const isJson = attempt(() => [JSON.parse(text)]) !== undefined;
      expect(count(text) !== undefined).toBe(isJson);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  "",
  " ",
  "-",
  "1.",
  ".5",
  "1e",
  "+1",
  "00",
  "[1,]",
  "[,1]",
  "{,}",
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '"\\x"',
  '"\\u12g4"',
  '"a',
  "tru",
  "nulll",
  "[",
  "{",
  "]",
  "1 2",
  '"\n"',
])("%j is no JSON", (text) => {
  expect(count(text)).toBeUndefined();
});

test("the nesting may reach its bound and not go over it", () => {
  expect(count("[[[]]]", 3)).toBe(3);
  expect(count('[{"a":[1]}]', 3)).toBe(4);
  expect(count("[[[[]]]]", 3)).toBeUndefined();
  expect(count('{"a":[[{}]]}', 3)).toBeUndefined();
  expect(count("[".repeat(1_000_000), 100)).toBeUndefined();
});

test("only the bytes it is told of are read", () => {
  const bytes = encoder.encode("[[1]]");
  expect(countJsonValues(bytes, 1, 4, 10)).toBe(2);
  expect(() => countJsonValues(bytes, 0, 4, 10)).toThrow(BadBytes);
});

test("text is measured as TextDecoder reads it, and refused where it throws", () => {
  const hard = fc.constantFrom(
    0x00,
    0x41,
    0x7f,
    0x80,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xa0,
    0x9f,
    0xed,
    0xef,
    0xf0,
    0x90,
    0x8f,
    0xf4,
    0xf5,
    0xff,
  );
  fc.assert(
    fc.property(fc.array(hard, { maxLength: 6 }), (values) => {
      const bytes = Uint8Array.from(values);
      expect(attempt(() => utf16Length(bytes, 0, bytes.length))).toBe(attempt(() => decoder.decode(bytes).length));
    }),
    { numRuns: 20_000 },
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const bytes = encoder.encode(text);
      expect(utf16Length(bytes, 0, bytes.length)).toBe(text.length);
    }),
  );
});
