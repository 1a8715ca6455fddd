/** Random scripts: a few calls, what becomes of their answers, and values of Lua on their way out. */

import type { SeededRandom } from "../../../src/base/random.ts";
import { comparisonOf } from "./comparison.ts";
import { KEYS } from "./pools.ts";

const VALUES = [
  ...[
    "3.99",
    "-3.99",
    "-0",
    "1e300",
    "2^53+1",
    "2^63",
    "0/0",
    "1/0",
    "true",
    "false",
    "nil",
    "'x'",
    "''",
    "'\\0\\255'",
  ],
  ...["{}", "{1,2,nil,4}", "{1,{2,{3}}}", "{ok='fine'}", "{err='MY bad'}", "{double=1.5}", "{map={a=1}}"],
  ...["{set={a=true}}", "{big_number='12'}", "{verbatim_string={format='txt',string='s'}}", "redis.error_reply('X y')"],
  ...["redis.status_reply('fine')", "#KEYS", "KEYS[1]", "ARGV[1]", "tostring(1e15)", "tostring(0.1)", "10/3", "'1'+1"],
];

/** The words of `EVAL` for a script that makes calls of the kind that `drawCall` draws. */
export function drawScript(drawCall: () => readonly string[], random: SeededRandom): readonly string[] {
  const lines = ["local r={}"];
  if (random.chance(0.2)) lines.push("redis.setresp(3)");
  for (let count = 1 + random.below(4); count > 0; count--) {
    const value = random.chance(0.7) ? callOf(drawCall, random) : random.pick(VALUES);
    lines.push(`r[#r+1]=${value}`);
  }
  lines.push(random.chance(0.7) ? "return r" : "return r[#r]");
  const keys = random.chance(0.5) ? KEYS : [];
  return [random.chance(0.1) ? "eval_ro" : "eval", lines.join(" "), String(keys.length), ...keys, "argument"];
}

function callOf(drawCall: () => readonly string[], random: SeededRandom): string {
  let words = drawCall();
  while (!["exactly", "scores"].includes(comparisonOf(words))) words = drawCall();
  const call = `redis.${random.chance(0.5) ? "call" : "pcall"}(${words.map((word) => literal(word, random)).join(",")})`;
  return random.chance(0.1) ? `type(${call})` : call;
}

function literal(word: string, random: SeededRandom): string {
  if (/^-?[1-9]\d{0,16}(\.\d+)?$/.test(word) && random.chance(0.3)) return word;
  const text = Array.from(word, (letter) =>
    /[\w (){}[\]:.-]/.test(letter) ? letter : `\\${String(letter.charCodeAt(0)).padStart(3, "0")}`,
  );
  return `'${text.join("")}'`;
}
