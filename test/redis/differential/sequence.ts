/** Random sequences of commands over few keys, so that their types, ends and options meet. A seed gives one sequence. */

import type { SeededRandom } from "../../../src/base/random.ts";
import { calmed } from "./calm.ts";
import { byName, families } from "./commands.ts";
import { drawPool, KEYS, oddWord } from "./pools.ts";
import { drawScript } from "./scripts.ts";
import { drawShape, type Shape } from "./shape.ts";

export interface Step {
  /** Of bytes, as latin1. */
  readonly words: readonly string[];
  /** `scan`: asked again from the cursor that came, until there is none; `pause`: until what ends at once has ended. */
  readonly form: "array" | "inline" | "scan" | "pause";
  /** Which of two connections asks. */
  readonly client: 0 | 1;
}

/** Steps that make sense together only. */
export type Unit = readonly Step[];

export interface Sequence {
  readonly version: "2" | "3";
  /** What needs no answer before the next is sent together. */
  readonly isPipelined: boolean;
  readonly units: readonly Unit[];
}

const UNITS_MAX = 40;
const ODD_CHANCE = 0.12;
const MIXED_CHANCE = 0.25;
const SCANS: ReadonlySet<string> = new Set(["scan", "hscan", "sscan", "zscan"]);
const SOON_GONE = [
  ["pexpire", "1"],
  ["pexpire", "-1"],
  ["pexpireat", "1"],
  ["expire", "0"],
] as const;
const ENCODED = [
  ["set", "VALUE"],
  ["rpush", "VALUE"],
  ["sadd", "INT", "INT"],
  ["sadd", "MEMBER"],
  ["hset", "FIELD", "VALUE"],
  ["zadd", "SCORE", "MEMBER"],
] as const;

export function drawSequence(random: SeededRandom): Sequence {
  const all = Object.values(families);
  const chosen = random.chance(MIXED_CHANCE) ? all : [families.keys, random.pick(all), random.pick(all)];
  const shapes = chosen.flat();
  const units: Unit[] = [];
  for (let count = 5 + random.below(UNITS_MAX); count > 0; count--) units.push(...drawUnits(shapes, random));
  units.push(...KEYS.map(looksAt), [step("keys", "*")]);
  return { version: random.chance(0.5) ? "2" : "3", isPipelined: random.chance(0.5), units };
}

function drawUnits(shapes: readonly Shape[], random: SeededRandom): readonly Unit[] {
  const one = (client: 0 | 1 = 0): Unit => unitOf(drawWords(shapes, random), client, random);
  const few = (): readonly Unit[] => Array.from({ length: random.below(5) }, () => one());
  switch (random.below(40)) {
    case 0:
    case 1:
      return [[step("multi")], ...few(), [step(random.chance(0.9) ? "exec" : "discard")]];
    case 2: {
      const key = random.pick(KEYS);
      return [
        [step("watch", key)],
        ...few(),
        ...(random.chance(0.5) ? [one(1)] : []),
        [step("multi")],
        ...few(),
        [step("exec")],
      ];
    }
    case 3:
    case 4:
      return [[step(...drawScript(() => drawWords(shapes, random), random))]];
    case 5: {
      const [name, end] = random.pick(SOON_GONE);
      const key = random.pick(KEYS);
      // Asked about, it is gone in Redis as well, which otherwise counts it for a while.
      return [[step(name, key, end), { words: [], form: "pause", client: 0 }, step("exists", key)]];
    }
    case 6: {
      const [name, ...pools] = random.pick(ENCODED);
      const key = random.pick(KEYS);
      return [
        [
          step("del", key),
          step(name, key, ...pools.flatMap((pool) => drawPool(pool, random))),
          step("object", "encoding", key),
        ],
      ];
    }
    case 7:
      return [
        [
          step(
            "command",
            random.pick(["getkeys", "getkeysandflags"]),
            ...drawShape(random.pick(shapes), drawPool, random),
          ),
        ],
      ];
    case 9:
      return [drawByName(random)];
    case 8:
      return [
        [
          step(
            ...random.pick([
              ["exec"],
              ["discard"],
              ["unwatch"],
              ["ping"],
              ["echo", oddWord(random)],
              ["ping", oddWord(random)],
            ]),
          ),
        ],
      ];
    default:
      return [one()];
  }
}

function drawByName(random: SeededRandom): Unit {
  const words = drawWords(byName, random);
  const key = words[(words[0] ?? "").toLowerCase() === "zrangestore" ? 2 : 1] ?? "";
  if (!KEYS.includes(key)) return [step("ping")];
  const members = Array.from({ length: 1 + random.below(6) }, () => ["0", ...drawPool("MEMBER", random)]).flat();
  return [step("del", key), step("zadd", key, ...members), step(...words)];
}

function step(...words: readonly string[]): Step {
  return { words, form: "array", client: 0 };
}

function drawWords(shapes: readonly Shape[], random: SeededRandom): readonly string[] {
  const words = [...drawShape(random.pick(shapes), drawPool, random)];
  if (random.chance(ODD_CHANCE)) makeOdd(words, random);
  if (random.chance(0.05)) words[0] = (words[0] as string).toUpperCase();
  return calmed(words);
}

/** A word too few, one too many, another one, or two the other way round; the name stays. */
function makeOdd(words: string[], random: SeededRandom): void {
  const at = 1 + random.below(words.length);
  switch (random.below(5)) {
    case 0:
      if (words.length > 1) words.splice(Math.min(at, words.length - 1), 1);
      return;
    case 1:
      words.splice(at, 0, oddWord(random));
      return;
    case 2:
      words.splice(at, 0, random.pick(words));
      return;
    case 3:
      if (words.length > 1) words[Math.min(at, words.length - 1)] = oddWord(random);
      return;
    default: {
      const [one, other] = [Math.min(at, words.length - 1), 1 + random.below(Math.max(1, words.length - 1))];
      if (one > 0 && other < words.length) [words[one], words[other]] = [words[other] as string, words[one] as string];
    }
  }
}

function unitOf(words: readonly string[], client: 0 | 1, random: SeededRandom): Unit {
  const name = (words[0] as string).toLowerCase();
  if (SCANS.has(name)) return [{ words, form: isFromBegin(words, name) ? "scan" : "array", client }];
  const form = random.chance(0.04) ? "inline" : "array";
  const asked: Step = { words, form, client };
  // What is left of a set differs from then on.
  if (name === "spop" && words[1] !== undefined) return [asked, { ...step("del", words[1]), client }];
  return [asked];
}

function isFromBegin(words: readonly string[], name: string): boolean {
  return words[name === "scan" ? 1 : 2] === "0";
}

/** All that is there to see under a key. */
function looksAt(key: string): Unit {
  return [
    step("type", key),
    step("pexpiretime", key),
    step("get", key),
    step("lrange", key, "0", "-1"),
    step("hgetall", key),
    step("smembers", key),
    step("zrange", key, "0", "-1", "withscores"),
  ];
}
