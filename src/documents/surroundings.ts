/** What documents need of the world; the ports of a replica fit, the real ones and the simulated ones. */

export interface DocumentSurroundings {
  /** Unix ms. */
  readonly clock: { now(): number };
  /** A clock that nobody sets, to tell how long something took. Left out where nothing takes time: in simulations. */
  readonly monotonicMs?: () => number;
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

/** At least 0, below 1. */
export function fraction(random: DocumentSurroundings["random"]): number {
  return random.uint32() / 2 ** 32;
}
