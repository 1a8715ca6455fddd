import { describe, expect, it } from "vitest";
import { firstDoubtedLife, isContinued, livedTwice, withBirth } from "../../src/cluster/lineage.ts";
import { type Birth, LINEAGE_MAX } from "../../src/wire/message.ts";

/** Written as in "1a 2b": life 1 with birth a, life 2 with birth b. */
function lineage(text: string): Birth[] {
  const words = text.split(" ").filter((word) => word !== "");
  return words.map((word) => ({ life: Number.parseInt(word, 10), birth: word.charCodeAt(word.length - 1) }));
}

describe("a lineage", () => {
  it.each([
    ["", "1a", 1, true, "nobody was met"],
    ["1a", "1a", 1, true, "the same life"],
    ["1a", "1a 2b 3c", 1, true, "later lives of the same line"],
    ["1a 2b", "1a 2x", 1, false, "the same life of another process"],
    ["1a 2b", "1a 2x 3y 4z", 1, false, "another line, however long"],
    ["1a 5b", "1a 2x 3y", 1, false, "a line that is behind"],
    ["1a 5b", "1a 2x 7y", 1, false, "a line without that life"],
    ["1a 2b", "1a 2x 3y", 3, true, "another line, what it held dropped since"],
    ["1a 2b", "1a 2x 3y", 2, false, "another line, that dropped what it held before"],
  ])("known as '%s' and told as '%s', rooted in %d: continued %s, %s", (known, told, rootLife, expected) => {
    expect(isContinued(lineage(known), lineage(told), rootLife)).toBe(expected);
  });

  it.each([
    ["1a 2b", "1a 2x 3y", 2],
    ["1a 2b 3c", "1a 2b 3x", 3],
    ["4d 5e", "2b 3c 4x 5y", 4],
    ["4d 5e", "7x", 4],
  ])("known as '%s' and told as '%s' is in doubt from life %d on", (known, told, expected) => {
    expect(firstDoubtedLife(lineage(known), lineage(told))).toBe(expected);
  });

  it.each([
    ["1a 2b", "1a 2x 3y", [2]],
    ["1a 2b 3c", "1a 2x 3y", [2, 3]],
    ["1a 2b", "1a 3x", []],
  ])("known as '%s' and told as '%s' has lives %j that two processes lived", (known, told, expected) => {
    expect(livedTwice(lineage(known), lineage(told))).toEqual(expected);
  });

  it("remembers its latest lives only", () => {
    let lives: Birth[] = [];
    for (let life = 1; life <= LINEAGE_MAX + 3; life++) lives = withBirth(lives, { life, birth: life });
    expect(lives).toHaveLength(LINEAGE_MAX);
    expect(lives.at(-1)?.life).toBe(LINEAGE_MAX + 3);
  });
});
