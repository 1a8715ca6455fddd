/** How many commands a second are carried out, of late: sixteen samples of 100 ms, as Redis has them. */

export const SAMPLE_MS = 100;
const SAMPLES = 16;

export class CommandRate {
  /** Commands in the last samples, and how long each took, ms; the oldest first. */
  readonly #samples: { readonly commands: number; readonly ms: number }[] = [];
  #total = 0;
  #at: number | undefined;

  /** So many there were in all by now, ms of any clock that only goes on. */
  sample(total: number, now: number): void {
    if (this.#at !== undefined && now > this.#at) {
      this.#samples.push({ commands: total - this.#total, ms: now - this.#at });
      if (this.#samples.length > SAMPLES) this.#samples.shift();
    }
    this.#total = total;
    this.#at = now;
  }

  get perSecond(): number {
    let [commands, ms] = [0, 0];
    for (const sample of this.#samples) {
      commands += sample.commands;
      ms += sample.ms;
    }
    return ms === 0 ? 0 : Math.round((commands * 1000) / ms);
  }
}
