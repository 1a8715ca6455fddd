/**
 * The random tests that Yjs has of itself (`applyRandomTests` of `yjs/testHelper`), over Atoll: its users, its chances of
 * losing and finding a connection and of a message arriving, its comparison at the end, down to the structs. Its test
 * connector hands messages from user to user; here each user has a door of one of three replicas, between which there
 * are cuts, and which are killed and started again.
 *
 * `ATOLL_STOCK_RUNS=N` runs N seeds of each kind, `ATOLL_SEED` replays one.
 */

import * as prng from "lib0/prng";
import { describe, expect, it, vi } from "vitest";
import { type StockEdit, stockEdits } from "./stock-edits.ts";
import { StockWorld } from "./stock-world.ts";

const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const RUNS = Number(process.env.ATOLL_STOCK_RUNS ?? 3);
const USERS = 5;
const EDITS = 150;
vi.setConfig({ testTimeout: 60_000 });

/** Below this many of a thousand steps. */
const CUTS = 30;
const DISKS_HELD = 50;
const KILLS = 60;

async function disturb(world: StockWorld, random: prng.PRNG): Promise<void> {
  const chance = prng.int32(random, 0, 999);
  if (chance < CUTS) world.cutOrHeal();
  else if (chance < DISKS_HELD) world.holdDisks();
  else if (chance < KILLS) await world.restartRandom();
  if (prng.int32(random, 0, 9) === 0) world.pass(prng.oneOf(random, [50, 50, 500, 5_000]));
}

/** As Yjs has it. */
function moveMessages(world: StockWorld, random: prng.PRNG): void {
  if (prng.int32(random, 0, 100) <= 2) {
    if (prng.bool(random)) world.disconnectRandom();
    else world.reconnectRandom();
  } else if (prng.int32(random, 0, 100) <= 1) world.flushAll();
  else if (prng.int32(random, 0, 100) <= 50) world.flushRandom();
}

async function run(seed: number, edits: readonly StockEdit[]): Promise<void> {
  const random = prng.create(seed);
  const world = await StockWorld.started(seed, random);
  for (let user = 0; user < USERS; user++) world.createUser(user);
  for (let step = 0; step < EDITS; step++) {
    await disturb(world, random);
    moveMessages(world, random);
    const user = prng.oneOf(random, world.users);
    prng.oneOf(random, [...edits])(user, random);
  }
  world.compare();
  expect(world.refusals).toEqual([]);
}

describe("the random tests of Yjs hold over three replicas", () => {
  for (const [kind, edits] of Object.entries(stockEdits)) {
    for (let seed = SEED; seed < SEED + RUNS; seed++) {
      it(`${kind}, seed ${seed}`, async () => {
        try {
          await run(seed, edits);
        } catch (error) {
          const command = "npx vitest run test/documents/stock-random.test.ts";
          throw new Error(`ATOLL_SEED=${seed} ATOLL_STOCK_RUNS=1 ${command} -t "${kind}, "`, { cause: error });
        }
      });
    }
  }
});
