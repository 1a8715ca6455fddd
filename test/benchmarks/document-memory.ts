/**
 * What documents cost that nobody uses, and what it takes to load one. Both servers keep the former in memory alone, as
 * theirs does unless it is told otherwise: it then keeps the documents as they are. For the latter both have a disk, from
 * which each was started anew: a node has read all registers by then and makes a document of them, theirs reads LevelDB.
 */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as Y from "yjs";
import { BenchClient } from "./document-client.ts";
import { relay } from "./document-relay.ts";
import { DocumentServer } from "./document-server.ts";
import type { Kind } from "./document-server-child.ts";
import { DocumentWire, updateMessage } from "./document-wire.ts";
import { median } from "./median.ts";
import type { BenchmarkRow } from "./report.ts";
import { typed } from "./typing.ts";

const DOCUMENTS = 10_000;
const WARM_UP_DOCUMENTS = 500;
const AT_A_TIME = 20;
const EDITS = 100_000;
const LOADS = 3;
const LOAD_MS_MAX = 120_000;
const LOOK_EVERY_MS = 500;

/** A short note. */
function note(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText("text").insert(0, "a note that somebody wrote, and nobody looks at any more");
  return updateMessage(Y.encodeStateAsUpdate(doc));
}

/** Opens documents, writes in each, closes it, and waits until a server that lets go of them has. */
async function useOnce(server: DocumentServer, prefix: string, count: number): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < count) {
      const wire = await DocumentWire.open(server.url(prefix + next++));
      wire.send(note());
      await wire.close();
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, one));
  if (server.kind === "atoll") {
    while ((await server.ask("open")) > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function bytesPerDocument(kind: Kind): Promise<number> {
  const server = await DocumentServer.start(kind);
  try {
    await useOnce(server, "before", WARM_UP_DOCUMENTS);
    const before = await server.ask("used");
    await useOnce(server, "idle", DOCUMENTS);
    return ((await server.ask("used")) - before) / DOCUMENTS;
  } finally {
    await server.kill();
  }
}

export async function memoryRows(): Promise<readonly BenchmarkRow[]> {
  const [ours, theirs] = [await bytesPerDocument("atoll"), await bytesPerDocument("y-websocket-server")];
  return [
    {
      what: `memory of an idle document, of ${DOCUMENTS}`,
      value: ours,
      unit: "bytes",
      against: `theirs (${Math.round(theirs)} bytes)`,
      ratio: ours / theirs,
    },
  ];
}

/** Writes a document, and loads it as often from a server that was just started. Ms. */
async function loadMs(kind: Kind, messages: readonly Uint8Array[], length: number): Promise<number> {
  const data = await mkdtemp(join(tmpdir(), "atoll-bench-"));
  try {
    const writer = await DocumentServer.start(kind, { data });
    await relay(writer, "long", messages, 1);
    await writer.ask("stored", "long");
    await writer.kill();
    const times: number[] = [];
    for (let load = 0; load < LOADS; load++) times.push(await loadOnce(kind, data, length));
    return median(times);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function loadOnce(kind: Kind, data: string, length: number): Promise<number> {
  const server = await DocumentServer.start(kind, { data });
  const from = performance.now();
  const client = new BenchClient(server, "long");
  try {
    if (!(await client.has(length, LOAD_MS_MAX))) return Infinity;
    return performance.now() - from;
  } finally {
    client.close();
    await server.kill();
  }
}

export async function loadRows(): Promise<readonly BenchmarkRow[]> {
  const { updates, state } = typed(EDITS);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, state);
  const { length } = doc.getText("text");
  const messages = updates.map(updateMessage);
  const ours = await loadMs("atoll", messages, length);
  const theirs = await loadMs("y-websocket-server", messages, length);
  return [
    {
      what: `load of a document of ${EDITS} edits, from the disk to a client`,
      value: ours,
      unit: "ms",
      against: `theirs (${Math.round(theirs)} ms)`,
      ratio: ours / theirs,
    },
  ];
}
