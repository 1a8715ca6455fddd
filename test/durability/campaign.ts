/**
 * How far a campaign goes: a few runs with the other tests, as many as one asks for with `npm run durability`. Every run
 * draws from the seed and its own number, so that one seed replays a campaign as far as real processes can.
 */

import { basename } from "node:path";
import { fileURLToPath } from "node:url";

const PROGRESS_EVERY_MS = 10_000;

export const SEED = Number(process.env.ATOLL_SEED ?? Date.now() % 1_000_000);

export class Campaign {
  readonly runs: number;
  readonly seed = SEED;
  readonly isLong: boolean;
  readonly #name: string;
  readonly #counts = new Map<string, number>();
  #shownAt = performance.now();

  /** Of the test file `url`; `runsUnlessTold` is what it does among the other tests. */
  constructor(url: string, runsUnlessTold: number) {
    this.#name = basename(fileURLToPath(url), ".test.ts");
    const told = Number(process.env.ATOLL_DURABILITY_RUNS);
    this.isLong = Number.isSafeInteger(told) && told > 0;
    this.runs = this.isLong ? told : runsUnlessTold;
  }

  /** The command that does all of it again. */
  get replay(): string {
    return `npm run durability -- --only ${this.#name} --runs ${this.runs} --seed ${this.seed}`;
  }

  /** Counts something that happened; of a long campaign the counts are shown now and then. */
  count(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times);
    if (performance.now() - this.#shownAt > PROGRESS_EVERY_MS) this.show();
  }

  counted(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  show(): void {
    this.#shownAt = performance.now();
    if (!this.isLong) return;
    const counts = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, times]) => `${times} ${what}`);
    process.stderr.write(`${this.#name}: ${counts.join(", ")}\n`);
  }
}
