import { describe, expect, it } from "vitest";
import { ByteWriter } from "../../src/base/bytes.ts";

const LONG = 5 * 1024 * 1024;

describe("what a byte writer has taken from it", () => {
  it("stays as it was written while the writer goes on", () => {
    for (const length of [3, LONG]) {
      const writer = new ByteWriter();
      writer.raw(new Uint8Array(length).fill(1));
      const taken = writer.take();
      writer.raw(new Uint8Array(length).fill(2));
      expect([taken.length, taken[0], taken.at(-1)]).toEqual([length, 1, 1]);
      expect([writer.length, writer.view()[0]]).toEqual([length, 2]);
    }
  });

  it("is not copied where it is long, and no room is kept for another like it", () => {
    const writer = new ByteWriter(1000);
    writer.raw(new Uint8Array(LONG));
    const { buffer } = writer.bytes;
    expect(writer.take().buffer).toBe(buffer);
    expect(writer.bytes.length).toBe(1000);
    writer.raw(new Uint8Array(LONG));
    writer.clear();
    expect([writer.length, writer.bytes.length]).toEqual([0, 1000]);
  });

  it("is all that is left in memory of what was long: as it grows and begins anew, room is given back at once", () => {
    const writer = new ByteWriter(1000);
    writer.raw(new Uint8Array(LONG));
    const before = writer.bytes;
    writer.raw(new Uint8Array(LONG));
    const grown = writer.bytes;
    writer.clear();
    expect([before.length, grown.length, writer.bytes.length]).toEqual([0, 0, 1000]);
  });
});
