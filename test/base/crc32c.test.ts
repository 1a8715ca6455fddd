import { expect, it } from "vitest";
import { crc32c } from "../../src/base/crc32c.ts";
import { SeededRandom } from "../../src/base/random.ts";

const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);

it.each([
  ["nothing", new Uint8Array(0), 0],
  ["the check value of the catalogue", new TextEncoder().encode("123456789"), 0xe3069283],
  ["32 zeros (RFC 3720 B.4)", new Uint8Array(32), 0x8a9136aa],
  ["32 ones (RFC 3720 B.4)", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["ascending bytes (RFC 3720 B.4)", ascending, 0x46dd794e],
  ["descending bytes (RFC 3720 B.4)", ascending.toReversed(), 0x113fdb5c],
])("is that of %s", (_name, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});

it("is the same as bit by bit, for ranges of every alignment and length", () => {
  const random = new SeededRandom("crc32c");
  const bytes = Uint8Array.from({ length: 64 }, () => random.below(256));
  for (let start = 0; start < 9; start++) {
    for (let end = start; end <= 40; end++) {
      expect(crc32c(bytes.subarray(1), start, end)).toBe(bitByBit(bytes.subarray(1 + start, 1 + end)));
    }
  }
});

function bitByBit(bytes: Uint8Array): number {
  let sum = -1;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 0 ? sum >>> 1 : (sum >>> 1) ^ 0x82f63b78;
  }
  return ~sum >>> 0;
}
