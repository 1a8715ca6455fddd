/** What was added to sets through any replica is there in the end, whatever was cut, crashed or moved meanwhile. */

import { expect, it } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { type CommandsAt, CommandWorld, shown } from "../support/command-world.ts";
import { NAME, SETTLE_MS } from "../support/placed-world.ts";

const NODES = 4;
const KEYS = ["a", "b", "c", "d", "e"];
const ROUNDS = 60;
const UNKNOWN = /^-UNKNOWN /;
/** Nothing of it was carried out. */
const REFUSED = /^-(?:LOADING|TRYAGAIN|CROSSSLOT) /;

interface Added {
  readonly key: string;
  readonly member: string;
  readonly answer: Promise<unknown>;
}

it.each([1, 2, 3, 4])("every addition that was acknowledged is found at every replica (seed %i)", async (seed) => {
  const random = new SeededRandom(`additions-${seed}`);
  const draw = (count: number) => random.uint32() % count;
  const regions = Array.from({ length: NODES }, () => "eu");
  const placed = new CommandWorld({ seed: `additions-${seed}`, regions, settings: { replication: 2 } });
  await placed.begin();
  const clients = regions.map((_, node) => placed.at(node));
  const added: Added[] = [];
  const cuts = new Map<string, Cut>();
  for (let round = 0; round < ROUNDS; round++) {
    const key = KEYS[draw(KEYS.length)] as string;
    const member = `m${round}`;
    const line = `sadd ${key} ${member}`;
    added.push({ key, member, answer: Promise.resolve((clients[draw(NODES)] as CommandsAt).ask(line)).then(shown) });
    disturb(placed, cuts, draw);
    if (round === ROUNDS / 2) await placed.do(placed.driver(0).defineKeyspace(NAME, { replication: 1 + draw(3) }));
    await placed.run(20 + draw(400));
  }
  for (const cut of cuts.values()) placed.heal(...cut);
  await placed.run(4 * SETTLE_MS);
  for (const key of KEYS) {
    const all: unknown[] = [];
    for (const client of clients) all.push(await client.do(`smembers ${key}`));
    const [first, ...others] = all;
    for (const other of others) expect(sorted(other)).toEqual(sorted(first));
    const found = new Set(first as string[]);
    for (const { member, answer, key: of } of added) {
      if (of !== key) continue;
      const told = await answer;
      if (told === 1) expect([...found]).toContain(member);
      else if (REFUSED.test(String(told))) expect([...found]).not.toContain(member);
      else expect(String(told)).toMatch(UNKNOWN);
    }
  }
  expect((await Promise.all(added.map(({ answer }) => answer))).filter((told) => told === 1).length).toBeGreaterThan(
    30,
  );
});

function sorted(members: unknown): readonly string[] {
  return [...(members as string[])].sort();
}

type Cut = readonly [one: readonly number[], other: readonly number[]];

/** Cuts a link, or heals one. */
function disturb(placed: CommandWorld, cuts: Map<string, Cut>, draw: (count: number) => number): void {
  const [one, other] = [draw(NODES), draw(NODES)].sort() as [number, number];
  if (one === other) return;
  const name = `${one}-${other}`;
  const cut = cuts.get(name);
  if (cut !== undefined) {
    cuts.delete(name);
    placed.heal(...cut);
  } else if (draw(2) === 0) {
    cuts.set(name, [[one], [other]]);
    placed.cut([one], [other]);
  }
}
