/** What a client of either version reads of an answer. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { integerReply, textReply } from "../../../src/command-reply.ts";
import { writeReply } from "../../../src/doors/redis/reply-encoder.ts";
import { type ProtocolVersion, ReplyWriter } from "../../../src/doors/redis/reply-writer.ts";

function written(version: ProtocolVersion, write: (writer: ReplyWriter) => void): string {
  const writer = new ReplyWriter();
  writer.version = version;
  write(writer);
  const { bytes } = writer;
  const text = Buffer.concat(writer.take()).toString("latin1");
  expect([text.length, writer.bytes, writer.take()]).toEqual([bytes, 0, []]);
  return text;
}

describe("an answer", () => {
  it("is no more work where an error repeats many ends of lines that a client sent", () => {
    const ends = "\r".repeat(2 ** 22);
    const line = written(2, (writer) => writer.error(`ERR ${ends}x${ends}`));
    expect(line).toHaveLength("-ERR ".length + ends.length + "x\r\n".length);
  });

  it("has pairs in lists of two where a client reads the later version, which tells fractions from text", () => {
    const items = [textReply("a"), { type: "double" as const, value: 0.5 }, textReply("b"), integerReply(1)];
    const write = (writer: ReplyWriter) => writeReply(writer, { type: "pairs", items });
    expect(written(2, write)).toBe("*4\r\n$1\r\na\r\n$3\r\n0.5\r\n$1\r\nb\r\n:1\r\n");
    expect(written(3, write)).toBe("*2\r\n*2\r\n$1\r\na\r\n,0.5\r\n*2\r\n$1\r\nb\r\n:1\r\n");
  });

  it.each<[string, (writer: ReplyWriter) => void, string, string]>([
    ["a line", (w) => w.simple("OK"), "+OK\r\n", "+OK\r\n"],
    ["an error in one line", (w) => w.error("ERR a\r\nb"), "-ERR a  b\r\n", "-ERR a  b\r\n"],
    ["a number", (w) => w.integer(-1234567890123), ":-1234567890123\r\n", ":-1234567890123\r\n"],
    ["a great number", (w) => w.integer(2n ** 63n - 1n), ":9223372036854775807\r\n", ":9223372036854775807\r\n"],
    ["bytes", (w) => w.bulkText("a\r\nb"), "$4\r\na\r\nb\r\n", "$4\r\na\r\nb\r\n"],
    ["no value", (w) => w.nothing(), "$-1\r\n", "_\r\n"],
    ["no list", (w) => w.noArray(), "*-1\r\n", "_\r\n"],
    ["a list", (w) => w.array(2), "*2\r\n", "*2\r\n"],
    ["a set", (w) => w.set(2), "*2\r\n", "~2\r\n"],
    ["pairs", (w) => w.map(2), "*4\r\n", "%2\r\n"],
    ["news", (w) => w.push(3), "*3\r\n", ">3\r\n"],
    ["yes", (w) => w.boolean(true), ":1\r\n", "#t\r\n"],
    ["no", (w) => w.boolean(false), ":0\r\n", "#f\r\n"],
    ["a fraction", (w) => w.double(0.5), "$3\r\n0.5\r\n", ",0.5\r\n"],
    ["a fraction of many digits", (w) => w.decimal("0.50"), "$4\r\n0.50\r\n", ",0.50\r\n"],
    [
      "a number of any length",
      (w) => w.bigNumber("12345678901234567890"),
      "$20\r\n12345678901234567890\r\n",
      "(12345678901234567890\r\n",
    ],
    ["text of another kind", (w) => w.verbatim(Buffer.from("hi"), "mkd"), "$2\r\nhi\r\n", "=6\r\nmkd:hi\r\n"],
    ["text for people", (w) => w.verbatim(Buffer.from("hi")), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"],
  ])("of %s", (_name, write, second, third) => {
    expect([written(2, write), written(3, write)]).toEqual([second, third]);
  });

  it("has any whole number in full", () => {
    fc.assert(
      fc.property(fc.oneof(fc.maxSafeInteger(), fc.integer()), (value) => {
        expect(written(2, (writer) => writer.integer(value))).toBe(`:${value}\r\n`);
      }),
    );
  });

  it("has values of any length in order, long ones as they are", () => {
    const values = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(values, (lengths) => {
        const parts = lengths.map((length, i) => Buffer.alloc(length, 97 + i));
        const whole = parts.map((part) => `$${part.length}\r\n${part.toString("latin1")}\r\n`).join("");
        expect(written(2, (writer) => parts.forEach((part) => void writer.bulk(part)))).toBe(whole);
      }),
    );
    const long = Buffer.alloc(100_000);
    const writer = new ReplyWriter();
    writer.bulk(long);
    expect(writer.take().some((piece) => piece === long)).toBe(true);
  });

  it("takes values from where they lie, short and long ones, and their memory again once nobody looks at it", () => {
    const from = Buffer.alloc(100_000, "abcdefg");
    const view = new DataView(from.buffer, from.byteOffset, from.length);
    const writer = new ReplyWriter();
    const first = (): ArrayBufferLike | undefined => writer.take()[0]?.buffer;
    for (const length of [0, 1, 250, 300, 20_000, 70_000]) {
      const value = from.toString("latin1", 3, 3 + length);
      expect(written(2, (w) => w.bulkAt(view, 3, length))).toBe(`$${length}\r\n${value}\r\n`);
      writer.bulkAt(view, 3, length);
      writer.take();
      writer.startOver();
      writer.simple("OK");
      // What has begun is kept.
      writer.startOver();
      expect(Buffer.concat(writer.take()).toString()).toBe("+OK\r\n");
    }
    writer.startOver();
    writer.simple("a");
    const buffer = first();
    writer.startOver();
    writer.simple("b");
    expect(first()).toBe(buffer);
  });
});
