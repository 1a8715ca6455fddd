/** Traces of keys that are asked for, and what a cache could make of them: with LRU, and with Belady's foresight. */

import type { SeededRandom } from "../../src/base/random.ts";

/** Keys by a Zipf law: key k with a weight of 1 / (k + 1)^exponent. */
export function zipf(random: SeededRandom, keys: number, exponent: number): () => number {
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let key = 0; key < keys; key++) {
    sum += 1 / (key + 1) ** exponent;
    sums[key] = sum;
  }
  return () => {
    const drawn = (random.uint32() / 2 ** 32) * sum;
    let [low, high] = [0, keys - 1];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] as number) <= drawn) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

export function zipfTrace(random: SeededRandom, { keys, length }: { keys: number; length: number }): number[] {
  const draw = zipf(random, keys, 0.99);
  return Array.from({ length }, draw);
}

/** A tenth of it are scans, each over keys that are asked for once. */
export function scannedTrace(random: SeededRandom, { keys, length }: { keys: number; length: number }): number[] {
  const draw = zipf(random, keys, 0.99);
  const trace: number[] = [];
  for (let scanned = keys; trace.length < length; ) {
    for (let i = 0; i < keys; i++) trace.push(draw());
    for (let i = 0; i < keys / 9; i++) trace.push(scanned++);
  }
  return trace.slice(0, length);
}

/** What is hot is another thing every so often. */
export function shiftingTrace(random: SeededRandom, { keys, length }: { keys: number; length: number }): number[] {
  const draw = zipf(random, keys, 0.99);
  const period = Math.ceil(length / 10);
  return Array.from({ length }, (_, i) => (draw() + Math.floor(i / period) * Math.floor(keys / 10)) % keys);
}

/** The share of a trace that is found with so much room, where the one that was asked for longest ago goes. */
export function lruHits(trace: readonly number[], room: number): number {
  const kept = new Set<number>();
  let hits = 0;
  for (const key of trace) {
    if (kept.delete(key)) hits++;
    else if (kept.size === room) kept.delete(kept.values().next().value as number);
    kept.add(key);
  }
  return hits / trace.length;
}

/** The same, where the one goes that will be asked for last (Belady 1966): nobody finds more. */
export function beladyHits(trace: readonly number[], room: number): number {
  const nextAt = nextUses(trace);
  const kept = new Map<number, number>();
  // By when each is asked for next; entries that are no longer true are passed over.
  const heap = new Latest();
  let hits = 0;
  trace.forEach((key, i) => {
    const next = nextAt[i] as number;
    if (kept.has(key)) hits++;
    else if (kept.size === room) {
      for (;;) {
        const { at, key: last } = heap.pop();
        if (kept.get(last) !== at) continue;
        kept.delete(last);
        break;
      }
    }
    kept.set(key, next);
    heap.push(next, key);
  });
  return hits / trace.length;
}

function nextUses(trace: readonly number[]): number[] {
  const next = new Array<number>(trace.length);
  const seenAt = new Map<number, number>();
  for (let i = trace.length - 1; i >= 0; i--) {
    const key = trace[i] as number;
    // Those that never come again differ, so that each has an entry of its own.
    next[i] = seenAt.get(key) ?? trace.length + i;
    seenAt.set(key, i);
  }
  return next;
}

/** A heap, the greatest first. */
class Latest {
  readonly #entries: { readonly at: number; readonly key: number }[] = [];

  push(at: number, key: number): void {
    const entries = this.#entries;
    let place = entries.length;
    entries.push({ at, key });
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if ((entries[parent]?.at ?? 0) >= at) break;
      entries[place] = entries[parent] as { at: number; key: number };
      place = parent;
    }
    entries[place] = { at, key };
  }

  pop(): { readonly at: number; readonly key: number } {
    const entries = this.#entries;
    const [first] = entries;
    const last = entries.pop();
    if (first === undefined || last === undefined) throw new Error("nothing is kept");
    for (let place = 0, child = 1; child < entries.length; child = 2 * place + 1) {
      if ((entries[child + 1]?.at ?? -1) > (entries[child]?.at ?? -1)) child++;
      if ((entries[child]?.at ?? -1) <= last.at) {
        entries[place] = last;
        return first;
      }
      entries[place] = entries[child] as { at: number; key: number };
      place = child;
      if (2 * place + 1 >= entries.length) entries[place] = last;
    }
    if (entries.length === 1) entries[0] = last;
    return first;
  }
}
