import { describe, expect, it, test } from "vitest";
import { BadBytes } from "../../../src/base/bytes.ts";
import { encodeRun, sightAt } from "../../../src/core/containers/increments.ts";
import { checkRecord } from "../../../src/core/containers/record-check.ts";
import { wholeAmount } from "../../../src/core/record/amount.ts";
import { incrementsOf, KIND_DOCUMENT, KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { textOfOrigin } from "../../../src/core/record/origin-bytes.ts";
import { FLAG_DEAD, FLAG_GONE, RecordWriter, recordLength, seenAt, tagsAt } from "../../../src/core/record/record.ts";
import { decodeSeen, encodeSeen, NONE_SEEN, type Tally } from "../../../src/core/record/seen.ts";
import { type Loose, loose, origin, record } from "../../support/shards.ts";

const LIMITS = { keyBytesMax: 1024, valueBytesMax: 1024 };
const TALLY: Tally = { run: 3, count: 2, sum: wholeAmount(-7) };
const SEEN = new Map([
  [origin(2), TALLY],
  [origin(1), { run: 1, count: 9, sum: wholeAmount(2n ** 70n) }],
]);
const INCREMENTS = {
  key: "k",
  kind: incrementsOf(KIND_PLAIN),
  field: textOfOrigin(origin(2)),
  value: encodeRun({ after: 5, began: 7, tally: TALLY }),
};

function check({ bytes, view }: Loose): number {
  return checkRecord(view, 0, bytes.length, LIMITS);
}

describe("what a base saw of increments", () => {
  it("is what it was once it is read back, and nothing where it was nothing", () => {
    expect(encodeSeen(NONE_SEEN)).toBeUndefined();
    expect(decodeSeen(encodeSeen(SEEN) as Uint8Array)).toEqual(SEEN);
  });

  test.each([0, FLAG_DEAD, FLAG_GONE])("stands in its record beside tags and value, also with flags %i", (flags) => {
    const tags = flags === 0 ? ["a", "b"] : undefined;
    const made = record({ key: "k", flags, seen: encodeSeen(SEEN), ...(tags && { tags, value: Uint8Array.of(1) }) });
    expect(check(made)).toBe(made.bytes.length);
    expect(sightAt(made.view, 0)).toEqual(SEEN);
    expect(tagsAt(made.view, made.bytes, 0)).toEqual(tags);
    expect(recordLength(made.view, 0)).toBe(made.bytes.length);
  });

  it("outlives the value", () => {
    const made = record({ key: "k", seen: encodeSeen(SEEN), tags: ["a"], value: Uint8Array.of(1), expiresAt: 99 });
    const writer = new RecordWriter();
    const length = writer.withoutValue(made.view, 0);
    const gone = loose(writer.bytes.slice(0, length));
    expect(check(gone)).toBe(length);
    expect(sightAt(gone.view, 0)).toEqual(SEEN);
    expect(tagsAt(gone.view, gone.bytes, 0)).toBeUndefined();
    writer.withValueAway(made.view, 0);
    expect(seenAt(writer.view, 0)).toEqual(encodeSeen(SEEN));
  });

  test.each<[string, Loose]>([
    ["nothing seen", record({ key: "k", seen: Uint8Array.of(0) })],
    ["more than is there", record({ key: "k", seen: (encodeSeen(SEEN) as Uint8Array).subarray(0, 12) })],
    ["bytes behind it", record({ key: "k", seen: Uint8Array.of(...(encodeSeen(SEEN) as Uint8Array), 0) })],
    ["origins out of order", record({ key: "k", seen: swapped(encodeSeen(SEEN) as Uint8Array) })],
    ["what is no number", record({ key: "k", kind: KIND_DOCUMENT, field: "", seen: encodeSeen(SEEN) })],
  ])("is refused with %s", (_, made) => {
    expect(() => check(made)).toThrow(BadBytes);
  });
});

/** With the second origin in front. */
function swapped(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice();
  copy[6] = 0xff & ((copy[6] as number) + 16);
  return copy;
}

describe("increments", () => {
  test.each([0, FLAG_DEAD, FLAG_GONE])("pass with flags %i", (flags) => {
    const isDead = flags === FLAG_DEAD;
    const made = record({ ...INCREMENTS, flags: flags & FLAG_DEAD, value: isDead ? undefined : INCREMENTS.value });
    if (flags !== FLAG_GONE) return void expect(check(made)).toBe(made.bytes.length);
    const writer = new RecordWriter();
    const length = writer.withoutValue(made.view, 0);
    expect(length).toBe(made.bytes.length);
    expect(check(loose(writer.bytes.slice(0, length)))).toBe(length);
  });

  test.each<[string, Loose]>([
    ["no origin", record({ ...INCREMENTS, field: undefined })],
    ["half an origin", record({ ...INCREMENTS, field: "abc" })],
    ["an origin that cannot be", record({ ...INCREMENTS, field: "\xff".repeat(7) })],
    ["no tally", record({ ...INCREMENTS, value: new Uint8Array(0) })],
    ["a run before the first", record({ ...INCREMENTS, value: Uint8Array.of(0, 0, 1, 0, 0) })],
    ["more than a tally", record({ ...INCREMENTS, value: Uint8Array.of(...INCREMENTS.value, 0) })],
    ["a content type", record({ ...INCREMENTS, contentType: "a/b" })],
    ["something seen", record({ ...INCREMENTS, seen: encodeSeen(SEEN) })],
    ["what cannot be added to", record({ ...INCREMENTS, kind: incrementsOf(KIND_DOCUMENT) })],
  ])("are refused with %s", (_, made) => {
    expect(() => check(made)).toThrow(BadBytes);
  });
});
