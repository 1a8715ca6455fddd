import { expect, test } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import { ORDER_MAX, orderOf, PARTS, partOf, partStart } from "../../src/core/key-order.ts";

function order(key: string): number {
  const bytes = bytesFromLatin1(key);
  return orderOf(new DataView(bytes.buffer, bytes.byteOffset), 0, bytes.length);
}

test("is the same for ever: cursors handed out before an upgrade are still good after it", () => {
  expect(["", "a", "user:1", "\xff\0"].map(order)).toEqual([2964217777, 940300386, 705908375, 2791215079]);
});

test("parts divide it from end to end", () => {
  for (let part = 0; part < PARTS; part++) {
    expect(partOf(partStart(part))).toBe(part);
    expect(partOf(partStart(part + 1) - 1)).toBe(part);
  }
  expect(partStart(0)).toBe(0);
  expect(partStart(PARTS)).toBe(ORDER_MAX + 1);
});

test("spreads keys over all parts", () => {
  const counts = new Array<number>(PARTS).fill(0);
  for (let i = 0; i < 1000 * PARTS; i++) {
    const part = partOf(order(`user:${i}`));
    counts[part] = (counts[part] ?? 0) + 1;
  }
  expect(Math.min(...counts)).toBeGreaterThan(800);
  expect(Math.max(...counts)).toBeLessThan(1_200);
});
