import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes } from "../../../src/base/bytes.ts";
import { xxHash32 } from "../../../src/base/hash.ts";
import type { Key, OriginId } from "../../../src/base/ids.ts";
import { TIMESTAMP_MAX } from "../../../src/core/clock.ts";
import { checkRecord, type RecordLimits, recordBytesMax } from "../../../src/core/containers/record-check.ts";
import { wholeAmount } from "../../../src/core/record/amount.ts";
import { isSameIdentity } from "../../../src/core/record/identity.ts";
import { isContainerKind, isIncrementsKind, KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { FIELD_BYTES_MAX } from "../../../src/core/record/member.ts";
import * as record from "../../../src/core/record/record.ts";
import { FLAG_DEAD, FLAG_EXPIRES, FLAG_FIELD, FLAG_GONE, FLAG_META } from "../../../src/core/record/record.ts";
import { compareRecords, compareStamps } from "../../../src/core/record/record-order.ts";
import { encodeSeen, SEEN_BYTES_MAX, type Seen, type Tally } from "../../../src/core/record/seen.ts";
import { TAG_BYTES_MAX, TAGS_MAX, tagsOf } from "../../../src/core/record/tags.ts";
import * as wideNumbers from "../../../src/core/record/wide-numbers.ts";
import { origin } from "../../support/shards.ts";

const LIMITS: RecordLimits = { keyBytesMax: 64, valueBytesMax: 300 };
const CHECKSUM_SEED = 0x41746c31;

const latin1 = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 255 }), { minLength, maxLength }).map((codes) => String.fromCharCode(...codes));

const uint53 = fc.oneof(fc.maxSafeNat(), fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 48, 2 ** 53 - 1));
const timestamp = uint53.map((number) => Math.min(number, TIMESTAMP_MAX));
const uint48 = fc.oneof(
  fc.integer({ min: 1, max: 2 ** 48 - 1 }),
  fc.constantFrom(1, 2 ** 32 - 1, 2 ** 32, 2 ** 48 - 1),
);

const stamped = {
  // Of a document's registers each has a form of its own.
  kind: fc.integer({ min: 0, max: 255 }).filter((kind) => !isContainerKind(kind) && !isIncrementsKind(kind)),
  key: latin1(1, 64) as fc.Arbitrary<Key>,
  field: fc.option(latin1(0, 64), { nil: undefined }),
  timestamp,
  origin: uint53,
  sequence: uint48,
  expiresAt: fc.option(uint48, { nil: undefined }),
};

const anyFields: fc.Arbitrary<record.RecordFields> = fc.oneof(
  fc.record({
    ...stamped,
    flags: fc.constant(0),
    value: fc.uint8Array({ maxLength: 300 }),
    contentType: fc.option(latin1(0, 255), { nil: undefined }),
  }),
  fc.record({
    ...stamped,
    kind: fc.constant(KIND_PLAIN),
    flags: fc.constant(0),
    value: fc.uint8Array({ maxLength: 300 }),
    contentType: fc.option(latin1(0, 255), { nil: undefined }),
    tags: fc.array(latin1(1, TAG_BYTES_MAX), { minLength: 1, maxLength: TAGS_MAX }).map(tagsOf),
  }),
  fc.record({ ...stamped, flags: fc.constantFrom(FLAG_DEAD, FLAG_GONE), value: fc.constant(undefined) }),
);

const plain: record.RecordFields = {
  flags: 0,
  kind: 0,
  key: "key" as Key,
  value: Uint8Array.of(1, 2, 3, 4, 5),
  timestamp: 2 ** 50 + 5,
  origin: 2 ** 40 + 9,
  sequence: 77,
};

const rich: record.RecordFields = {
  ...plain,
  kind: 9,
  field: "field",
  contentType: "text/plain",
  expiresAt: 1_800_000_000_000,
};

const tagged: record.RecordFields = { ...rich, kind: KIND_PLAIN, tags: ["a", "bc"] };

const counted: record.RecordFields = {
  ...tagged,
  seen: encodeSeen(new Map([[origin(2), { run: 3, count: 2, sum: wholeAmount(-7) }]])),
};

