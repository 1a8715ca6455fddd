/** The watches of one connection: numbered, bounded, and closed with it. */

import { AtollError } from "../../base/errors.ts";
import type { Store, Watch, WatchEvent, WatchOptions } from "../../store.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorMetrics } from "../metrics.ts";

interface Opened {
  readonly watch: number;
  readonly resume: string;
}

export class Watches {
  readonly #limits: DoorLimits;
  readonly #metrics: DoorMetrics;
  readonly #byNumber = new Map<number, Watch>();
  #last = 0;

  constructor(limits: DoorLimits, metrics: DoorMetrics) {
    this.#limits = limits;
    this.#metrics = metrics;
  }

  /**
   * Opens a watch; returns its number and where it resumes from. The listener is told the number with every event, from the next turn on: the
   * answer that carries the number goes first. Throws `TOO_MANY_WATCHES`, and what the store throws.
   */
  open(store: Store, options: WatchOptions, listener: (watch: number, event: WatchEvent) => void): Opened {
    this.#makeRoom();
    this.#last++;
    const number = this.#last;
    let early: WatchEvent[] | undefined = [];
    const watch = store.watch(options, (event) => {
      if (early === undefined) listener(number, event);
      else early.push(event);
    });
    this.#byNumber.set(number, watch);
    this.#metrics.watches++;
    setImmediate(() => {
      const events = early ?? [];
      early = undefined;
      for (const event of events) if (this.#byNumber.has(number)) listener(number, event);
    });
    return { watch: number, resume: watch.resume };
  }

  /** Throws `UNKNOWN_WATCH`. */
  close(number: number | undefined): void {
    const watch = number === undefined ? undefined : this.#byNumber.get(number);
    if (number === undefined || watch === undefined) {
      throw new AtollError("UNKNOWN_WATCH", "watch is the number of a watch of this connection");
    }
    this.#byNumber.delete(number);
    this.#metrics.watches--;
    watch.close();
  }

  closeAll(): void {
    for (const number of [...this.#byNumber.keys()]) this.close(number);
  }

  #makeRoom(): void {
    const { watchesPerConnectionMax, watchesMax } = this.#limits;
    if (this.#byNumber.size >= watchesPerConnectionMax) {
      throw new AtollError("TOO_MANY_WATCHES", `a connection has at most ${watchesPerConnectionMax} watches`);
    }
    if (this.#metrics.watches >= watchesMax) {
      throw new AtollError("TOO_MANY_WATCHES", `there are already ${watchesMax} watches`);
    }
  }
}
