import fc from "fast-check";
import { expect, it } from "vitest";
import { bytesFromLatin1 } from "../../src/base/bytes.ts";
import { shardOf } from "../../src/core/shard-of.ts";

const SHARDS = 65_536;

function shard(key: string, shards = SHARDS): number {
  const bytes = bytesFromLatin1(`##${key}##`);
  return shardOf(new DataView(bytes.buffer), 2, bytes.length - 2, shards);
}

/** Which part of the key places it: the table of the Redis Cluster specification, "Hash tags". */
it.each([
  ["{user1000}.following", "user1000"],
  ["{user1000}.followers", "user1000"],
  ["foo{}{bar}", "foo{}{bar}"],
  ["foo{{bar}}zap", "{bar"],
  ["foo{bar}{zap}", "bar"],
  ["{}", "{}"],
  ["{", "{"],
  ["}{", "}{"],
  ["}a{b}", "b"],
  ["a{b", "a{b"],
  ["a}b{c}", "c"],
  ["{a}", "a"],
  ["plain", "plain"],
])("places %s by %s", (key, tag) => {
  expect(shard(key)).toBe(shard(tag.includes("{") && tag !== key ? `{${tag}}` : tag));
});

/** The rule in the words of the specification. */
function tagOf(key: string): string {
  const open = key.indexOf("{");
  const close = open < 0 ? -1 : key.indexOf("}", open + 1);
  return close > open + 1 ? key.slice(open + 1, close) : key;
}

it("follows the rule on any key", () => {
  const text = fc.array(fc.constantFrom("{", "}", "a", "b", "\0", "\xff"), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(text, (parts) => {
      const key = parts.join("");
      const tag = tagOf(key);
      // A tag that has a brace itself would be read as tagged again: it is compared through another key that bears it.
      expect(shard(key)).toBe(tag === key ? shard(key) : shard(`x{${tag}}y`));
    }),
  );
});

it("spreads keys evenly", () => {
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 16_000; i++) counts[shard(`key:${i}`, 16)] = (counts[shard(`key:${i}`, 16)] ?? 0) + 1;
  expect(Math.min(...counts)).toBeGreaterThan(850);
  expect(Math.max(...counts)).toBeLessThan(1150);
});
