import { describe, expect, it } from "vitest";
import { Load, type LoadPlan, type LoadResult } from "../../../src/cli/bench/load.ts";
import type { Answered, LoadConnection } from "../../../src/cli/bench/load-connection.ts";
import type { LoadTime } from "../../../src/cli/bench/load-time.ts";
import type { OperationType } from "../../../src/cli/bench/operation-mix.ts";

/** Time that passes when it is told to. */
class VirtualTime implements LoadTime {
  #now = 0;
  #tasks: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const task = { at: this.#now + ms, run };
    this.#tasks.push(task);
    return () => {
      this.#tasks = this.#tasks.filter((each) => each !== task);
    };
  }

  soon(run: () => void): void {
    this.after(0.01, run);
  }

  /** Lets it pass until nothing is waited for. */
  async pass(): Promise<void> {
    for (;;) {
      const next = this.#tasks.reduce(
        (first, each) => (first === undefined || each.at < first.at ? each : first),
        this.#tasks[0],
      );
      if (next === undefined) return;
      this.#tasks = this.#tasks.filter((each) => each !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await Promise.resolve();
    }
  }
}

interface Behaviour {
  readonly ms: number;
  readonly error?: string;
  readonly isBroken?: boolean;
  readonly isMiss?: boolean;
}

/** Answers each request as `behave` says of the instant at which it comes; Infinity: never. */
class FakeConnection implements LoadConnection {
  readonly #time: VirtualTime;
  readonly #behave: (now: number) => Behaviour;
  #answered: Answered | undefined;
  #cancel: () => void = () => {};
  readonly asked: { readonly type: OperationType; readonly key: number; readonly at: number }[] = [];

  constructor(time: VirtualTime, behave: (now: number) => Behaviour) {
    this.#time = time;
    this.#behave = behave;
  }

