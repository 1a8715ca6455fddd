/**
 * What happened, as a hash and, when asked for, as a list. Everything that can tell two runs apart goes through here in
 * order: frames sent and delivered, disk writes, faults, operations and their answers, log lines. Equal seeds must give
 * equal hashes; the first differing entry of two kept traces shows where determinism was lost.
 */

import { hashText } from "../../src/base/hash.ts";
import type { WorldObserver } from "./observer.ts";
import type { TraceKind } from "./trace-kind.ts";

export interface TraceEntry {
  readonly at: number;
  readonly kind: TraceKind;
  /** Index of the node it happened at; -1 for the world. */
  readonly node: number;
  /** Peer index, bytes, operation number: whatever the kind has. */
  readonly a: number;
  readonly b: number;
  readonly detail?: string;
}

const KIND_CODES = {
  start: 1,
  ready: 2,
  stop: 3,
  crash: 4,
  up: 5,
  down: 6,
  refused: 7,
  send: 8,
  drop: 9,
  deliver: 10,
  "disk-write": 11,
  "disk-done": 12,
  "disk-failed": 13,
  invoke: 14,
  answer: 15,
  fault: 16,
  log: 17,
  violation: 18,
  corrupt: 19,
} as const satisfies Record<TraceKind, number>;

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

export class Trace {
  /** Every entry in order when the trace is kept, else empty. */
  readonly entries: TraceEntry[] = [];
  observer: WorldObserver | undefined;
  readonly #keep: boolean;
  #high = 0x9e3779b9 | 0;
  #low = 0x85ebca6b | 0;
  count = 0;

  constructor(options: { readonly keep: boolean }) {
    this.#keep = options.keep;
  }

  record(at: number, kind: TraceKind, node: number, a = 0, b = 0, detail?: string): void {
    this.count++;
    float[0] = at;
    this.#mix(words[0] as number);
    this.#mix(words[1] as number);
    this.#mix(KIND_CODES[kind] * 65536 + node + 1);
    this.#mix(a | 0);
    this.#mix(b | 0);
    if (detail !== undefined) this.#mix(hashText(detail, 0));
    if (this.#keep)
      this.entries.push(detail === undefined ? { at, kind, node, a, b } : { at, kind, node, a, b, detail });
    this.observer?.recorded(at, kind, node, a, b, detail);
  }

  /** 16 hex digits over everything recorded so far. */
  hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  #mix(word: number): void {
    const high = Math.imul(this.#high ^ word, 0x85ebca6b);
    this.#high = high ^ (high >>> 13);
    const low = Math.imul(this.#low + word, 0xc2b2ae35) + this.#high;
    this.#low = low ^ (low >>> 16);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
