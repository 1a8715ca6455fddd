/**
 * Somebody who writes in the same name at two replicas, and differently: each takes what it is told, and hears of the other
 * story from the store. No order can be made of that; but the document goes on, for what is honest, and so does the process.
 */

import { expect, it } from "vitest";
import * as Y from "yjs";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { LiveDocument } from "../../src/documents/live-document.ts";
import { DocumentClient, editAtRandom } from "../support/document-client.ts";
import { FakeDocumentStore, FakeSurroundings } from "../support/fake-documents.ts";

const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const RUNS = Number(process.env.ATOLL_RUNS ?? 100);
const KEY = "doc" as Key;

/** What somebody writes, in the name of client 5. */
function story(random: SeededRandom): readonly Uint8Array[] {
  const client = new DocumentClient(5);
  const updates: Uint8Array[] = [];
  client.doc.on("update", (update) => updates.push(update));
  for (let edits = 2 + (random.uint32() % 20); edits > 0; edits--) editAtRandom(client, random);
  return updates;
}

/** Two lists as one, each in its order. */
function woven<T>(a: readonly T[], b: readonly T[], random: SeededRandom): readonly T[] {
  const [left, right] = [[...a], [...b]];
  const all: T[] = [];
  while (left.length + right.length > 0) {
    const from = right.length === 0 || (left.length > 0 && random.uint32() % 2 === 0) ? left : right;
    all.push(from.shift() as T);
  }
  return all;
}

function run(seed: string): void {
  const random = new SeededRandom(seed);
  const store = new FakeDocumentStore();
  const { around } = new FakeSurroundings();
  const live = new LiveDocument({ key: KEY, store, around });
  for (const update of woven(story(random), story(random), random)) store.arrive(KEY, update);
  const told: Uint8Array[] = [];
  live.users.add({ updated: (update) => void told.push(update), ended: () => {} });
  const honest = new Y.Doc();
  const written: Uint8Array[] = [];
  honest.on("update", (update) => written.push(update));
  for (const word of ["one ", "two "]) honest.getText("honest").insert(0, word);
  for (const update of written) void live.receive(update, "client");
  expect(live.end).toBeUndefined();
  expect(told).toHaveLength(2);
  live.compact();
  const again = new LiveDocument({ key: KEY, store, around });
  for (const { doc } of [live, again]) expect(doc.getText("honest").toString()).toBe("two one ");
  expect(() => live.diff()).not.toThrow();
}

it(`is survived: seed ${SEED}`, () => {
  for (let place = 0; place < RUNS; place++) {
    try {
      run(`${SEED + place}`);
    } catch (error) {
      const replay = `ATOLL_SEED=${SEED + place} ATOLL_RUNS=1 npx vitest run test/documents/two-stories.test.ts`;
      throw new Error(replay, { cause: error });
    }
  }
});