  send(type: OperationType, key: number, answered: Answered): void {
    expect(this.#answered).toBeUndefined();
    this.#answered = answered;
    this.asked.push({ type, key, at: this.#time.now() });
    const { ms, error, isBroken = false, isMiss = false } = this.#behave(this.#time.now());
    if (ms === Infinity) return;
    this.#cancel = this.#time.after(ms, () => this.#answer(error, isMiss, isBroken));
  }

  abort(code: string): void {
    this.#cancel();
    this.#answer(code, false, true);
  }

  close(): void {}

  #answer(error: string | undefined, isMiss: boolean, isBroken: boolean): void {
    const answered = this.#answered;
    this.#answered = undefined;
    answered?.(error, isMiss, isBroken);
  }
}

interface Scene {
  readonly connections?: number;
  readonly behave: (now: number) => Behaviour;
  readonly plan?: Partial<LoadPlan>;
  readonly stopAt?: number;
}

async function play({ connections = 1, behave, plan = {}, stopAt }: Scene) {
  const time = new VirtualTime();
  const fakes = Array.from({ length: connections }, () => new FakeConnection(time, behave));
  let key = 0;
  const next = () => ({ type: "get" as const, key: key++ });
  const load = new Load(
    { connections: fakes, next, requestsMax: Infinity, durationMs: 1000, timeoutMs: 10_000, ...plan },
    time,
  );
  const running = load.run();
  if (stopAt !== undefined) time.after(stopAt, () => load.stop());
  const ended: LoadResult[] = [];
  void running.then((result) => ended.push(result));
  await time.pass();
  const [result] = ended;
  if (result === undefined) throw new Error("it never ended");
  return { result, asked: fakes.flatMap(({ asked }) => asked) };
}

describe("a closed loop", () => {
  it("keeps every connection busy with one request at a time, until its time is over", async () => {
    const { result, asked } = await play({ connections: 4, behave: () => ({ ms: 10 }) });
    // The last of each is answered just when it ends.
    expect(asked.length).toBe(400);
    expect(new Set(asked.map(({ key }) => key)).size).toBe(400);
    expect(result.tally.succeeded).toBe(400);
    expect(result.elapsedMs).toBe(1000);
    expect(result.tally.latencies.get.maxMs).toBeCloseTo(10, 6);
  });

  it("ends after so many requests, and then counts the time to the last answer", async () => {
    const plan = { requestsMax: 7, durationMs: Infinity };
    const { result, asked } = await play({ connections: 2, behave: () => ({ ms: 10 }), plan });
    expect(asked.map(({ key }) => key)).toEqual([0, 2, 4, 6, 1, 3, 5]);
    expect([result.elapsedMs, result.answered.get]).toEqual([40, 7]);
  });

  it("ends at once when it is stopped, once what is under way has been answered, which counts for no rate", async () => {
    const { result, asked } = await play({ connections: 2, behave: () => ({ ms: 30 }), stopAt: 100 });
    expect(asked.length).toBe(8);
    expect([result.elapsedMs, result.answered.get, result.tally.succeeded]).toEqual([100, 6, 8]);
  });

  it("counts errors by their code and not among latencies, and misses as what they are", async () => {
    const behave = (now: number): Behaviour =>
      now < 100 ? { ms: 10, error: "NOT_READY" } : { ms: 20, isMiss: now < 200 };
    const { result } = await play({ behave });
    expect([...result.tally.errorsByCode]).toEqual([["NOT_READY", 10]]);
    expect(result.tally.latencies.get.quantileMs(0)).toBeCloseTo(20, 0);
    expect([result.tally.misses, result.tally.errors, result.tally.succeeded]).toEqual([5, 10, 45]);
  });

  it("does not hammer a replica that is gone", async () => {
    const behave = () => ({ ms: 0, error: "ECONNREFUSED", isBroken: true });
    const { asked } = await play({ behave });
    expect(asked.length).toBeLessThanOrEqual(11);
  });

  it("gives up what takes too long, and goes on", async () => {
    const behave = (now: number): Behaviour => ({ ms: now === 0 ? Infinity : 10 });
    const { result } = await play({ behave, plan: { timeoutMs: 300, durationMs: 2000 } });
    expect([...result.tally.errorsByCode]).toEqual([["TIMEOUT", 1]]);
    expect(result.tally.succeeded).toBeGreaterThan(100);
  });
});

describe("an open loop", () => {
  it("sends at even intervals, however fast the answers are", async () => {
    const { result, asked } = await play({ connections: 10, behave: () => ({ ms: 3 }), plan: { perSecond: 100 } });
    expect(asked.length).toBe(100);
    for (const [i, { at }] of asked
      .map((each) => each)
      .sort((a, b) => a.at - b.at)
      .entries()) {
      expect(at).toBeGreaterThanOrEqual(i * 10);
      expect(at).toBeLessThan(i * 10 + 0.1);
    }
    expect([result.unsent, result.lateness.count]).toEqual([0, 99]);
    expect(result.lateness.maxMs).toBeLessThan(0.1);
  });

  it("counts latency from when a request was due: a stall is felt by all that it kept from being sent", async () => {
    const stall = (now: number): Behaviour => ({ ms: now < 0.5 ? 500 : 1 });
    const closed = await play({ behave: stall });
    expect(closed.result.tally.latencies.get.quantileMs(0.9)).toBeLessThan(2);
    const open = await play({ behave: stall, plan: { perSecond: 100 } });
    expect(open.result.tally.latencies.get.quantileMs(0.9)).toBeGreaterThan(400);
    expect(open.result.tally.latencies.get.quantileMs(0.25)).toBeLessThan(2);
  });

  it("tells what was never sent, where all connections are busy", async () => {
    const { result } = await play({ connections: 2, behave: () => ({ ms: 100 }), plan: { perSecond: 100 } });
    expect(result.tally.succeeded).toBe(20);
    expect(result.unsent).toBe(80);
    expect(result.lateness.count).toBeLessThanOrEqual(2);
  });
});
