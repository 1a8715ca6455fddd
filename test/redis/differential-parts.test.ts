/** What the comparison of random sequences is made of: it finds what differs, overlooks what Redis leaves open, and makes it short. */

import { describe, expect, test } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { areAlike, type Comparison, comparisonOf } from "./differential/comparison.ts";
import { lineOf } from "./differential/lines.ts";
import { type RawReply, readReply } from "./differential/raw-reply.ts";
import { drawSequence, type Sequence } from "./differential/sequence.ts";
import { shrink } from "./differential/shrink.ts";

function reply(text: string): RawReply {
  const read = readReply(Buffer.from(text, "latin1"), 0);
  if (read === undefined) throw new Error(`no whole answer: ${text}`);
  return read;
}

const MEMBERS = "*2\r\n$1\r\na\r\n$1\r\nb\r\n";
const SWAPPED = "*2\r\n$1\r\nb\r\n$1\r\na\r\n";

describe("answers", () => {
  test.each<[Comparison, string, string, boolean]>([
    ["exactly", MEMBERS, MEMBERS, true],
    ["exactly", MEMBERS, SWAPPED, false],
    ["exactly", ":1\r\n", "$1\r\n1\r\n", false],
    ["unordered", MEMBERS, SWAPPED, true],
    ["unordered", MEMBERS, "*2\r\n$1\r\na\r\n$1\r\na\r\n", false],
    ["unordered", MEMBERS, "~2\r\n$1\r\na\r\n$1\r\nb\r\n", false],
    ["pairs", MEMBERS, SWAPPED, false],
    ["shape", "$1\r\na\r\n", "$2\r\nbb\r\n", true],
    ["shape", "$1\r\na\r\n", "$-1\r\n", false],
    ["shape", MEMBERS, "*1\r\n$1\r\na\r\n", false],
    ["seconds", ":100\r\n", ":99\r\n", true],
    ["seconds", ":100\r\n", ":90\r\n", false],
    ["milliseconds", ":1\r\n", ":-1\r\n", false],
    ["at most", ":1\r\n", ":2\r\n", true],
    ["at most", ":2\r\n", ":1\r\n", false],
    ["scores", "$1\r\n0\r\n", "$2\r\n-0\r\n", true],
    ["scores", "$1\r\n1\r\n", "$2\r\n-1\r\n", false],
    ["kind", ":1\r\n", "-ERR x\r\n", false],
    ["kind", "-ERR x\r\n", "-ERR y\r\n", false],
  ])("are compared %s: %j and %j", (comparison, ours, theirs, isAlike) => {
    expect(areAlike(reply(ours), reply(theirs), comparison)).toBe(isAlike);
  });

  test("are read once they are whole", () => {
    const bytes = Buffer.from("%1\r\n+a\r\n*2\r\n:1\r\n$2\r\nhi\r\n");
    for (let end = 0; end < bytes.length; end++) expect(readReply(bytes.subarray(0, end), 0)).toBeUndefined();
    expect(readReply(bytes, 0)?.end).toBe(bytes.length);
  });

  test("of commands in capitals are compared alike", () => {
    expect([comparisonOf(["SMEMBERS", "a"]), comparisonOf(["smembers", "a"])]).toEqual(["unordered", "unordered"]);
  });
});

test("a seed gives one sequence", () => {
  expect(drawSequence(new SeededRandom("x"))).toEqual(drawSequence(new SeededRandom("x")));
});

test("what differs is made as short as it can be", async () => {
  const sequence = drawSequence(new SeededRandom("long"));
  const wanted = (units: Sequence["units"]) => units.flat().map(({ words }) => lineOf(words));
  const planted = [..."xyz"].map((key) => [
    { words: ["set", key, "v", "nx", "get"], form: "array", client: 0 } as const,
  ]);
  const [first = [], second = [], third = []] = planted;
  const units = [first, ...sequence.units.slice(0, 9), second, ...sequence.units.slice(9), third];
  const least = await shrink({ ...sequence, units, version: "3", isPipelined: true }, async (shorter) => {
    const lines = wanted(shorter.units);
    return (
      shorter.version === "3" &&
      lines.some((line) => /^set x .*nx/.test(line)) &&
      lines.some((line) => /^set z/.test(line))
    );
  });
  expect([least.version, least.isPipelined, wanted(least.units)]).toEqual(["3", false, ["set x nx", "set z"]]);
});
