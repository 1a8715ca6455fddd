/** Words that commands are made of: few of each kind, so that they meet, and those at the edges of what is read. */

import type { SeededRandom } from "../../../src/base/random.ts";

export const KEYS = ["a", "b", "c", "d", "e", "{a}f"];

const SMALL = ["0", "1", "2", "3", "5", "-1", "-2", "-3", "-5", "10"];
const WHOLE_EDGES = [
  ...["9223372036854775807", "-9223372036854775808", "9223372036854775808", "-9223372036854775809"],
  ...["9007199254740993", "4294967296", "99999999999999999999", "18446744073709551615"],
];
const NO_WHOLE = ["", "x", " 1", "1 ", "+1", "01", "-0", "1.0", "3.5", "1e2", "--1", "1\0", "1\n", "١"];
const FLOAT_EDGES = [
  ...["inf", "+inf", "-inf", "INF", "Infinity", "nan", "-nan", "1e400", "-1e400", "1e-400", "5e-324"],
  ...["1.7976931348623157e308", "-0", "-0.0", "1e17", "123456789012345678", "1e21"],
  ...["0.1", "3.0", "+5", ".5", "5.", "1e2", "1E2", "1e", "e1", ".", "+", " 1", "1 ", "", "x", "1,5", "1e+2", "1_0"],
];
/** Of no value: in Atoll `INCRBYFLOAT` adds to none that is written so. */
const HEXADECIMAL = ["0x10", "0x1p3", "-0X.8"];
/** Sums of these are exact in a double, whatever their order. */
const EXACT = ["0", "1", "2", "3", "-1", "-2", "0.5", "1.5", "-0.25", "10", "1e2", "3.0", "100"];
const BINARY = ["\0", "\xff\xfe", "\r\n", "a\0b", "\x80\x01\x02", "é".normalize("NFC")];
const MEMBERS = ["m", "n", "o", "p", "1", "2", "3", "10", "-7", "mm", "mn", "M", ""];
const LONG = "l".repeat(70);

type Pool = (random: SeededRandom) => readonly string[];

const ofWords =
  (...words: readonly string[]): Pool =>
  (random) => [random.pick(words)];

/** Mostly of the first, now and then of the others. */
const mostly =
  (usual: readonly string[], ...odd: readonly (readonly string[])[]): Pool =>
  (random) => [random.pick(random.chance(0.85) ? usual : odd.flat())];

const key: Pool = (random) => [random.pick(KEYS)];
const member = mostly(MEMBERS, BINARY, [LONG, "3.0", "1e2", "9223372036854775807"]);
const scoreEnd: Pool = (random) => [
  `${random.chance(0.3) ? "(" : ""}${random.pick(random.chance(0.85) ? [...EXACT, "inf", "-inf", "+inf"] : FLOAT_EDGES)}`,
];
const keysCounted: Pool = (random) => {
  const keys = Array.from({ length: 1 + random.below(3) }, () => random.pick(KEYS));
  return [random.chance(0.05) ? random.pick([...SMALL, "x"]) : String(keys.length), ...keys];
};

const POOLS: Readonly<Record<string, Pool>> = {
  KEY: key,
  KEYS: (random) => Array.from({ length: 1 + random.below(3) }, () => random.pick(KEYS)),
  NUMKEYS: keysCounted,
  VALUE: mostly(["x", "hello", "1", "10", "-3", "0", "foobar", "3.5", ""], BINARY, NO_WHOLE, WHOLE_EDGES, FLOAT_EDGES, [
    LONG,
  ]),
  INT: mostly(SMALL, WHOLE_EDGES, NO_WHOLE),
  INDEX: mostly(SMALL, WHOLE_EDGES, NO_WHOLE),
  COUNT: mostly(["0", "1", "2", "3", "100"], ["-1", "-2", "-5"], WHOLE_EDGES, NO_WHOLE),
  FLOAT: mostly(EXACT, FLOAT_EDGES, HEXADECIMAL),
  SUMMAND: mostly(EXACT, ["inf", "-inf", "nan", "x", "", " 1", "1 ", "1e400", "+1", "1e", "0x10", "-0"]),
  SCORE: mostly(EXACT, FLOAT_EDGES, HEXADECIMAL),
  SCOREEND: scoreEnd,
  MEMBER: member,
  FIELD: member,
  LEXEND: mostly(["-", "+", "[m", "(m", "[n", "(n", "[", "(", "[p"], ["m", "", "++", "-x", "[\xff", "(1"]),
  SECONDS: mostly(["1000", "5000", "100"], ["0", "-1"], WHOLE_EDGES, NO_WHOLE, [
    "9223372036854775",
    "9223372036854776",
  ]),
  MILLIS: mostly(["1000000", "5000000", "100000"], ["0", "-1"], WHOLE_EDGES, NO_WHOLE),
  UNIX: mostly(["4102444800", "4102444801", "1"], ["0", "-1"], WHOLE_EDGES, NO_WHOLE),
  UNIXMS: mostly(["4102444800000", "4102444800001", "1"], ["0", "-1"], WHOLE_EDGES, NO_WHOLE),
  TIMEOUT: mostly(["0.001", "0.002"], ["-1", "x", "", "1e400", "nan", "inf", "-inf", "1e-400", "1e300", "0x1p-9"]),
  PATTERN: mostly(["*", "a*", "[a-c]", "?", "m*", "*1*"], ["", "\\*", "[^a]", "[", "a", "**", "[c-a]", "\\"]),
  TYPE: mostly(["string", "list", "set", "zset", "hash"], ["stream", "x", "STRING", ""]),
  BIT: mostly(["0", "1"], ["2", "-1", "x", "", "01"]),
  OFFSET: mostly(["0", "1", "7", "8", "13", "40"], ["-1", "4294967296", "9223372036854775807", "x", "", "01"]),
  BITTYPE: mostly(
    ["u8", "i8", "u4", "i16", "u1", "i64", "u63", "i5", "U8"],
    ["u64", "i65", "u0", "i0", "x8", "8", "u", "i-1", ""],
  ),
  BITAT: mostly(
    ["0", "1", "8", "#0", "#1", "#3", "13"],
    ["-1", "#-1", "#", "x", "", "4294967296", "#9223372036854775807"],
  ),
  LON: mostly(
    ["13.361389", "15.087269", "2.349014", "-0.1", "0"],
    ["180", "-180", "181", "x", "", "1e400", "nan", "inf"],
  ),
  LAT: mostly(
    ["38.115556", "37.502669", "48.864716", "51.5", "0"],
    ["85.05112878", "86", "x", "", "1e400", "nan", "-85.06"],
  ),
  RADIUS: mostly(["100", "200", "500", "3000", "0"], ["-1", "x", "1e400", "inf", "nan", "1e10"]),
  UNIT: mostly(["m", "km", "mi", "ft"], ["x", "", "KM"]),
};

export function drawPool(name: string, random: SeededRandom): readonly string[] {
  const pool = POOLS[name];
  if (pool === undefined) throw new Error(`no pool ${name}`);
  return pool(random);
}

const ODD = [
  ...NO_WHOLE,
  ...WHOLE_EDGES,
  ...FLOAT_EDGES,
  ...BINARY,
  ...KEYS,
  "nx",
  "xx",
  "get",
  "count",
  "limit",
  "withscores",
];

/** A word from anywhere. */
export const oddWord: (random: SeededRandom) => string = (random) => random.pick(ODD);
export const ofPool = ofWords;
