/**
 * Keeps connections busy. Closed loop: each asks again as soon as it is answered, so that a slow replica is asked less. Open
 * loop (`perSecond`): requests fall due at even intervals, whatever becomes of those before, and latency counts from
 * when a request was due, not from when a connection was free for it. What a replica that stalls keeps from being sent
 * is thus not left out of what is measured (coordinated omission: Tene, "How NOT to measure latency").
 */

import { LatencyHistogram } from "./latency-histogram.ts";
import type { LoadConnection } from "./load-connection.ts";
import { type LoadTime, systemLoadTime } from "./load-time.ts";
import type { OperationType } from "./operation-mix.ts";
import { Tally } from "./tally.ts";

export interface Work {
  readonly type: OperationType;
  readonly key: number;
}

export interface LoadPlan {
  readonly connections: readonly LoadConnection[];
  /** What to ask next. */
  readonly next: () => Work;
  /** Ends after so many, or after so long. */
  readonly requestsMax: number;
  readonly durationMs: number;
  /** Absent: closed loop. */
  readonly perSecond?: number;
  readonly timeoutMs: number;
}

export interface LoadResult {
  readonly tally: Tally;
  /** From the first request to the end, or to the last answer where a number of requests was asked for. */
  readonly elapsedMs: number;
  /** Answered well within that time. */
  readonly answered: Readonly<Record<OperationType, number>>;
  /** Open loop: fell due and were never sent, as all connections were busy. */
  readonly unsent: number;
  /** Open loop: by how much later than due a request went that a connection was free for. It is this process that was late. */
  readonly lateness: LatencyHistogram;
}

/** Before a connection that broke is tried again. */
const RECONNECT_MS = 100;
/** How often requests are looked at for whether they take too long. */
const LOOK_MS = 100;
/** Timers are late by a millisecond or two: what falls due so soon is waited for awake. */
const AWAKE_MS = 2;

export class Load {
  readonly tally = new Tally();
  readonly #plan: LoadPlan;
  readonly #idle: LoadConnection[] = [];
  readonly #sentAt = new Map<LoadConnection, number>();
  readonly #answered: Record<OperationType, number> = { get: 0, put: 0, delete: 0 };
  readonly #lateness = new LatencyHistogram();
  readonly #time: LoadTime;
  readonly #timers = new Set<() => void>();
  #isAwake = false;
  #started = 0;
  #beganAt = 0;
  #lastAt = 0;
  #endedAt: number | undefined;
  #resolve: (result: LoadResult) => void = () => {};

  constructor(plan: LoadPlan, time: LoadTime = systemLoadTime) {
    this.#plan = plan;
    this.#time = time;
  }

  /** Requests sent so far. */
  get started(): number {
    return this.#started;
  }

  get elapsedMs(): number {
    return (this.#endedAt ?? this.#time.now()) - this.#beganAt;
  }

  /** Resolves once all that was sent has been answered, or has taken too long. To be called once. */
  run(): Promise<LoadResult> {
    this.#beganAt = this.#time.now();
    this.#lastAt = this.#beganAt;
    this.#after(LOOK_MS, () => this.#abortOverdue());
    if (Number.isFinite(this.#plan.durationMs)) this.#after(this.#plan.durationMs, () => this.stop());
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#idle.push(...this.#plan.connections);
      this.#pump(false);
    });
  }

  /** Sends nothing more. */
  stop(): void {
    this.#endedAt ??= this.#time.now();
    this.#endIfIdle();
  }

  /** Gives work to whoever is idle; `byTimer`: they have been since before that was due. */
  #pump(byTimer: boolean): void {
    const { requestsMax, perSecond } = this.#plan;
    while (this.#idle.length > 0 && this.#endedAt === undefined) {
      if (this.#started >= requestsMax) return this.stop();
      const now = this.#time.now();
      const dueAt = perSecond === undefined ? now : this.#beganAt + (this.#started / perSecond) * 1000;
      if (dueAt > now) return this.#wake(dueAt - now);
      if (byTimer) this.#lateness.record(now - dueAt);
      this.#send(this.#idle.shift() as LoadConnection, dueAt, now);
    }
  }

  #wake(inMs: number): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    const wake = () => {
      this.#isAwake = false;
      this.#pump(true);
    };
    if (inMs > AWAKE_MS) this.#after(inMs - AWAKE_MS, wake);
    else this.#time.soon(wake);
  }

  #send(connection: LoadConnection, dueAt: number, now: number): void {
    this.#started++;
    this.#sentAt.set(connection, now);
    const { type, key } = this.#plan.next();
    connection.send(type, key, (error, isMiss, isBroken) => {
      const answeredAt = this.#time.now();
      this.#sentAt.delete(connection);
      this.#lastAt = answeredAt;
      this.tally.record(type, answeredAt - dueAt, error, isMiss);
      const isInTime = this.#endedAt === undefined || this.#plan.requestsMax < Infinity;
      if (error === undefined && isInTime) this.#answered[type]++;
      if (isBroken) this.#after(RECONNECT_MS, () => this.#free(connection));
      else this.#free(connection);
    });
  }

  #free(connection: LoadConnection): void {
    this.#idle.push(connection);
    if (this.#endedAt === undefined) this.#pump(false);
    else this.#endIfIdle();
  }

  #abortOverdue(): void {
    this.#after(LOOK_MS, () => this.#abortOverdue());
    const before = this.#time.now() - this.#plan.timeoutMs;
    for (const [connection, sentAt] of this.#sentAt) if (sentAt < before) connection.abort("TIMEOUT");
  }

  #endIfIdle(): void {
    if (this.#endedAt === undefined || this.#sentAt.size > 0) return;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    const { requestsMax, perSecond } = this.#plan;
    const elapsedMs = (requestsMax < Infinity ? this.#lastAt : this.#endedAt) - this.#beganAt;
    const due = perSecond === undefined ? 0 : Math.min(requestsMax, Math.floor((elapsedMs / 1000) * perSecond));
    const unsent = Math.max(0, due - this.#started);
    this.#resolve({ tally: this.tally, elapsedMs, answered: this.#answered, unsent, lateness: this.#lateness });
  }

  #after(ms: number, run: () => void): void {
    const cancel = this.#time.after(ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
  }
}
