/**
 * Clients on three replicas that edit, move from one replica to another, and are away, while links are cut and documents
 * are compacted and let go: in the end every replica has all that any has taken, and nothing else, and so have the clients.
 */

import { expect, it } from "vitest";
import * as Y from "yjs";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { DocumentClient, editAtRandom } from "../support/document-client.ts";
import { LiveMachines } from "../support/live-machines.ts";
import { Machines } from "../support/machines.ts";

const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const RUNS = Number(process.env.ATOLL_RUNS ?? 6);
const NAMES = ["a", "b", "c"] as const;
const KEY = "doc" as Key;
const STEPS = 120;

function snapshotOf(doc: Y.Doc): Uint8Array {
  return Y.encodeSnapshot(Y.snapshot(doc));
}

/** As somebody finds it who opens it at a replica, where it has been let go. */
function docOf(live: LiveMachines, name: string): Y.Doc {
  const doc = new Y.Doc();
  const open = live.open(name, KEY);
  Y.applyUpdate(doc, open.live.diff());
  open.release();
  return doc;
}

async function run(seed: string): Promise<void> {
  const random = new SeededRandom(seed);
  const pick = (count: number) => random.uint32() % count;
  const machines = await Machines.started([...NAMES], seed, {});
  const live = new LiveMachines(machines, NAMES, { unusedMs: 3_000 });
  const clients = Array.from({ length: 6 }, (_, place) => new DocumentClient(place + 1));
  const taken = new Y.Doc();
  for (const client of clients) client.taken = (update) => Y.applyUpdate(taken, update);
  const connect = (client: DocumentClient) => client.connect(live.hub(NAMES[pick(3)] ?? "a"), KEY);
  clients.forEach(connect);
  for (let step = 0; step < STEPS; step++) {
    for (let edits = pick(6); edits > 0; edits--) editAtRandom(clients[pick(6)] as DocumentClient, random);
    const client = clients[pick(6)] as DocumentClient;
    const move = pick(12);
    if (move < 2) connect(client);
    else if (move < 4) client.disconnect();
    if (pick(12) === 0) {
      machines.heal();
      const alone = NAMES[pick(3)] ?? "a";
      machines.cut(
        [alone],
        NAMES.filter((name) => name !== alone),
      );
    } else if (pick(8) === 0) machines.heal();
    live.run(pick(4) === 0 ? 5_000 : 50, 50);
  }
  machines.heal();
  for (const client of clients) client.disconnect();
  live.run(40_000);
  const stored = () => NAMES.map((name) => docOf(live, name));
  for (const doc of stored()) expect(snapshotOf(doc)).toEqual(snapshotOf(taken));
  clients.forEach(connect);
  live.run(20_000);
  const docs = clients.map(({ doc }) => doc);
  const fresh = stored();
  const [first, ...others] = [...docs, ...fresh].map(snapshotOf);
  for (const other of others) expect(other).toEqual(first);
  for (const doc of [...docs, ...fresh]) {
    expect(doc.getText("text").toDelta()).toEqual(docs[0]?.getText("text").toDelta());
    expect(doc.getArray("list").toJSON()).toEqual(docs[0]?.getArray("list").toJSON());
    expect(doc.getMap("map").toJSON()).toEqual(docs[0]?.getMap("map").toJSON());
    expect(doc.store.pendingStructs).toBeNull();
  }
}

it.each(Array.from({ length: RUNS }, (_, place) => SEED + place))("converges: seed %i", async (seed) => {
  try {
    await run(`${seed}`);
  } catch (error) {
    throw new Error(`ATOLL_SEED=${seed} ATOLL_RUNS=1 npx vitest run test/documents/convergence.test.ts`, {
      cause: error,
    });
  }
});
