import { expect, it } from "vitest";
import { GIVEN_BACK_BYTES_MIN, giveBack } from "../../src/base/give-back.ts";

const LONG = 16 * 1024 * 1024;

it("frees a long buffer at once, whoever still has a view of it", () => {
  const before = process.memoryUsage().arrayBuffers;
  const held: Uint8Array[] = [];
  for (let i = 0; i < 8; i++) {
    const bytes = new Uint8Array(LONG).fill(i);
    held.push(bytes);
    giveBack(bytes.buffer);
  }
  expect(held.map(({ length }) => length)).toEqual(held.map(() => 0));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(LONG);
});

it("leaves short ones alone, which may be shared, and takes one twice", () => {
  const short = new Uint8Array(GIVEN_BACK_BYTES_MIN - 1).fill(1);
  giveBack(short.buffer);
  giveBack(Buffer.from("pooled").buffer);
  expect(short.length).toBe(GIVEN_BACK_BYTES_MIN - 1);
  const long = new Uint8Array(GIVEN_BACK_BYTES_MIN);
  giveBack(long.buffer);
  giveBack(long.buffer);
  expect(long.length).toBe(0);
});
