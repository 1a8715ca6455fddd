/**
 * For how long this process's main thread ran without a turn of its event loop, by the processor time that it took: what the
 * machine did meanwhile with other processes, and other threads of this one, is none of its pauses. Linux only.
 */

import { readFileSync } from "node:fs";

const LOOK_MS = 1;

export class OwnPauses {
  #longestMs = 0;
  #looked = performance.now();
  #ran = ranMs();

  constructor() {
    setInterval(() => this.#look(), LOOK_MS);
  }

  /** The longest since the last call, ms. */
  take(): number {
    this.#look();
    const longest = this.#longestMs;
    this.#longestMs = 0;
    return longest;
  }

  #look(): void {
    const now = performance.now();
    const ran = ranMs();
    this.#longestMs = Math.max(this.#longestMs, Math.min(now - this.#looked, ran - this.#ran));
    this.#looked = now;
    this.#ran = ran;
  }
}

/** Processor time of the main thread so far. */
function ranMs(): number {
  return Number.parseInt(readFileSync("/proc/self/schedstat", "latin1"), 10) / 1e6;
}
