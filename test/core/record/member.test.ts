import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes } from "../../../src/base/bytes.ts";
import type { Key } from "../../../src/base/ids.ts";
import { checkRecord } from "../../../src/core/containers/record-check.ts";
import { KIND_HASH } from "../../../src/core/record/kind.ts";
import {
  FIELD_BYTES_MAX,
  fieldOfName,
  lengthWithName,
  memberLengthAt,
  memberStartAt,
  nameAt,
  valueWithName,
} from "../../../src/core/record/member.ts";
import { RecordWriter } from "../../../src/core/record/record.ts";

const LIMITS = { keyBytesMax: 16, valueBytesMax: 8192 };

function record(field: string, value: Uint8Array | undefined, flags = 0): { view: DataView; length: number } {
  const writer = new RecordWriter();
  const fields = { flags, kind: KIND_HASH, key: "k" as Key, field, value, timestamp: 1, origin: 1, sequence: 1 };
  const length = writer.write(fields);
  return { view: writer.view, length };
}

const name = fc.oneof(
  fc.string({ unit: "binary-ascii", maxLength: 20 }),
  fc.integer({ min: FIELD_BYTES_MAX - 3, max: 4000 }).map((length) => "x".repeat(length)),
);

describe("a member's record", () => {
  it("tells name and value back, whatever their lengths, in a field that fits", () => {
    fc.assert(
      fc.property(name, fc.uint8Array({ maxLength: 50 }), (text, value) => {
        const field = fieldOfName(text);
        expect(field.length).toBeLessThanOrEqual(FIELD_BYTES_MAX);
        const stored = valueWithName(text, value);
        expect(stored.length).toBe(lengthWithName(text, value.length));
        const { view, length } = record(field, stored);
        expect(checkRecord(view, 0, length, LIMITS)).toBe(length);
        expect(nameAt(view, 0)).toBe(text);
        const start = view.byteOffset + memberStartAt(view, 0);
        expect(new Uint8Array(view.buffer, start, memberLengthAt(view, 0))).toEqual(value);
      }),
    );
  });

  it("is refused where the name would not be in the value, or the field is no hash", () => {
    const long = "x".repeat(2000);
    const field = fieldOfName(long);
    const refused = (at: { view: DataView; length: number }) =>
      expect(() => checkRecord(at.view, 0, at.length, LIMITS)).toThrow(BadBytes);
    refused(record(field, new Uint8Array(3)));
    refused(record(field, new Uint8Array([7, 0, 0, 0, 1, 2])));
    refused(record(field, new Uint8Array([255, 255, 255, 255, 1, 2])));
    refused(record(`${field}x`, valueWithName(long, new Uint8Array(0))));
    refused(record("?", new Uint8Array(0)));
  });
});
