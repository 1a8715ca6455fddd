/**
 * Documents at real replicas in processes of their own, linked through proxies, while one is killed and one is cut off
 * under stock y-websocket clients. The seed fixes who is killed and where is written; how they fall together is up to
 * the machine.
 */

import { afterEach, expect, it } from "vitest";
import type * as Y from "yjs";
import { SeededRandom } from "../../src/base/random.ts";
import {
  createReplica,
  freePort,
  type ReplicaProcess,
  reportsOf,
  untilEqual,
  untilLinked,
} from "../end-to-end/replica-process.ts";
import { disconnectAll } from "../support/yjs-clients.ts";
import { DocumentAuthors } from "./document-authors.ts";
import { ProxyLinks } from "./proxy.ts";

const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);
const REPLAY = `ATOLL_SEED=${SEED} npx vitest run test/processes/documents.test.ts`;
const PLACES = [0, 1, 2] as const;
const AUTHORS_PER_REPLICA = 2;
/** That each client writes before, during and after a fault. */
const WORDS = 20;

let links: ProxyLinks | undefined;

afterEach(async () => {
  disconnectAll();
  await links?.stop();
});

async function startReplicas(random: SeededRandom): Promise<readonly ReplicaProcess[]> {
  const ports: number[] = [];
  for (const _ of PLACES) ports.push(await freePort());
  const quality = () => ({ latencyMs: 2, jitterMs: 2, loss: 0, bytesPerMs: Infinity });
  links = await ProxyLinks.start({ ports, quality, cuts: "black-hole", random });
  const replicas: ReplicaProcess[] = [];
  for (const [place, port] of ports.entries()) {
    const { host, join, advertise } = links.place(place);
    replicas.push(await createReplica(`r${place}`, { port, host, join, advertise, shards: 8 }));
  }
  await Promise.all(replicas.map((replica) => replica.start()));
  await untilLinked(replicas);
  return replicas;
}

/** Cuts one off from all others, until the returned function heals it. */
async function isolate(alone: number): Promise<() => Promise<void>> {
  const others = PLACES.filter((place) => place !== alone);
  const paths = others.flatMap((other) => [[alone, other] as const, [other, alone] as const]);
  const heal = await links?.cut({ shape: "one alone", paths });
  return async () => heal?.();
}

it(`hold every acknowledged edit, seed ${SEED}`, { timeout: 120_000 }, async ({ onTestFailed }) => {
  onTestFailed(() => void process.stderr.write(`${REPLAY}\n`));
  const random = new SeededRandom(SEED);
  const replicas = await startReplicas(random.fork("links"));
  const authors = new DocumentAuthors(replicas, random.fork("words"));
  await authors.start(AUTHORS_PER_REPLICA);
  authors.begin(2 * WORDS);
  await authors.until(WORDS, PLACES);

  const victim = random.pick(PLACES);
  await replicas[victim]?.kill();
  const others = PLACES.filter((place) => place !== victim);
  await authors.until(0, others);
  authors.begin(WORDS);
  await replicas[victim]?.start();
  await untilLinked(replicas);
  await authors.until(0, PLACES);

  const heal = await isolate(random.pick(PLACES));
  authors.begin(2 * WORDS);
  await authors.until(WORDS, PLACES);
  await heal();
  await authors.finish();
  await untilEqual(replicas);

  const expected = [...authors.acknowledged].sort();
  await expectAll(await authors.docs(), expected, replicas);
  disconnectAll();
  await killInTurn(replicas);
  await expectAll(await authors.freshDocs(), expected, replicas);
});

/** With no client that could bring back what is lost. */
async function killInTurn(replicas: readonly ReplicaProcess[]): Promise<void> {
  for (const replica of replicas) {
    await replica.kill();
    await replica.start();
    await untilLinked(replicas);
    await untilEqual(replicas);
  }
}

async function expectAll(
  docs: readonly Y.Doc[],
  words: readonly string[],
  replicas: readonly ReplicaProcess[],
): Promise<void> {
  const about = `${REPLAY}: ${JSON.stringify(await reportsOf(replicas))}`;
  for (const doc of docs) {
    expect([...doc.getArray<string>("words").toArray()].sort(), about).toEqual(words);
    expect(doc.getText("text").length, about).toBe(words.length);
  }
}
