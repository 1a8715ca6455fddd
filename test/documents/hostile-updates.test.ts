/**
 * Damaged and made-up updates: what the check accepts must do Yjs no harm. Work is counted, not timed: structs that are
 * there afterwards, and what is left waiting.
 *
 * Each run has its own seed; a failure prints the command that replays it.
 */

import { expect, test, vi } from "vitest";
import { modifyAwarenessUpdate } from "y-protocols/awareness";
import * as Y from "yjs";
import { AtollError } from "../../src/base/errors.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { checkAwareness } from "../../src/documents/awareness-check.ts";
import { isCollectable } from "../../src/documents/collectable.ts";
import { documentLimits } from "../../src/documents/document-limits.ts";
import { prepareUpdate } from "../../src/documents/prepare-update.ts";
import { checkUpdate } from "../../src/documents/update-check.ts";
import type { UpdateFacts } from "../../src/documents/update-facts.ts";
import { firstUpdate, madeUpdate } from "./made-updates.ts";
import { mutate } from "./mutate.ts";
import { realUpdates } from "./real-updates.ts";
import { all, bytesOf, text, uint } from "./update-bytes.ts";

const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const ROUNDS = Number(process.env.ATOLL_FUZZ_ROUNDS ?? 5);
vi.setConfig({ testTimeout: 180_000 });
const REPLAY = `ATOLL_SEED=${SEED} ATOLL_FUZZ_ROUNDS=${ROUNDS} npx vitest run test/documents/hostile-updates.test.ts`;

/** The facts, or undefined where the check refused as it may. */
function checked(bytes: Uint8Array): UpdateFacts | undefined {
  try {
    return checkUpdate(bytes);
  } catch (error) {
    if (error instanceof AtollError && ["BAD_UPDATE", "UPDATE_TOO_LARGE"].includes(error.code)) return undefined;
    throw error;
  }
}

/** Runs each round under a seed of its own, and says which one failed. */
function rounds(name: string, run: (random: SeededRandom) => void): void {
  for (let round = 0; round < ROUNDS; round++) {
    try {
      run(new SeededRandom(`${SEED} ${name} ${round}`));
    } catch (error) {
      throw new Error(`round ${round}: ${REPLAY} -t "${name}"`, { cause: error });
    }
  }
}

function structsIn(doc: Y.Doc): number {
  return [...doc.store.clients.values()].reduce((sum, structs) => sum + structs.length, 0);
}

/** A document that takes updates as they come, and holds itself to what it promises. */
class Receiver {
  readonly doc = new Y.Doc({ gcFilter: isCollectable });
  /** Each struct is cut twice at most by what a struct refers to, or by a deletion. */
  #structsMax = 0;
  applied = 0;

  receive(update: Uint8Array, facts: UpdateFacts): void {
    const news = this.#prepared(update, facts);
    if (news === undefined) return;
    this.#structsMax += 3 * facts.structs + 2 * facts.deletes;
    Y.applyUpdate(this.doc, news);
    this.applied++;
    expect(this.doc.store.pendingStructs).toBeNull();
    expect(this.doc.store.pendingDs).toBeNull();
    expect(structsIn(this.doc)).toBeLessThanOrEqual(this.#structsMax);
  }

  #prepared(update: Uint8Array, facts: UpdateFacts): Uint8Array | undefined {
    try {
      return prepareUpdate(this.doc, update, facts, documentLimits);
    } catch (error) {
      if (error instanceof AtollError && error.code === "PREDECESSORS_MISSING") return undefined;
      throw error;
    }
  }

  /** What others will be sent is an update as well, and makes the same document. */
  checkState(): void {
    const state = Y.encodeStateAsUpdate(this.doc);
    const facts = checkUpdate(state);
    expect(facts.needs.size).toBe(0);
    const copy = new Receiver();
    copy.receive(state, facts);
    expect(Y.encodeStateVector(copy.doc)).toEqual(Y.encodeStateVector(this.doc));
    copy.doc.destroy();
    this.doc.destroy();
  }
}

test("real updates that are damaged do no harm, to an empty document and to the one they were made of", () => {
  let refused = 0;
  let applied = 0;
  rounds("real updates that are damaged", (random) => {
    const pool = realUpdates(random, 20);
    const full = pool.at(-1) as Uint8Array;
    for (let i = 0; i < 300; i++) {
      const bytes = mutate(pool[random.below(pool.length)] as Uint8Array, pool, random);
      const facts = checked(bytes);
      if (facts === undefined) refused++;
      if (facts === undefined) continue;
      Y.applyUpdate(new Y.Doc(), bytes);
      for (const before of [[], [full]]) {
        const receiver = new Receiver();
        for (const update of before) receiver.receive(update, checkUpdate(update));
        receiver.receive(bytes, facts);
        for (const update of pool.slice(0, 5)) receiver.receive(update, checkUpdate(update));
        applied += receiver.applied;
        receiver.checkState();
      }
    }
  });
  expect(refused).toBeGreaterThan(100 * ROUNDS);
  expect(applied).toBeGreaterThan(10 * ROUNDS);
});

test("updates that are well formed and make no sense do no harm, one after the other", () => {
  let applied = 0;
  rounds("updates that are well formed", (random) => {
    for (let i = 0; i < 100; i++) {
      const receiver = new Receiver();
      for (const bytes of [firstUpdate(random), ...Array.from({ length: 20 }, () => madeUpdate(random))]) {
        const facts = checked(bytes);
        if (facts !== undefined) receiver.receive(bytes, facts);
      }
      applied += receiver.applied;
      receiver.checkState();
    }
  });
  expect(applied).toBeGreaterThan(100 * ROUNDS);
});

test("bytes that are nothing are refused or do no harm", () => {
  rounds("bytes that are nothing", (random) => {
    for (let i = 0; i < 2000; i++) {
      const bytes = Uint8Array.from({ length: random.below(30) }, () => random.below(random.chance(0.5) ? 256 : 12));
      const facts = checked(bytes);
      if (facts !== undefined) new Receiver().receive(bytes, facts);
    }
  });
});

test("bombs of 10 to 12 bytes are refused, each before anything is made for its claim", () => {
  const random = new SeededRandom(SEED);
  for (let i = 0; i < 10_000; i++) {
    const claim = 2 ** 20 + random.below(2 ** 31);
    const bomb = bytesOf(uint(1), uint(claim), uint(random.below(2 ** 14)), uint(0));
    const bytes = Uint8Array.from({ length: 10 + random.below(3) }, (_, at) => bomb[at] ?? random.below(256));
    expect(() => checkUpdate(bytes), REPLAY).toThrow(expect.objectContaining({ code: "BAD_UPDATE" }));
  }
});

test("damaged awareness is refused, or is what y-protocols can read", () => {
  rounds("damaged awareness", (random) => {
    const state = (i: number) =>
      all(uint(i * 1000), uint(i), text(JSON.stringify({ user: { name: "Zoë", at: [i, null] } })));
    const pool = [bytesOf(uint(3), state(1), state(2), state(3)), bytesOf(uint(1), uint(7), uint(2), text("null"))];
    for (let i = 0; i < 2000; i++) {
      const bytes = mutate(pool[random.below(2)] as Uint8Array, pool, random);
      try {
        const facts = checkAwareness(bytes);
        const states: unknown[] = [];
        modifyAwarenessUpdate(bytes, (state: unknown) => states.push(state));
        expect(facts.map(({ isGone }) => isGone)).toEqual(states.map((state) => state === null));
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^(BAD_AWARENESS|AWARENESS_TOO_LARGE)$/) });
      }
    }
  });
});
