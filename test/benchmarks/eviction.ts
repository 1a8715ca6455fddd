/**
 * Which share of what is asked for is in memory, where there is room for a fifth of the keys: by the policy of the register
 * table, by LRU, and at best (Belady), over three traces.
 */

import { SeededRandom } from "../../src/base/random.ts";
import { CachedKeys } from "../support/cached-keys.ts";
import { beladyHits, lruHits, scannedTrace, shiftingTrace, zipfTrace } from "../support/traces.ts";
import type { BenchmarkReport, BenchmarkRow } from "./report.ts";

const KEYS = 100_000;
/** Four times more data than memory. */
const ROOM = KEYS / 5;
const LENGTH = 1_000_000;

export async function run(): Promise<BenchmarkReport> {
  const size = { keys: KEYS, length: LENGTH };
  const random = new SeededRandom("eviction");
  const rows = [
    ...rowsOf("Zipf 0.99", zipfTrace(random.fork("zipf"), size)),
    ...rowsOf("Zipf 0.99, scans in between", scannedTrace(random.fork("scans"), size)),
    ...rowsOf("Zipf 0.99, shifting", shiftingTrace(random.fork("shifts"), size)),
  ];
  return { name: "eviction", rows };
}

function rowsOf(name: string, trace: readonly number[]): BenchmarkRow[] {
  const cache = new CachedKeys(ROOM);
  for (const key of trace) cache.ask(key);
  const value = 100 * (cache.hits / trace.length);
  const lru = 100 * lruHits(trace, ROOM);
  const best = 100 * beladyHits(trace, ROOM);
  return [
    {
      what: `${name}: found in memory`,
      value,
      unit: "%",
      against: `LRU ${lru.toFixed(1)} %`,
      ratio: value / lru,
      target: ">= 0.97x",
    },
    { what: `${name}: of what can be found`, value: best, unit: "%", against: "Belady", ratio: value / best },
  ];
}
