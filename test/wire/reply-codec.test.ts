/** Answers to commands on their way between replicas: what is read is what was written, and nothing else is read. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BadBytes, ByteReader, ByteWriter } from "../../src/base/bytes.ts";
import { PackedItems } from "../../src/base/packed-items.ts";
import {
  arrayReply,
  bulkReply,
  errorReply,
  integerReply,
  NOTHING,
  plainReply,
  type Reply,
  statusReply,
} from "../../src/command-reply.ts";
import { mayBeWritten, mayListBeWritten, readReply, writeReply } from "../../src/wire/reply-codec.ts";

const line = fc
  .uint8Array({ maxLength: 20 })
  .map((bytes) => String.fromCharCode(...bytes.filter((byte) => byte !== 10 && byte !== 13)));
const { reply } = fc.letrec<{ reply: Reply; items: Reply[] }>((tie) => ({
  items: fc.array(tie("reply") as fc.Arbitrary<Reply>, { maxLength: 4 }),
  reply: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Reply>(NOTHING, { type: "no-array" }),
    line.map(statusReply),
    line.map(errorReply),
    fc.maxSafeInteger().map(integerReply),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n }).map((value) => integerReply(-value)),
    fc.uint8Array({ maxLength: 20 }).map(bulkReply),
    fc.double().map((value): Reply => ({ type: "double", value })),
    fc.double({ noNaN: true }).map((value): Reply => ({ type: "decimal", text: String(value) })),
    fc.boolean().map((value): Reply => ({ type: "boolean", value })),
    fc.uint8Array({ maxLength: 20 }).map((text): Reply => ({ type: "verbatim", text })),
    fc.uint8Array({ maxLength: 20 }).map((text): Reply => ({ type: "verbatim", text, format: "mkd" })),
    fc.bigInt().map((value): Reply => ({ type: "big-number", text: String(value) })),
    fc
      .record({ type: fc.constantFrom("array" as const, "set" as const), items: tie("items") as fc.Arbitrary<Reply[]> })
      .map((each): Reply => each),
    fc
      .record({ type: fc.constantFrom("map" as const, "pairs" as const), items: tie("items") as fc.Arbitrary<Reply[]> })
      .map(({ type, items }): Reply => ({ type, items: [...items, ...items] })),
  ),
}));

function written(each: Reply): Uint8Array {
  const writer = new ByteWriter();
  writeReply(writer, each);
  return writer.take();
}

function read(bytes: Uint8Array): Reply {
  const reader = new ByteReader(bytes);
  const each = readReply(reader);
  reader.finish();
  return each;
}

const nested = (depth: number): Reply => (depth === 0 ? NOTHING : arrayReply([nested(depth - 1)]));

describe("an answer to a command", () => {
  it("is a list of packed items that may be written as whatever counts their bytes and their number says", () => {
    const names = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 50 });
    fc.assert(
      fc.property(names, fc.nat({ max: 1600 }), (items, bytesMax) => {
        const packed = new PackedItems();
        for (const item of items) packed.add(item);
        const list = plainReply({ type: "packed", form: "array", packed });
        expect(mayListBeWritten(packed.count, packed.bytes, bytesMax)).toBe(mayBeWritten(list, bytesMax));
      }),
    );
    expect(mayListBeWritten(2 ** 20 - 1, 0, Infinity)).toBe(true);
    expect(mayListBeWritten(2 ** 20, 0, Infinity)).toBe(false);
  });

  it("is read as it was written", () => {
    fc.assert(
      fc.property(reply, (each) => {
        expect(read(written(each))).toEqual(each);
      }),
    );
  });

  it("may be written within a bound that is no less than its length", () => {
    fc.assert(
      fc.property(reply, (each) => {
        const { length } = written(each);
        expect(mayBeWritten(each, 100_000)).toBe(true);
        expect(mayBeWritten(each, length - 1)).toBe(false);
      }),
    );
  });

  it("has a depth and a number of parts that are held to on both sides", () => {
    expect(mayBeWritten(nested(31), 10_000)).toBe(true);
    expect(read(written(nested(31)))).toEqual(nested(31));
    expect(mayBeWritten(nested(32), 10_000)).toBe(false);
    expect(() => read(written(nested(32)))).toThrow(BadBytes);
    const many = arrayReply(new Array<Reply>(2 ** 20).fill(NOTHING));
    expect(mayBeWritten(many, 2 ** 30)).toBe(false);
    expect(() => read(written(many))).toThrow(BadBytes);
  });

  it("brings no lines of its own into what a client is told", () => {
    expect(read(written(errorReply("ERR a\r\n+OK\nb\r\n")))).toEqual(errorReply("ERR a  +OK b"));
    const bytes = written(statusReply("a-b"));
    bytes[bytes.indexOf("-".charCodeAt(0))] = 10;
    expect(() => read(bytes)).toThrow(BadBytes);
  });

  it("is refused where a byte was changed or an end is missing, or is another answer", () => {
    fc.assert(
      fc.property(reply, fc.nat(), fc.integer({ min: 1, max: 255 }), (each, place, change) => {
        const bytes = written(each);
        for (const damaged of [bytes.slice(0, place % bytes.length), changed(bytes, place % bytes.length, change)]) {
          try {
            written(read(damaged));
          } catch (error) {
            expect(error).toBeInstanceOf(BadBytes);
          }
        }
      }),
    );
    const texts = ["1e3", "", "0x10", "1".repeat(21), "--1"];
    for (const text of texts) {
      const writer = new ByteWriter();
      writer.u8(3);
      writer.latin1(text);
      expect(() => read(writer.take())).toThrow(BadBytes);
    }
    const odd = written({ type: "array", items: [NOTHING] });
    odd[0] = 11;
    expect(() => read(odd)).toThrow(BadBytes);
  });
});

function changed(bytes: Uint8Array, at: number, change: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] as number) ^ change;
  return copy;
}
