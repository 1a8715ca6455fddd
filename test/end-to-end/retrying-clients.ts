/**
 * Clients of a cluster that ask one replica after the other, and, where an answer does not come or is a failure, the next one
 * once. They ask at a pace, as users do, and not as fast as they are answered.
 */

import { setTimeout as pause } from "node:timers/promises";
import type { ReplicaProcess } from "./replica-process.ts";
import { requestOnce } from "./request-once.ts";
import { untilTrue } from "./until.ts";

/** A replica that is paused does not answer: the client's patience, ms. */
const PATIENCE_MS = 5000;
const CLIENTS = 6;
/** From one request of a client to its next, ms: what is written, and read in the end, is not to grow with the speed of the machine. */
const PACE_MS = 100;

export class RetryingClients {
  /** Values by key, of all that was acknowledged by a majority. */
  readonly acknowledged = new Map<string, string>();
  /** Requests that failed twice, or were answered with what cannot be. */
  readonly failures: string[] = [];
  retries = 0;
  answered = 0;
  readonly #replicas: () => readonly ReplicaProcess[];
  readonly #path: string;
  #isOver = false;
  readonly #running: Promise<void>[];

  constructor(keyspace: string, replicas: () => readonly ReplicaProcess[]) {
    this.#path = `/v1/keyspaces/${keyspace}/kv`;
    this.#replicas = replicas;
    this.#running = Array.from({ length: CLIENTS }, (_, client) => this.#run(client));
  }

  /** Until so many more requests were answered. */
  async proceed(count: number): Promise<void> {
    const until = this.answered + count;
    await untilTrue(`${count} more requests are answered`, () => this.answered >= until, { withinMs: 60_000 });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #run(client: number): Promise<void> {
    for (let turn = 0; !this.#isOver; turn++) {
      const key = `${client}-${turn}`;
      await this.#put(client + turn, key, `v${key}`);
      await pause(PACE_MS);
      // What it wrote a while ago, wherever that was.
      const earlier = `${client}-${Math.max(0, turn - 20)}`;
      await this.#get(client + turn, earlier);
      await pause(PACE_MS);
    }
  }

  async #put(place: number, key: string, value: string): Promise<void> {
    const answer = await this.#ask(`put ${key}`, place, (port) =>
      requestOnce(port, "PUT", `${this.#path}/${key}?ack=quorum`, PATIENCE_MS, value),
    );
    if (answer !== undefined) this.acknowledged.set(key, value);
  }

  async #get(place: number, key: string): Promise<void> {
    const expected = this.acknowledged.get(key);
    if (expected === undefined) return;
    const path = `${this.#path}/${key}?consistency=quorum`;
    const answer = await this.#ask(`get ${key}`, place, (port) => requestOnce(port, "GET", path, PATIENCE_MS));
    if (answer !== undefined && answer !== expected) this.failures.push(`${key} is ${answer}, not ${expected}`);
  }

  /** The body of an answer that is none of a failure; undefined after two of these. */
  async #ask(
    what: string,
    place: number,
    send: (port: number) => ReturnType<typeof requestOnce>,
  ): Promise<string | undefined> {
    const replicas = this.#replicas();
    const reasons: string[] = [];
    for (const attempt of [0, 1]) {
      const replica = replicas[(place + attempt) % replicas.length] as ReplicaProcess;
      const askedAt = performance.now();
      const answer = await send(replica.port);
      if (answer.isGood) {
        this.answered++;
        return answer.body;
      }
      this.retries++;
      reasons.push(`${replica.id}: ${answer.body}, after ${Math.round(performance.now() - askedAt)} ms`);
    }
    this.failures.push(`${what} at ${new Date().toISOString()}: ${reasons.join("; ")}`);
    return undefined;
  }
}
