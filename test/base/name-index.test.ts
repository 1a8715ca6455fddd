import { expect, test } from "vitest";
import { NameIndex } from "../../src/base/name-index.ts";

test("finds every name's number, of few names and of so many that they lie in several maps", () => {
  const index = new NameIndex();
  const names = Array.from({ length: 40_000 }, (_, i) => (i % 3 === 0 ? `${i}` : `name:${i}`));
  names.push("", "__proto__", "\0", "\xff".repeat(300));
  for (const [number, name] of names.entries()) {
    expect(index.get(name)).toBeUndefined();
    index.add(name, number);
  }
  expect(names.map((name) => index.get(name))).toEqual([...names.keys()]);
  expect(index.get("name:0")).toBeUndefined();
});
