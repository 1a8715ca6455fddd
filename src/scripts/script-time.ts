/**
 * How long a script may take: by the clock, and of the processor as well. One that waits for a processor, on a machine that is
 * busy with other things, is not ended halfway for that.
 */

export interface ScriptStopwatch {
  /** Ms from any instant. */
  elapsedMs(): number;
  /** That this process has worked since any instant, in all its threads. Asked seldom: it takes some microseconds. */
  processorMs(): number;
}

export class ScriptTime {
  readonly #stopwatch: ScriptStopwatch;
  limitMs = 0;
  #endsAt = 0;
  #workedUntil = 0;

  constructor(stopwatch: ScriptStopwatch) {
    this.#stopwatch = stopwatch;
  }

  begin(limitMs: number): void {
    this.limitMs = limitMs;
    this.#endsAt = this.#stopwatch.elapsedMs() + limitMs;
    this.#workedUntil = this.#stopwatch.processorMs() + limitMs;
  }

  get isOver(): boolean {
    return this.#stopwatch.elapsedMs() > this.#endsAt && this.#stopwatch.processorMs() > this.#workedUntil;
  }
}
