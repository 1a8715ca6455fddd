import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { encodeJson } from "../../src/doors/long-text.ts";
import { type Encoding, jsonNotation } from "../../src/doors/notation.ts";

/** Bytes that are often UTF-8 and often not. */
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ unit: "binary" }).map((text) => Buffer.from(text, "utf8")),
);
const asked = fc.constantFrom<Encoding | undefined>(undefined, "utf8", "base64");

describe("bytes in JSON", () => {
  it("come back as they went, through JSON text, whatever they are and whatever was asked for", () => {
    fc.assert(
      fc.property(bytes, bytes, asked, (key, value, encoding) => {
        const carried = jsonNotation.carry({ key: latin1FromBytes(key) as Key, value }, encoding);
        const sent = JSON.parse(JSON.stringify(carried)) as { key: string; value: string; encoding?: Encoding };
        const said = sent.encoding ?? "utf8";
        expect(jsonNotation.bytes(sent.key, said)).toEqual(Buffer.from(key));
        expect(jsonNotation.bytes(sent.value, said)).toEqual(Buffer.from(value));
      }),
    );
  });

  it("are the same text where they are long, wherever that is cut into pieces", () => {
    const texts = fc.constantFrom("é", "😀", "\u0000", '"', "\ufeff", "ab").map((text) => Buffer.from(text));
    const parts = fc.oneof(texts, fc.uint8Array({ minLength: 1, maxLength: 9 }));
    fc.assert(
      fc.property(parts, fc.nat({ max: 5 }), asked, (part, more, encoding) => {
        const value = Buffer.concat([Buffer.alloc(more, "x"), ...new Array<Uint8Array>(70_000).fill(part)]);
        const around = { id: '"value":""', ok: true };
        const fields = { ...around, ...jsonNotation.carry({ value, tags: ['"value":""'] }, encoding), version: "v" };
        const sent = encodeJson(fields);
        // Of texts so long no report is to be made.
        expect([sent instanceof Buffer, sent.toString() === JSON.stringify(fields)]).toEqual([true, true]);
      }),
      { numRuns: 30 },
    );
  });

  it("keep a byte order mark", () => {
    const value = Buffer.from("\ufeffx", "utf8");
    expect(jsonNotation.carry({ value }, undefined)).toEqual({ value: "\ufeffx" });
  });

  it("lists keys as text only when all of them are", () => {
    const keys = [latin1FromBytes(Buffer.from("é")) as Key, "a" as Key];
    expect(jsonNotation.carry({ keys }, undefined)).toEqual({ keys: ["é", "a"] });
    const mixed = [...keys, "\xff" as Key];
    expect(jsonNotation.carry({ keys: mixed }, undefined)).toEqual({
      keys: ["w6k=", "YQ==", "/w=="],
      encoding: "base64",
    });
  });

  it.each(["YQ", "YQ=", "Y Q=", "YQ==\n", "====", "Y-_=", 1, null, undefined])("refuses %j as base64", (field) => {
    expect(jsonNotation.bytes(field, "base64")).toBeUndefined();
  });

  it("refuses half a surrogate pair as text", () => {
    expect(jsonNotation.bytes("a\ud800", "utf8")).toBeUndefined();
    expect(jsonNotation.bytes("\ud83d\ude00", "utf8")).toEqual(Buffer.from("😀"));
    expect(bytesFromLatin1("a")).toEqual(Uint8Array.of(97));
  });
});
