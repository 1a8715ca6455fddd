/** How answers of two servers are compared: byte for byte, but where Redis leaves something open. */

import type { RawReply } from "./raw-reply.ts";

/**
 * `scores`: there is one zero in Atoll, where Redis shows the sign of another in some of its forms. `unordered`, `pairs`: members, or fields with their values, come in any order. `shape`: what is picked at random. `seconds`, `milliseconds`: times
 * that go on meanwhile. `at most`: Redis counts what has expired until somebody asks for it. `kind`: only whether it is an error.
 */
export type Comparison =
  | "exactly"
  | "scores"
  | "unordered"
  | "pairs"
  | "shape"
  | "seconds"
  | "milliseconds"
  | "at most"
  | "kind";

const BY_NAME: ReadonlyMap<string, Comparison> = new Map(
  Object.entries({
    unordered: ["keys", "smembers", "sinter", "sunion", "sdiff", "hkeys", "hvals"],
    pairs: ["hgetall"],
    shape: ["randomkey", "hrandfield", "srandmember", "zrandmember", "spop"],
    seconds: ["ttl", "expiretime"],
    milliseconds: ["pttl", "pexpiretime"],
    "at most": ["dbsize"],
    kind: ["scan", "hscan", "sscan", "zscan", "time", "memory"],
  } as const).flatMap(([comparison, names]) => names.map((name) => [name, comparison as Comparison] as const)),
);
const PLACES = new Set(["geosearch", "georadius", "georadius_ro", "georadiusbymember", "georadiusbymember_ro"]);
/** Of sorted sets, or scripts, which may ask for these. */
const HAS_SCORES = /^(?:b?z|eval)/;
const ABOUT_MS = 5000;
/** An end has 48 bits in Atoll, which last until the year 10889: one that is later is that. Some centuries before. */
const END_MS_MAX = 2 ** 48 - 1e13;

export function comparisonOf(words: readonly string[]): Comparison {
  const name = (words[0] ?? "").toLowerCase();
  if (PLACES.has(name)) return ofPlaces(words.map((word) => word.toLowerCase()));
  return BY_NAME.get(name) ?? (HAS_SCORES.test(name) ? "scores" : "exactly");
}

/** They are sorted where asked for, or where the nearest of them are. */
function ofPlaces(words: readonly string[]): Comparison {
  if (words.includes("any")) return "shape";
  return ["asc", "desc", "count"].some((word) => words.includes(word)) ? "exactly" : "unordered";
}

export function areAlike(ours: RawReply, theirs: RawReply, comparison: Comparison): boolean {
  if (ours.raw === theirs.raw) return true;
  if (ours.sign !== theirs.sign || theirs.sign === "-" || theirs.sign === "") return false;
  switch (comparison) {
    case "exactly":
      return false;
    case "scores":
      return withOneZero(ours.raw) === withOneZero(theirs.raw);
    case "unordered":
      return inOrder(ours.items, 1) === inOrder(theirs.items, 1);
    case "pairs":
      return inOrder(ours.items, 2) === inOrder(theirs.items, 2);
    case "shape":
      return shapeOf(ours) === shapeOf(theirs);
    case "seconds":
      return isAbout(Number(ours.text), Number(theirs.text), 1000);
    case "milliseconds":
      return isAbout(Number(ours.text), Number(theirs.text), 1);
    case "at most":
      return Number(ours.text) <= Number(theirs.text);
    case "kind":
      return true;
  }
}

function withOneZero(raw: string): string {
  return raw.replace(/\$2\r\n-0\r\n/g, "$1\r\n0\r\n").replace(/,-0\r\n/g, ",0\r\n");
}

function inOrder(items: readonly RawReply[], each: number): string {
  const parts: string[] = [];
  for (let at = 0; at < items.length; at += each)
    parts.push(
      items
        .slice(at, at + each)
        .map(({ raw }) => raw)
        .join(""),
    );
  return parts.sort().join("");
}

function shapeOf({ sign, items, raw }: RawReply): string {
  if (raw === "$-1\r\n") return "nothing";
  return `${sign}${items.map(shapeOf).join("")};`;
}

function isAbout(a: number, b: number, unitMs: number): boolean {
  const [one, other] = [Math.min(a * unitMs, END_MS_MAX), Math.min(b * unitMs, END_MS_MAX)];
  return one > 0 && other > 0 && Math.abs(one - other) <= ABOUT_MS;
}
