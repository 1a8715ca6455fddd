/**
 * What a command may look like, as a line: words in lower case stand for themselves, those in upper case for one drawn from a pool,
 * `(a|b)` for one of them, `[a|b|c]` for any of them in any order, `x+` for one to four, `x*` for none to three.
 */

import type { SeededRandom } from "../../../src/base/random.ts";

export type Shape =
  | { readonly type: "word"; readonly word: string }
  | { readonly type: "pool"; readonly name: string }
  | { readonly type: "row"; readonly parts: readonly Shape[] }
  | { readonly type: "one" | "any"; readonly choices: readonly Shape[] }
  | { readonly type: "many"; readonly part: Shape; readonly min: number };

/** Draws the words that stand for a pool. */
export type Draw = (pool: string, random: SeededRandom) => readonly string[];

const OPTION_CHANCE = 0.3;
const AGAIN_CHANCE = 0.03;

export function parseShape(line: string): Shape {
  const tokens = line.match(/[[\]()|+*]|[^[\]()|+*\s]+/g) ?? [];
  let at = 0;
  const choices = (end: string): Shape[] => {
    const rows = [row()];
    for (; tokens[at] === "|"; ) {
      at++;
      rows.push(row());
    }
    if (tokens[at++] !== end) throw new Error(`no ${end} in ${line}`);
    return rows;
  };
  const part = (): Shape => {
    const token = tokens[at++] ?? "";
    if (token === "(") return { type: "one", choices: choices(")") };
    if (token === "[") return { type: "any", choices: choices("]") };
    return /^[A-Z]/.test(token) ? { type: "pool", name: token } : { type: "word", word: token };
  };
  const row = (): Shape => {
    const parts: Shape[] = [];
    while (at < tokens.length && !/^[|)\]]$/.test(tokens[at] as string)) {
      const next = part();
      const sign = tokens[at];
      if (sign === "+" || sign === "*") {
        at++;
        parts.push({ type: "many", part: next, min: sign === "+" ? 1 : 0 });
      } else parts.push(next);
    }
    return { type: "row", parts };
  };
  const shape = row();
  if (at !== tokens.length) throw new Error(`${tokens[at]} has no beginning in ${line}`);
  return shape;
}

export function drawShape(shape: Shape, draw: Draw, random: SeededRandom): readonly string[] {
  switch (shape.type) {
    case "word":
      return [shape.word];
    case "pool":
      return draw(shape.name, random);
    case "row":
      return shape.parts.flatMap((part) => drawShape(part, draw, random));
    case "one":
      return drawShape(random.pick(shape.choices), draw, random);
    case "any": {
      const chosen = shape.choices.filter(() => random.chance(OPTION_CHANCE));
      if (random.chance(AGAIN_CHANCE)) chosen.push(random.pick(shape.choices));
      return random.shuffle(chosen).flatMap((choice) => drawShape(choice, draw, random));
    }
    case "many":
      return Array.from({ length: shape.min + random.below(4) }, () => drawShape(shape.part, draw, random)).flat();
  }
}
