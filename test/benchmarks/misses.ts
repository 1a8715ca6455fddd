/**
 * A replica with four times more data than memory, asked by Zipf's law over HTTP: which share of what is asked for is in memory, against
 * LRU with as much room on the same trace; and what it costs those whose values are in memory that others' are not. The same is asked
 * of the same replica in turns, once beside what has to be read from disk and once beside what has not.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../src/base/random.ts";
import { HttpConnection } from "../../src/cli/bench/http-connection.ts";
import { createKeyChoice } from "../../src/cli/bench/key-choice.ts";
import type { LatencyHistogram } from "../../src/cli/bench/latency-histogram.ts";
import { Load } from "../../src/cli/bench/load.ts";
import { lruHits } from "../support/traces.ts";
import { median } from "./median.ts";
import { MemoryProcess } from "./memory-process.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const MEMORY_BYTES = 256 * 1024 ** 2;
const VALUE_BYTES = 8 * 1024;
/** Four times more data than the replica may take of memory, all else that it takes it for included. */
const KEYS = (4 * MEMORY_BYTES) / VALUE_BYTES;
const FILLING = { prefix: "fill/", first: 10_000_000_000, count: KEYS, valueBytes: VALUE_BYTES };
const WARM_UP = 150_000;
const ASKED = 200_000;
/** Between two looks at how many values are in memory. */
const LOOKS = 10;
const CONNECTIONS = 20;

const ROUNDS = 7;
const ROUND_MS = 4000;
/** Asked for so often that their values stay. */
const HOT_KEYS = 500;
const HOT_PER_SECOND = 500;
const OTHERS_PER_SECOND = 500;
const AT_ONCE = 1000;

export async function run(): Promise<BenchmarkReport> {
  const data = mkdtempSync(join(tmpdir(), "atoll-bench-misses-"));
  const replica = await MemoryProcess.start({ data, memoryBytes: MEMORY_BYTES });
  try {
    await replica.fill(FILLING);
    const hits = await hitRow(replica);
    const latencies = await latencyRows(replica);
    const reads = await replica.askAtOnce(`${FILLING.prefix}${FILLING.first + KEYS - 1}`, AT_ONCE);
    const coalescing: BenchmarkRow = {
      what: `reads from disk for ${AT_ONCE} that ask for one value at once`,
      value: reads,
      unit: "",
      target: "<= 1",
    };
    return { name: "four times more data than memory", rows: [hits, ...latencies, coalescing] };
  } finally {
    await replica.kill();
    rmSync(data, { recursive: true, force: true });
  }
}

async function hitRow(replica: MemoryProcess): Promise<BenchmarkRow> {
  const random = new SeededRandom("zipf");
  const choose = createKeyChoice("zipf", KEYS);
  const trace: number[] = [];
  const next = () => {
    const key = choose(random);
    trace.push(key);
    return key;
  };
  await ask(replica, next, { requestsMax: WARM_UP });
  const before = (await replica.figures()).valuesRead;
  const room: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    await ask(replica, next, { requestsMax: ASKED / LOOKS });
    const { registers, valuesOnDiskOnly } = await replica.figures();
    room.push(registers - valuesOnDiskOnly);
  }
  const missed = (await replica.figures()).valuesRead - before;
  const value = 100 * (1 - missed / ASKED);
  const lru = 100 * lruHitsAfter(trace, WARM_UP, Math.round(median(room)));
  return {
    what: `Zipf 0.99 over ${KEYS} keys, room for ${Math.round(median(room))}: found in memory`,
    value,
    unit: "%",
    against: `LRU ${lru.toFixed(1)} %`,
    ratio: value / lru,
    target: `>= ${(1 - 3 / lru).toFixed(3)}x`,
  };
}

/** Of what follows the warm-up. */
function lruHitsAfter(trace: readonly number[], warmUp: number, room: number): number {
  const all = lruHits(trace, room) * trace.length;
  const early = lruHits(trace.slice(0, warmUp), room) * warmUp;
  return (all - early) / (trace.length - warmUp);
}

interface Round {
  readonly besideMisses: LatencyHistogram;
  readonly besideHits: LatencyHistogram;
}

async function latencyRows(replica: MemoryProcess): Promise<readonly BenchmarkRow[]> {
  const random = new SeededRandom("beside");
  const among = (first: number, count: number) => () => first + Math.floor((random.uint32() / 2 ** 32) * count);
  const hot = among(0, HOT_KEYS);
  const otherHot = among(HOT_KEYS, HOT_KEYS);
  const cold = among(KEYS / 4, (KEYS * 3) / 4);
  const beside = async (others: () => number) => {
    const [asked] = await Promise.all([
      ask(replica, hot, { perSecond: HOT_PER_SECOND }),
      ask(replica, others, { perSecond: OTHERS_PER_SECOND }),
    ]);
    return asked;
  };
  await beside(otherHot);
  let missed = 0;
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const before = (await replica.figures()).valuesRead;
    const besideMisses = await beside(cold);
    missed += (await replica.figures()).valuesRead - before;
    rounds.push({ besideMisses, besideHits: await beside(otherHot) });
  }
  const row = (name: string, share: number): BenchmarkRow => {
    const of = (pick: (round: Round) => LatencyHistogram) =>
      median(rounds.map((round) => pick(round).quantileMs(share)));
    return {
      what: `GET of what is in memory beside ${Math.round((missed * 1000) / (ROUNDS * ROUND_MS))} misses a second, ${name}`,
      value: of((round) => round.besideMisses),
      unit: "ms",
      against: `none: ${of((round) => round.besideHits).toFixed(2)} ms`,
      ratio: median(rounds.map((round) => round.besideMisses.quantileMs(share) / round.besideHits.quantileMs(share))),
    };
  };
  return [row("p50", 0.5), row("p99", 0.99)];
}

interface Pace {
  readonly requestsMax?: number;
  readonly perSecond?: number;
}

async function ask(
  { port }: MemoryProcess,
  next: () => number,
  { requestsMax = Infinity, perSecond }: Pace,
): Promise<LatencyHistogram> {
  const target = { url: new URL(`http://127.0.0.1:${port}`), prefix: FILLING.prefix, value: "" };
  const connections = Array.from({ length: CONNECTIONS }, () => new HttpConnection(target));
  const load = new Load({
    connections,
    next: () => ({ type: "get", key: FILLING.first + next() }),
    requestsMax,
    durationMs: requestsMax < Infinity ? Infinity : ROUND_MS,
    timeoutMs: Infinity,
    ...(perSecond === undefined ? {} : { perSecond }),
  });
  const { tally } = await load.run();
  for (const connection of connections) connection.close();
  if (tally.errors > 0 || tally.misses > 0) throw new Error(`${tally.errors} errors, ${tally.misses} keys not found`);
  return tally.latencies.get;
}
