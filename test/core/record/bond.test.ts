import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes } from "../../../src/base/bytes.ts";
import { TIMESTAMP_MAX } from "../../../src/core/clock.ts";
import { checkRecord } from "../../../src/core/containers/record-check.ts";
import { afterAt, contentAt, coversAt, encodeMember, generationAt } from "../../../src/core/record/bond.ts";
import { KIND_DOCUMENT } from "../../../src/core/record/kind.ts";
import { FLAG_DEAD, FLAG_GONE, type RecordFields } from "../../../src/core/record/record.ts";
import { VersionVector } from "../../../src/core/version-vector.ts";
import { type Loose, NOW, origin, record } from "../../support/shards.ts";

const LIMITS = { keyBytesMax: 64, valueBytesMax: 10_000 };

function member(value: Uint8Array, more: Partial<Omit<RecordFields, "key">> = {}): Loose {
  return record({ key: "k", kind: KIND_DOCUMENT, field: "f", value, ...more });
}

const check = ({ view, bytes }: Loose) => checkRecord(view, 0, bytes.length, LIMITS);

function vector(...entries: readonly [replica: number, sequence: number][]): VersionVector {
  const made = new VersionVector();
  for (const [replica, sequence] of entries) made.advance(origin(replica), sequence);
  return made;
}

describe("a bond", () => {
  it("is read as it was written, and leaves the content alone", () => {
    const stamps = fc.tuple(fc.nat(TIMESTAMP_MAX), fc.nat(TIMESTAMP_MAX));
    const entries = fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 2 ** 40 })), { maxLength: 4 });
    fc.assert(
      fc.property(stamps, fc.option(entries), fc.uint8Array(), ([a, b], covered, content) => {
        const [generation, after] = [Math.min(a, b), Math.max(a, b)];
        const covers = covered === null ? undefined : vector(...covered);
        const made = member(encodeMember({ generation, after, covers }, content));
        expect(check(made)).toBe(made.bytes.length);
        expect([generationAt(made.view, 0), afterAt(made.view, 0)]).toEqual([generation, after]);
        expect(coversAt(made.view, 0)?.digest()).toEqual(covers?.digest());
        expect(contentAt(made.view, 0)).toEqual(content);
      }),
    );
  });

  it("is refused when it is cut short, of another form, or of stamps that cannot be", () => {
    const bond = { generation: 3, after: 7, covers: vector([1, 5]) };
    const whole = encodeMember(bond, new Uint8Array(0));
    for (let length = 0; length < whole.length; length++) {
      expect(() => check(member(whole.slice(0, length))), `${length} bytes`).toThrow(BadBytes);
    }
    const other = whole.slice();
    other[0] = 2;
    expect(() => check(member(other))).toThrow("unknown form 2");
    expect(() => check(member(encodeMember({ generation: 8, after: 7 }, new Uint8Array(0))))).toThrow("cannot be");
    const beyond = encodeMember({ generation: 0, after: TIMESTAMP_MAX + 1 }, new Uint8Array(0));
    expect(() => check(member(beyond))).toThrow("cannot be");
  });

  it("of any bytes is refused or read, and nothing else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (value) => {
        const made = member(value);
        try {
          check(made);
        } catch (error) {
          expect(error).toBeInstanceOf(BadBytes);
          return;
        }
        coversAt(made.view, 0);
        expect(contentAt(made.view, 0).length).toBeLessThanOrEqual(value.length - 15);
      }),
    );
  });
});

describe("of a container's registers", () => {
  const value = encodeMember({ generation: 0, after: 0 }, new Uint8Array(1));
  const empty = new Uint8Array(0);
  const base = { kind: KIND_DOCUMENT };

  it("each has the form of its place", () => {
    check(record({ key: "k", ...base, flags: FLAG_DEAD }));
    check(record({ key: "k", ...base, field: "", value: empty }));
    check(record({ key: "k", ...base, field: "", value: empty, expiresAt: NOW }));
    check(record({ key: "k", ...base, field: "", flags: FLAG_GONE, expiresAt: NOW }));
    check(member(value));
  });

  it.each([
    ["a base that lives", record({ key: "k", ...base, value })],
    ["a deleted lease", record({ key: "k", ...base, field: "", flags: FLAG_DEAD })],
    ["a lease with a value", record({ key: "k", ...base, field: "", value })],
    ["a deleted member", member(value, { flags: FLAG_DEAD, value: undefined })],
    ["a member that fell", member(value, { flags: FLAG_GONE, value: undefined, expiresAt: NOW })],
    ["a member that expires", member(value, { expiresAt: NOW })],
    ["a member with a content type", member(value, { contentType: "text/plain" })],
  ])("none is %s", (_what, made) => {
    expect(() => check(made)).toThrow(BadBytes);
  });
});
