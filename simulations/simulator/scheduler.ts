/** Timers in virtual time. What one life of a node scheduled ends with it. */

import type { Cancel, Random, Scheduler } from "../../src/replica/ports.ts";
import { uniform } from "./draws.ts";
import type { EventOwner, EventQueue } from "./event-queue.ts";

/** `soon` takes up to this long: different seeds coalesce different writes. */
const SOON_MS_MAX = 0.5;

export function createScheduler(options: {
  readonly queue: EventQueue;
  readonly now: () => number;
  readonly owner: EventOwner;
  readonly random: Random;
}): Scheduler {
  const { queue, now, owner, random } = options;
  return {
    after(delayMs: number, run: () => void): Cancel {
      const event = queue.schedule(now() + Math.max(0, delayMs), owner, run);
      return () => queue.cancel(event);
    },
    soon(run: () => void): void {
      queue.schedule(now() + uniform(random, 0, SOON_MS_MAX), owner, run);
    },
  };
}
