/** Updates that are well formed and make no sense: structs of few clients that refer to each other as chance will have it. */

import type { SeededRandom } from "../../src/base/random.ts";
import { all, any, collected, first, firstIn, id, type Part, raw, skip, text, uint, update } from "./update-bytes.ts";

const CLIENTS = [1, 2, 3];
const CLOCKS = 7;

function pick<Item>(random: SeededRandom, items: readonly Item[]): Item {
  return items[random.below(items.length)] as Item;
}

/** A kind with a content of it. */
function content(random: SeededRandom): readonly [number, Part] {
  return pick<readonly [number, Part]>(random, [
    [1, uint(1 + random.below(4))],
    [2, all(uint(2), text("undefined"), text("[1]"))],
    [3, all(uint(2), raw(1, 2))],
    [4, text("abcdef".slice(random.below(6)))],
    [4, text("😀😀")],
    [5, text('{"embed":1}')],
    [6, all(text("bold"), text(random.chance(0.5) ? "true" : "null"))],
    [7, uint(pick(random, [0, 1, 2, 4, 6]))],
    [7, all(uint(pick(random, [3, 5])), text("p"))],
    [8, all(uint(3), any(1), any({ a: [null] }), any(undefined))],
    [9, all(text("id"), any({}))],
  ]);
}

function struct(random: SeededRandom): Part {
  if (random.chance(0.1)) return collected(1 + random.below(4));
  if (random.chance(0.1)) return skip(1 + random.below(4));
  const [kind, part] = content(random);
  const anywhere = (): Part => id(pick(random, CLIENTS), random.below(CLOCKS));
  const key = random.chance(0.3) ? 32 : 0;
  switch (random.below(6)) {
    case 0:
      return key === 0 ? first(kind, part) : all(raw(kind | key), uint(1), text("r"), text("key"), part);
    case 1:
      return key === 0
        ? firstIn(pick(random, CLIENTS), random.below(CLOCKS), kind, part)
        : all(raw(kind | key), uint(0), anywhere(), text("key"), part);
    case 2:
      return all(raw(kind | key | 64), anywhere(), part);
    case 3:
      return all(raw(kind | key | 64 | 128), anywhere(), anywhere(), part);
    default:
      return all(raw(kind | key | 128), anywhere(), part);
  }
}

/** One such update. */
export function madeUpdate(random: SeededRandom): Uint8Array {
  const clients = CLIENTS.filter(() => random.chance(0.5));
  return update(
    clients.map((client) => ({
      client,
      clock: random.chance(0.6) ? 0 : random.below(CLOCKS),
      structs: Array.from({ length: 1 + random.below(4) }, () => struct(random)),
    })),
    CLIENTS.filter(() => random.chance(0.2)).map((client) => ({
      client,
      ranges: [[random.below(CLOCKS), 1 + random.below(4)]],
    })),
  );
}

/** What gives most of them something to refer to: of each client a text, a map, and something that was collected. */
export function firstUpdate(random: SeededRandom): Uint8Array {
  return update(
    CLIENTS.map((client) => ({
      client,
      structs: [
        first(4, text("abc".slice(random.below(3)))),
        first(7, uint(pick(random, [0, 1, 2])), "t"),
        collected(1 + random.below(3)),
        firstIn(client, 3, 8, all(uint(2), any(1), any(2))),
      ].filter(() => random.chance(0.8)),
    })),
  );
}
