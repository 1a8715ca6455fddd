import { expect, test } from "vitest";
import { grouped, readableBytes, registersIn } from "../../src/cli/amounts.ts";

test("counts have their thousands apart", () => {
  expect([0, 999, 1000, 1234567].map(grouped)).toEqual(["0", "999", "1,000", "1,234,567"]);
  expect([0, 1, 1000].map(registersIn)).toEqual(["0 registers", "1 register", "1,000 registers"]);
});

test("bytes are told with the greatest unit that they fill", () => {
  const sizes = [0, 1023, 1024, 1536, 150 * 1024, 1024 ** 2, 5.25 * 1024 ** 3, 3000 * 1024 ** 4];
  const told = ["0 bytes", "1023 bytes", "1.0 KB", "1.5 KB", "150.0 KB", "1.0 MB", "5.3 GB", "3000.0 TB"];
  expect(sizes.map(readableBytes)).toEqual(told);
});
