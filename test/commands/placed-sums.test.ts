/** What was added to numbers through any replica counts once, whatever was cut, stopped or moved meanwhile, and tidied up afterwards. */

import { expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { CommandWorld, shown } from "../support/command-world.ts";
import { NAME, SETTLE_MS } from "../support/placed-world.ts";

const NODES = [0, 1, 2, 3];
const KEYS = ["a", "b", "c"];
const ROUNDS = 40;
/** Nothing of it was carried out. */
const REFUSED = /^-(?:LOADING|TRYAGAIN|CROSSSLOT) /;

interface Added {
  readonly key: string;
  /** Whoever was asked may have stopped before it answered. */
  told: string;
}

it.each([105])("every addition counts once at every replica (seed %i)", async (seed) => {
  const random = new SeededRandom(`sums-${seed}`);
  const draw = (count: number) => random.uint32() % count;
  const regions = NODES.map(() => "eu");
  const placed = new CommandWorld({ seed: `sums-${seed}`, regions, settings: { replication: 2 } });
  await placed.begin();
  const added: Added[] = [];
  const disturbances = new Disturbances(placed, draw);
  for (let round = 0; round < ROUNDS; round++) {
    const node = draw(NODES.length);
    const key = `${draw(2) === 0 ? "h" : ""}${KEYS[draw(KEYS.length)]}`;
    if (serving(placed).includes(node)) added.push(add(placed, node, key));
    await placed.run(20 + draw(2000));
    disturbances.next();
    if (round === ROUNDS / 2) await redefine(placed, 1 + draw(3));
    if (round % 10 === 9) await placed.run(SETTLE_MS * draw(3));
  }
  disturbances.end();
  await placed.run(SETTLE_MS);
  expect(serving(placed)).toEqual(NODES);
  await placed.run(10 * SETTLE_MS);
  expect(Math.max(...NODES.map((node) => placed.driver(node).replica.sumUpkeep.written))).toBeGreaterThan(0);
  for (const name of KEYS.flatMap((key) => [key, `h${key}`])) {
    const mayCount = added.filter(({ key, told }) => key === name && !REFUSED.test(told));
    const counts = mayCount.filter(({ told }) => !told.startsWith("-"));
    const line = name.startsWith("h") ? `hget ${name} f` : `get ${name}`;
    const values: unknown[] = [];
    for (const node of NODES) values.push((await placed.at(node).do(line)) ?? "0");
    expect(new Set(values).size, `${name}: ${values}`).toBe(1);
    expect(Number(values[0]), name).toBeGreaterThanOrEqual(counts.length);
    expect(Number(values[0]), name).toBeLessThanOrEqual(mayCount.length);
  }
});

/** Those that are up, who carry commands out for others, too, from now on. */
function serving(placed: CommandWorld): readonly number[] {
  const up = NODES.filter((node) => placed.world.node(node).replica !== undefined);
  for (const node of up) placed.commandsOf(node);
  return up;
}

function add(placed: CommandWorld, node: number, key: string): Added {
  const added: Added = { key, told: "-UNKNOWN nobody has answered" };
  const client = placed.at(node);
  Promise.resolve()
    .then(() => client.ask(key.startsWith("h") ? `hincrby ${key} f 1` : `incr ${key}`))
    .then((reply) => {
      added.told = String(shown(reply));
    })
    .catch(() => {});
  return added;
}

async function redefine(placed: CommandWorld, replication: number): Promise<void> {
  const [first = 0] = serving(placed);
  await placed.do(placed.driver(first).defineKeyspace(NAME, { replication })).catch(() => {});
}

/** One replica at a time is stopped for a while, and one link cut. */
class Disturbances {
  readonly #placed: CommandWorld;
  readonly #draw: (count: number) => number;
  #down: number | undefined;
  #cut: readonly [number, number] | undefined;

  constructor(placed: CommandWorld, draw: (count: number) => number) {
    this.#placed = placed;
    this.#draw = draw;
  }

  next(): void {
    if (this.#draw(3) === 0) {
      if (this.#down !== undefined) this.#start();
      else {
        this.#down = this.#draw(NODES.length);
        this.#placed.world.node(this.#down).stop();
      }
    }
    if (this.#draw(3) > 0) return;
    if (this.#cut !== undefined) this.#heal();
    else {
      this.#cut = [0, 1 + this.#draw(NODES.length - 1)];
      this.#placed.cut([this.#cut[0]], [this.#cut[1]]);
    }
  }

  end(): void {
    this.#heal();
    this.#start();
  }

  #start(): void {
    if (this.#down !== undefined) this.#placed.world.node(this.#down).start();
    this.#down = undefined;
  }

  #heal(): void {
    if (this.#cut !== undefined) this.#placed.heal([this.#cut[0]], [this.#cut[1]]);
    this.#cut = undefined;
  }
}
