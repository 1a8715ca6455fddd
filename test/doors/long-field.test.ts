import { describe, expect, it } from "vitest";
import { fromBase64, withLongValue } from "../../src/doors/long-field.ts";

const LONG = 200_000;
const BYTES = Buffer.from(Uint8Array.from({ length: LONG }, (_, i) => i * 7));
const TEXT = BYTES.toString("base64");

const cut = (text: string) => withLongValue(Buffer.from(text));

describe("the long value of a message", () => {
  it("is cut out as the bytes of its text, wherever it stands and however the message is written", () => {
    const fields = { op: "put", key: "YQ==", encoding: "base64", tags: ['"value"'] };
    for (const message of [
      { value: TEXT, ...fields },
      { ...fields, value: TEXT },
    ]) {
      for (const space of [undefined, 1, "\t"]) {
        const found = cut(JSON.stringify(message, undefined, space));
        // Of texts so long no report is to be made.
        const isSame = Buffer.from(found?.value as Uint8Array).toString() === TEXT;
        expect([isSame, { ...found, value: "" }]).toEqual([true, { ...message, value: "" }]);
      }
    }
  });

  const others: readonly (readonly [string, string])[] = [
    ["short", JSON.stringify({ value: "YQ==", encoding: "base64", key: "x".repeat(LONG) })],
    ["text", JSON.stringify({ value: TEXT })],
    ["of something within the message", JSON.stringify({ operations: [{ value: TEXT }], encoding: "base64" })],
    ["named twice", `{"value":"${TEXT}","encoding":"base64","v\\u0061lue":""}`],
    ["named by a text that ends so", JSON.stringify({ key: "value", text: TEXT, encoding: "base64" })],
    ["no text", `{"value":1,"encoding":"base64","key":"${TEXT}"}`],
    ["escaped in part, as PHP does it", JSON.stringify({ value: TEXT, encoding: "base64" }).replaceAll("/", "\\/")],
    ["without an end", `{"value":"${TEXT}`],
  ];
  it.each(others)("is left to the parser where it is %s", (_, text) => {
    expect(cut(text)).toBeUndefined();
  });

  it("is no way around what JSON may not be", () => {
    expect(() => cut(`{"value":"${TEXT}","encoding":"base64"`)).toThrow("not JSON");
  });
});

describe("a long text of base64", () => {
  it("says what it would as a string, or is refused as that would be", () => {
    const say = (text: string) => fromBase64(Buffer.from(text, "latin1"));
    for (const length of [LONG, LONG + 1, LONG + 2]) {
      const bytes = Buffer.alloc(length, 0xfb);
      expect(say(bytes.toString("base64"))?.equals(bytes)).toBe(true);
    }
    expect([say("")?.length, say("YQ==")?.toString()]).toEqual([0, "a"]);
    for (const at of [0, 65_535, 65_536, TEXT.length - 9]) {
      for (const wrong of ["=", "-", "\n", "\x80", "\\"]) {
        expect(say(TEXT.slice(0, at) + wrong + TEXT.slice(at + 1))).toBeUndefined();
      }
    }
    expect([say(TEXT.slice(1)), say("===="), say("Y===")]).toEqual([undefined, undefined, undefined]);
  });
});
