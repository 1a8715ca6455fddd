/**
 * Updates of one document relayed to ten clients. The writer is never further ahead of the slowest reader than a window,
 * so that nobody's queues count. Servers take turns, and what a server's CPU had to do counts as well: where the readers
 * of this process are what is slowest, that alone tells the servers apart.
 */

import { DocumentServer } from "./document-server.ts";
import { DocumentWire, updateMessage } from "./document-wire.ts";
import { median } from "./median.ts";
import type { BenchmarkRow } from "./report.ts";
import { typed } from "./typing.ts";

const READERS = 10;
const UPDATES = 3_000;
const WINDOW = 100;
const ROUNDS = 9;
/** A server that has just started is compiled for as long. */
const WARM_UP_ROUNDS = 10;

export interface Relayed {
  readonly perSecond: number;
  /** Of the server, for each update, in microseconds. */
  readonly cpu: number;
}

/** Sends messages to a document, and waits until all readers have all. */
export async function relay(
  server: DocumentServer,
  key: string,
  messages: readonly Uint8Array[],
  readers = READERS,
): Promise<Relayed> {
  const url = server.url(key);
  const writer = await DocumentWire.open(url);
  const wires = await Promise.all(Array.from({ length: readers }, () => DocumentWire.open(url)));
  const before = await server.ask("cpu");
  const from = performance.now();
  await new Promise<void>((resolve, reject) => {
    const hungUp = (code: number) => reject(new Error(`a client was hung up on: ${code}`));
    for (const { socket } of [writer, ...wires]) socket.once("close", hungUp);
    let sent = 0;
    const proceed = () => {
      let slowest = Infinity;
      for (const wire of wires) slowest = Math.min(slowest, wire.updates);
      if (slowest === messages.length) resolve();
      for (; sent < messages.length && sent < slowest + WINDOW; sent++) writer.send(messages[sent] ?? new Uint8Array());
    };
    for (const wire of wires) wire.onUpdate = proceed;
    proceed();
  });
  const ms = performance.now() - from;
  const cpu = ((await server.ask("cpu")) - before) / messages.length;
  await Promise.all([writer, ...wires].map((wire) => wire.close()));
  return { perSecond: (messages.length / ms) * 1_000, cpu };
}

export async function relayRows(): Promise<readonly BenchmarkRow[]> {
  const messages = typed(UPDATES).updates.map(updateMessage);
  const ours = await DocumentServer.start("atoll");
  const theirs = await DocumentServer.start("y-websocket-server");
  try {
    const rounds: { readonly ours: Relayed; readonly theirs: Relayed }[] = [];
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      const key = `relay-${round}`;
      rounds.push({ ours: await relay(ours, key, messages), theirs: await relay(theirs, key, messages) });
    }
    return rowsOf(rounds.slice(WARM_UP_ROUNDS));
  } finally {
    await Promise.all([ours.kill(), theirs.kill()]);
  }
}

function rowsOf(rounds: readonly { readonly ours: Relayed; readonly theirs: Relayed }[]): readonly BenchmarkRow[] {
  const theirRate = median(rounds.map(({ theirs }) => theirs.perSecond));
  const theirCpu = median(rounds.map(({ theirs }) => theirs.cpu));
  return [
    {
      what: `updates relayed to ${READERS} clients`,
      value: median(rounds.map(({ ours }) => ours.perSecond)),
      unit: "/s",
      against: `theirs (${Math.round(theirRate)}/s)`,
      ratio: median(rounds.map(({ ours, theirs }) => ours.perSecond / theirs.perSecond)),
      target: ">= 0.9x",
    },
    {
      what: "the same: server CPU an update",
      value: median(rounds.map(({ ours }) => ours.cpu)),
      unit: "us",
      against: `theirs (${theirCpu.toFixed(0)} us)`,
      ratio: median(rounds.map(({ ours, theirs }) => ours.cpu / theirs.cpu)),
    },
  ];
}