/** A copy of a record, so that a test may damage it. */
function bytesOf(fields: record.RecordFields): Uint8Array<ArrayBuffer> {
  const writer = new record.RecordWriter(16);
  const length = writer.write(fields);
  return new Uint8Array(writer.bytes.slice(0, length));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

function check(bytes: Uint8Array, limits = LIMITS): number {
  return checkRecord(viewOf(bytes), 0, bytes.length, limits);
}

/** A record that lies about one thing, with a checksum that says it does not. */
function forged(fields: record.RecordFields, forge: (view: DataView) => void): Uint8Array {
  const bytes = bytesOf(fields);
  const view = viewOf(bytes);
  forge(view);
  view.setUint32(0, xxHash32(view, 4, bytes.length, CHECKSUM_SEED), true);
  return bytes;
}

describe("numbers", () => {
  it("reads back every 48-bit and 53-bit number, and touches no other byte", () => {
    fc.assert(
      fc.property(uint53, uint48, fc.nat(5), (wide, narrow, at) => {
        const bytes = new Uint8Array(20).fill(0xaa);
        wideNumbers.writeUint56(viewOf(bytes), at, wide);
        wideNumbers.writeUint48(viewOf(bytes), at + 7, narrow);
        expect(wideNumbers.readUint56(viewOf(bytes), at)).toBe(wide);
        expect(wideNumbers.readUint48(viewOf(bytes), at + 7)).toBe(narrow);
        for (const [i, byte] of bytes.entries()) if (i < at || i >= at + 13) expect(byte).toBe(0xaa);
      }),
    );
  });
});

describe("the longest record", () => {
  it("that keeps to the limits is as long as is said", () => {
    const limits = { keyBytesMax: 7, valueBytesMax: 90 };
    const [key, field, contentType] = ["k".repeat(7) as Key, "f".repeat(7), "t".repeat(255)];
    const tags = Array.from({ length: TAGS_MAX }, (_, i) => "x".repeat(TAG_BYTES_MAX - 1) + String.fromCharCode(i));
    const seen = encodeSeen(manySeen());
    const longest = { ...tagged, key, field, contentType, tags, seen, value: new Uint8Array(90) };
    expect(seen?.length).toBe(SEEN_BYTES_MAX);
    expect(new record.RecordWriter(8).write(longest)).toBe(recordBytesMax(limits));
    expect(checkRecord(viewOf(bytesOf(longest)), 0, recordBytesMax(limits), limits)).toBeGreaterThan(0);
  });
});

/** As much as may be: a count in two bytes, and 5957 entries of 11 bytes, of which some have another byte of digits. */
function manySeen(): Seen {
  const seen = new Map<OriginId, Tally>();
  const [entries, longer] = [5957, 7];
  for (let i = 0; i < entries; i++) {
    seen.set(origin(i), { run: 1, count: 1, sum: wholeAmount(i < longer ? 1 : 0) });
  }
  return seen;
}

describe("RecordWriter", () => {
  it("gives back the room that one long record took", () => {
    const writer = new record.RecordWriter();
    const fields = { flags: 0, kind: 0, key: "k" as Key, timestamp: 1, origin: 1, sequence: 1 };
    const short = writer.write({ ...fields, value: new Uint8Array(10).fill(1) });
    const before = writer.bytes.slice(0, short);
    writer.write({ ...fields, value: new Uint8Array(5_000_000) });
    expect(writer.write({ ...fields, value: new Uint8Array(10).fill(1) })).toBe(short);
    expect(writer.bytes.slice(0, short)).toEqual(before);
    expect(writer.bytes.length).toBeLessThanOrEqual(2 ** 20);
  });

  it("writes what the readers read back, at any offset, and checkRecord accepts it", () => {
    const writer = new record.RecordWriter(8);
    fc.assert(
      fc.property(anyFields, fc.nat(9), (fields, at) => {
        const length = writer.write(fields);
        const bytes = new Uint8Array(at + length + 3);
        bytes.set(writer.bytes.subarray(0, length), at);
        const view = viewOf(bytes);
        expect(checkRecord(view, at, at + length, LIMITS)).toBe(length);
        expect(checkRecord(view, at, bytes.length, LIMITS)).toBe(length);
        const flags = record.flagsAt(view, at);
        expect(record.isDead(flags)).toBe(fields.flags === FLAG_DEAD);
        expect(record.isGone(flags)).toBe(fields.flags === FLAG_GONE);
        expect(record.kindAt(view, at)).toBe(fields.kind);
        expect(record.keyAt(view, bytes, at)).toBe(fields.key);
        expect(record.fieldAt(view, bytes, at)).toBe(fields.field);
        expect(record.timestampAt(view, at)).toBe(fields.timestamp);
        expect(record.originAt(view, at)).toBe(fields.origin);
        expect(record.sequenceAt(view, at)).toBe(fields.sequence);
        expect(record.expiresAt(view, at)).toBe(fields.expiresAt ?? Infinity);
        expect(record.contentTypeAt(view, bytes, at)).toBe(fields.contentType);
        const start = record.bodyStartAt(view, at);
        expect(record.bodyLengthAt(view, at)).toBe(fields.value?.length ?? 0);
        expect(bytes.subarray(start, start + record.bodyLengthAt(view, at))).toEqual(fields.value ?? new Uint8Array());
        expect(record.valueStartAt(view, at) + record.valueLengthAt(view, at)).toBe(at + length);
        expect(record.identityStartAt(view, at)).toBe(record.keyStartAt(view, at));
        expect(record.tagsAt(view, bytes, at)).toEqual(fields.tags);
        if (fields.tags === undefined) expect(record.identityEndAt(view, at)).toBe(record.valueStartAt(view, at));
      }),
      { numRuns: 500 },
    );
  });

  it("lays a record out as documented: these bytes are on disks", () => {
    expect(Buffer.from(bytesOf(rich)).toString("hex")).toMatchInlineSnapshot(
      `"4687b72c1c0903001000000005000000000004090000000001004d000000000000505c18a30105006b65796669656c640a746578742f706c61696e0102030405"`,
    );
    expect(Buffer.from(bytesOf({ ...plain, tags: ["a", "bc"] })).toString("hex")).toMatchInlineSnapshot(
      `"ff4b3e2c400003000500000005000000000004090000000001004d00000000006b6579050001610262630102030405"`,
    );
    expect(
      Buffer.from(bytesOf({ ...plain, flags: FLAG_DEAD, value: undefined })).toString("hex"),
    ).toMatchInlineSnapshot(`"44ef021e010003000000000005000000000004090000000001004d00000000006b6579"`);
  });

  it("takes Infinity for no expiry, and refuses a value for what is dead", () => {
    expect(bytesOf({ ...plain, expiresAt: Infinity })).toEqual(bytesOf(plain));
    expect(() => bytesOf({ ...plain, flags: FLAG_DEAD })).toThrow("BUG:");
    expect(() => bytesOf({ ...plain, contentType: "x".repeat(256) })).toThrow("BUG:");
  });

  it("writes an identity that is the same as that of the record, whatever was written before", () => {
    const probe = new record.RecordWriter(8);
    fc.assert(
      fc.property(anyFields, anyFields, (fields, other) => {
        const view = viewOf(bytesOf(fields));
        probe.write(other);
        probe.writeIdentity(fields.kind, fields.key, fields.field);
        expect(isSameIdentity(probe.view, 0, view, 0)).toBe(true);
        expect(record.recordLength(probe.view, 0)).toBe(record.identityEndAt(probe.view, 0));
        const isSame = fields.kind === other.kind && fields.key === other.key && fields.field === other.field;
        expect(isSameIdentity(probe.view, 0, viewOf(bytesOf(other)), 0)).toBe(isSame);
      }),
    );
  });

  it("drops the value of a record and keeps everything else", () => {
    const writer = new record.RecordWriter(8);
    fc.assert(
      fc.property(anyFields, fc.nat(9), (fields, at) => {
        fc.pre(fields.flags !== FLAG_DEAD);
        const whole = bytesOf(fields);
        const shifted = new Uint8Array(at + whole.length);
        shifted.set(whole, at);
        const length = writer.withoutValue(viewOf(shifted), at);
        const expected = bytesOf({
          ...fields,
          flags: FLAG_GONE,
          value: undefined,
          contentType: undefined,
          tags: undefined,
        });
        expect(writer.bytes.slice(0, length)).toEqual(new Uint8Array(expected));
      }),
    );
  });
});

describe("RecordWriter.withDot", () => {
  it("changes origin and sequence, and nothing else", () => {
    const writer = new record.RecordWriter(8);
    fc.assert(
      fc.property(anyFields, uint53, uint48, (fields, origin, sequence) => {
        const length = writer.withDot(viewOf(bytesOf(fields)), 0, { origin, sequence });
        expect(writer.bytes.slice(0, length)).toEqual(new Uint8Array(bytesOf({ ...fields, origin, sequence })));
      }),
    );
  });
});

describe("isSameIdentity", () => {
  const identity = (kind: number, key: string, field?: string): DataView => {
    const writer = new record.RecordWriter();
    writer.writeIdentity(kind, key, field);
    return writer.view;
  };

  it.each([
    ["another kind", identity(1, "ab", "c")],
    ["an empty field", identity(0, "abc", "")],
    ["the same bytes split elsewhere", identity(0, "ab", "c")],
    ["a longer key", identity(0, "abcd")],
    ["another last byte", identity(0, "abd")],
  ])("tells a key from %s", (_, other) => {
    expect(isSameIdentity(identity(0, "abc"), 0, other, 0)).toBe(false);
    expect(isSameIdentity(other, 0, identity(0, "abc"), 0)).toBe(false);
    expect(isSameIdentity(other, 0, other, 0)).toBe(true);
  });
});

describe("checkRecord", () => {
  it.each([
    ["plain", plain],
    ["rich", rich],
    ["tagged", tagged],
    ["counted", counted],
    ["dead", { ...rich, flags: FLAG_DEAD, value: undefined, contentType: undefined }],
  ])("refuses a %s record with any one bit flipped", (_, fields) => {
    const bytes = bytesOf(fields);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const damaged = bytes.slice();
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => check(damaged), `bit ${bit}`).toThrow(BadBytes);
    }
  });

  it.each([
    ["plain", plain],
    ["rich", rich],
    ["tagged", tagged],
    ["counted", counted],
  ])("refuses a %s record cut anywhere, wherever it lies, and reads nothing behind the cut", (_, fields) => {
    const bytes = bytesOf(fields);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => check(bytes.slice(0, end)), `cut to ${end}`).toThrow(BadBytes);
      expect(() => checkRecord(viewOf(bytes), 0, end, LIMITS), `end ${end}`).toThrow(BadBytes);
    }
  });

  it.each<[string, Uint8Array]>([
    ["no key", forged(plain, (view) => view.setUint16(6, 0, true))],
    ["unknown flags", forged(plain, (view) => view.setUint8(4, 32))],
    ["sequence 0", forged(plain, (view) => wideNumbers.writeUint48(view, 26, 0))],
    ["a timestamp of 2^53", forged(plain, (view) => view.setUint8(12 + 6, 32))],
    ["an origin of 2^53", forged(plain, (view) => view.setUint8(19 + 6, 32))],
    ["a value, though dead", forged(plain, (view) => view.setUint8(4, FLAG_DEAD))],
    ["a value, though gone", forged(plain, (view) => view.setUint8(4, FLAG_GONE))],
    ["a content type longer than the value", forged(rich, (view) => view.setUint8(record.valueStartAt(view, 0), 16))],
    ["a content type, but no value", forged({ ...plain, value: undefined }, (view) => view.setUint8(4, FLAG_META))],
    [
      "a content type, though dead",
      forged({ ...plain, value: undefined }, (v) => v.setUint8(4, FLAG_META | FLAG_DEAD)),
    ],
    ["tags, though dead", forged(tagged, (view) => view.setUint8(4, record.flagsAt(view, 0) | FLAG_DEAD))],
    ["tags of another kind", forged(tagged, (view) => view.setUint8(5, 3))],
    [
      "no tags where there are to be some",
      forged(tagged, (view) => view.setUint16(record.identityEndAt(view, 0), 0, true)),
    ],
    ["tags longer than the record", forged(tagged, (view) => view.setUint16(record.identityEndAt(view, 0), 99, true))],
    ["a tag longer than all", forged(tagged, (view) => view.setUint8(record.tagsStartAt(view, 0), 7))],
    ["tags out of order", forged(tagged, (view) => view.setUint8(record.tagsStartAt(view, 0) + 1, 122))],
    ["a field longer than the record", forged(rich, (view) => view.setUint16(38, 60, true))],
    ["a field over the limit", forged(rich, (view) => view.setUint16(38, 65535, true))],
    ["a key longer than the record", forged(plain, (view) => view.setUint16(6, 64, true))],
    ["a key over the limit", forged(plain, (view) => view.setUint16(6, 65535, true))],
    ["a value longer than the record", forged(plain, (view) => view.setUint32(8, 6, true))],
    ["a value of 4 GiB", forged(plain, (view) => view.setUint32(8, 0xffffffff, true))],
    ["a stamp one over the greatest", bytesOf({ ...plain, timestamp: TIMESTAMP_MAX + 1 })],
    ["the greatest number for a stamp", bytesOf({ ...plain, timestamp: 2 ** 53 - 1 })],
    ["a stamp of 56 bits", forged(plain, (view) => view.setUint8(18, 255))],
    ["an expiry flag without room for it", forged(plain, (view) => view.setUint8(4, FLAG_EXPIRES | FLAG_FIELD))],
  ])("refuses a record with %s", (_, bytes) => {
    expect(() => check(bytes)).toThrow(BadBytes);
  });

  it("accepts key, field and value at their limits and refuses one byte more", () => {
    const at = (keyLength: number, fieldLength: number, valueLength: number): Uint8Array =>
      bytesOf({
        ...plain,
        key: "k".repeat(keyLength) as Key,
        field: "f".repeat(fieldLength),
        value: new Uint8Array(valueLength),
        contentType: "t".repeat(255),
      });
    expect(check(at(64, FIELD_BYTES_MAX, 300))).toBe(34 + 64 + 1024 + 256 + 300);
    expect(() => check(at(65, 64, 300))).toThrow("key of 65 bytes");
    expect(() => check(at(64, FIELD_BYTES_MAX + 1, 300))).toThrow("field of 1025 bytes");
    expect(() => check(at(64, 64, 301))).toThrow("value of 557 bytes");
  });

  it("survives any bytes: it returns a length within them or throws BadBytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        try {
          expect(check(bytes)).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(BadBytes);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

interface Stamp {
  readonly timestamp: number;
  readonly isDead: boolean;
  readonly origin: number;
}

function compare(a: Stamp, b: Stamp): number {
  return compareStamps(a.timestamp, a.isDead, a.origin, b.timestamp, b.isDead, b.origin);
}

function merge(a: Stamp, b: Stamp): Stamp {
  return compare(a, b) >= 0 ? a : b;
}

const everyStamp: Stamp[] = [1, 2, 3].flatMap((timestamp) =>
  [true, false].flatMap((isDead) => [1, 2, 3].map((origin) => ({ timestamp, isDead, origin }))),
);

describe("compareStamps", () => {
  it("orders by timestamp, then live over dead, then origin", () => {
    const sorted = [...everyStamp].sort(compare);
    const expected = [...everyStamp].sort(
      (a, b) => a.timestamp - b.timestamp || Number(b.isDead) - Number(a.isDead) || a.origin - b.origin,
    );
    expect(sorted).toEqual(expected);
  });

  it("makes a merge that commutes, associates and is idempotent, over every small state", () => {
    for (const a of everyStamp) {
      expect(merge(a, a)).toEqual(a);
      for (const b of everyStamp) {
        expect(merge(a, b)).toEqual(merge(b, a));
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0);
        for (const c of everyStamp) expect(merge(a, merge(b, c))).toEqual(merge(merge(a, b), c));
      }
    }
  });

  it("decides between records as between their stamps, and counts gone as live", () => {
    fc.assert(
      fc.property(anyFields, anyFields, fc.boolean(), (a, b, isTie) => {
        const other = isTie ? { ...b, timestamp: a.timestamp } : b;
        const stampOf = (fields: record.RecordFields): Stamp => ({
          timestamp: fields.timestamp,
          isDead: fields.flags === FLAG_DEAD,
          origin: fields.origin,
        });
        const result = compareRecords(viewOf(bytesOf(a)), 0, viewOf(bytesOf(other)), 0);
        expect(result).toBe(compare(stampOf(a), stampOf(other)));
      }),
    );
  });
});

describe("the writer of records", () => {
  it("gives the room of a long record back at once when it begins another", () => {
    const writer = new record.RecordWriter();
    const fields = { flags: 0, kind: KIND_PLAIN, key: "k" as Key, timestamp: 1, origin: 1, sequence: 1 };
    writer.write({ ...fields, value: new Uint8Array(2 * 1024 * 1024) } as record.RecordFields);
    const { bytes } = writer;
    writer.writeIdentity(KIND_PLAIN, "k");
    expect(bytes.length).toBe(0);
  });
});
