/** The time that a load goes by. */

export interface LoadTime {
  /** Ms since some instant, with fractions. */
  now(): number;
  /** Runs something later; returns what calls that off. */
  after(ms: number, run: () => void): () => void;
  /** Runs something as soon as what is waiting has had its turn, much sooner than any timer. */
  soon(run: () => void): void;
}

export const systemLoadTime: LoadTime = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  soon: (run) => void setImmediate(run),
};
