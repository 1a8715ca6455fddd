/** The process's clock, timers and randomness behind the ports. */

import { randomBytes } from "node:crypto";
import type { Cancel, Clock, Random, Scheduler } from "../replica/ports.ts";

export const systemClock: Clock = { now: () => Date.now() };

export const systemScheduler: Scheduler = {
  after(delayMs: number, run: () => void): Cancel {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  soon(run: () => void): void {
    setImmediate(run);
  },
};

/** How long something took, and how much of it was ours. */
export const systemStopwatch = {
  elapsedMs: () => performance.now(),
  processorMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  },
};

/** Unpredictable numbers, drawn from the system a page at a time. */
export class SystemRandom implements Random {
  #bytes = Buffer.alloc(0);
  #next = 0;

  uint32(): number {
    if (this.#next + 4 > this.#bytes.length) {
      this.#bytes = randomBytes(4096);
      this.#next = 0;
    }
    this.#next += 4;
    return this.#bytes.readUInt32LE(this.#next - 4);
  }
}
