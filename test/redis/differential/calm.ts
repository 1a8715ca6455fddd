/** Takes out of commands what makes two servers differ by their speed alone, or keeps them busy for ever. */

import { keyPlaces } from "../../../src/command-keys.ts";
import { commandTable } from "../../../src/commands/command-table.ts";

const ENDS = new Set([...["set", "getex", "expire", "pexpire", "expireat", "pexpireat", "setex", "psetex"]]);
const WAITS = new Set(["blpop", "brpop", "blmpop", "bzmpop", "bzpopmin", "bzpopmax", "brpoplpush", "blmove"]);
const PICKS = new Set(["hrandfield", "srandmember", "zrandmember"]);
const LONG_ENOUGH = 100;
const SOON = "0.001";

export function calmed(given: readonly string[]): readonly string[] {
  const name = (given[0] ?? "").toLowerCase();
  const words = withKeys(given, name);
  if (ENDS.has(name))
    return words.map((word, at) => (at > 1 && isSmall(word) && !isValue(name, at) ? `${word}00000` : word));
  if (WAITS.has(name)) return words.map((word, at) => (at > 0 && isLong(word) ? SOON : word));
  if (PICKS.has(name))
    return words.map((word) => (/^-\d{4,18}$/.test(word) || word === "-9223372036854775807" ? "-3" : word));
  return words;
}

/** No key is without a byte in Atoll: it says so instead of looking. */
function withKeys(words: readonly string[], name: string): readonly string[] {
  const facts = commandTable.get(name);
  if (facts === undefined) return words;
  const keys = new Set(
    keyPlaces(
      words.map((word) => Buffer.from(word, "latin1")),
      facts,
    ),
  );
  return words.map((word, at) => (word === "" && keys.has(at) ? "a" : word));
}

/** An end so near that it may come while the commands are carried out. */
function isSmall(word: string): boolean {
  return /^[1-9]\d*$/.test(word) && Number(word) < LONG_ENOUGH && Number(word) > 0;
}

function isValue(name: string, at: number): boolean {
  return (name === "set" && at === 2) || ((name === "setex" || name === "psetex") && at === 3);
}

/** For ever, or longer than one wants to wait. */
function isLong(word: string): boolean {
  const seconds = word.trim() === "" || word !== word.trim() ? Number.NaN : Number(word.replace(/^([+-])0x/i, "0x"));
  return seconds === 0 || (seconds > 0.05 && seconds < 1e15);
}
