/** What documents need of the world; the ports of a replica fit, the real ones and the simulated ones. */

export interface DocumentSurroundings {
  /** Unix ms. */
  readonly clock: { now(): number };
  /** Left out where nothing takes time: in simulations. */
  readonly stopwatch?: Stopwatch;
  readonly scheduler: {
    /** Returns what cancels it. */
    after(delayMs: number, run: () => void): () => void;
    /** After the present turn. */
    soon(run: () => void): void;
  };
  readonly random: { uint32(): number };
  /** No field ever holds a key or what a document holds. */
  readonly log: (level: "info" | "warn" | "error", event: string, fields: Readonly<Record<string, unknown>>) => void;
}

export interface Stopwatch {
  /** Of a clock that nobody sets, ms. */
  elapsedMs(): number;
  /** What this process has had of a processor, ms. */
  processorMs(): number;
}

/** For where code takes no time. */
export const NO_STOPWATCH: Stopwatch = { elapsedMs: () => 0, processorMs: () => 0 };

/** At least 0, below 1. */
export function fraction(random: DocumentSurroundings["random"]): number {
  return random.uint32() / 2 ** 32;
}
