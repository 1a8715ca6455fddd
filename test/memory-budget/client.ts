/** A client that writes keys of its own, one request after another, reads them back, and knows what it has to find. */

import { AtollError } from "../../src/base/errors.ts";
import type { Key } from "../../src/base/ids.ts";
import type { SeededRandom } from "../../src/base/random.ts";
import type { Store } from "../../src/store.ts";
import { KeyHistory, type State } from "./key-history.ts";
import { bytesOf, type Value } from "./values.ts";

/** What a replica says that has no room at the moment. */
const REFUSALS: ReadonlySet<string> = new Set(["MEMORY_FULL", "TOO_MANY_REQUESTS"]);
const REFUSED_PAUSE_MS = 20;
const FAILURES_MAX = 10;

export interface Habits {
  readonly valueBytesMin: number;
  readonly valueBytesMax: number;
  /** A few are longer than all others. */
  readonly longBytes: number;
  readonly longShare: number;
  readonly ttlMs: readonly [number, number];
}

/** Shares of all requests; the rest are reads. */
const PUT_SHARE = 0.5;
const DELETE_SHARE = 0.08;
/** Of puts. */
const OVERWRITE_SHARE = 0.3;
const DISK_SHARE = 0.3;
const TTL_SHARE = 0.25;
const LONG_TTL_SHARE = 0.2;
const LONG_TTL_MS = 3_600_000;

export class Client {
  readonly keys = new Map<Key, KeyHistory>();
  readonly failures: string[] = [];
  bytesWritten = 0;
  writes = 0;
  reads = 0;
  /** Writes that were refused for want of memory, and tried again. */
  refused = 0;
  /** When what a kill took with it had been acknowledged, unix ms. */
  readonly lost: number[] = [];
  readonly #name: string;
  readonly #random: SeededRandom;
  readonly #habits: Habits;
  readonly #names: Key[] = [];
  #lastNumber = 0;
  /** Counts the processes that it talked to: what one of them answers once it was killed is not heard any more. */
  #life = 0;
  #endLife: () => void = () => {};

  constructor(name: string, random: SeededRandom, habits: Habits) {
    this.#name = name;
    this.#random = random;
    this.#habits = habits;
  }

  /** Until `isEnough`, or until the replica is killed, which is told by `killed`. */
  async run(store: Store, isEnough: () => boolean): Promise<void> {
    await this.#unlessKilled(async (life) => {
      while (life === this.#life && !isEnough() && this.failures.length < FAILURES_MAX) await this.#request(store);
    });
  }

  /** What is under way when the replica is killed is never answered. */
  async #unlessKilled(act: (life: number) => Promise<void>): Promise<void> {
    const life = ++this.#life;
    const killed = new Promise<void>((resolve) => {
      this.#endLife = resolve;
    });
    await Promise.race([act(life), killed]);
  }

  /** The replica was killed: what is under way is not answered any more. */
  killed(): void {
    this.#life++;
    this.#endLife();
    for (const history of this.keys.values()) history.killed(Date.now());
  }

  /** Reads all of its keys. */
  async readAll(store: Store): Promise<void> {
    await this.#unlessKilled(async (life) => {
      for (const key of this.#names) if (life === this.#life) await this.#read(store, key);
    });
  }

  #request(store: Store): Promise<void> {
    const kind = this.#unit();
    const known = this.#names[Math.floor(this.#unit() * this.#names.length)];
    if (known === undefined || (kind < PUT_SHARE && this.#unit() >= OVERWRITE_SHARE))
      return this.#put(store, this.#newKey());
    if (kind < PUT_SHARE) return this.#put(store, known);
    if (kind < PUT_SHARE + DELETE_SHARE) return this.#delete(store, known);
    return this.#read(store, known);
  }

  #newKey(): Key {
    const key = `${this.#name}/${this.#names.length}` as Key;
    this.#names.push(key);
    this.keys.set(key, new KeyHistory());
    return key;
  }

  async #put(store: Store, key: Key): Promise<void> {
    const value: Value = { number: this.#nextNumber(), length: this.#length() };
    const ttlMs = this.#ttlMs();
    const wantsDisk = this.#unit() < DISK_SHARE;
    const options = {
      ...(wantsDisk ? ({ ack: "disk" } as const) : {}),
      ...(ttlMs === undefined ? {} : { ttlMs }),
    };
    const send = async () => (await store.put(key, bytesOf(value), options)).acks.met && wantsDisk;
    await this.#write(key, value, ttlMs ?? Infinity, send);
  }

  async #delete(store: Store, key: Key): Promise<void> {
    await this.#write(key, undefined, Infinity, async () => {
      await store.delete(key);
      return false;
    });
  }

  /** `send` resolves to whether it is on disk for certain. */
  async #write(key: Key, value: Value | undefined, ttlMs: number, send: () => Promise<boolean>): Promise<void> {
    const history = this.#historyOf(key);
    const life = this.#life;
    const of = value === undefined ? {} : { value };
    for (;;) {
      const sentAt = Date.now();
      const state = (answeredAt: number): State => ({
        ...of,
        expiresFrom: sentAt + ttlMs,
        expiresTo: answeredAt + ttlMs,
        knownAt: answeredAt,
      });
      history.begin(state);
      try {
        const isOnDisk = await send();
        if (life !== this.#life) return;
        history.acknowledged(state(Date.now()), isOnDisk);
        this.writes++;
        this.bytesWritten += key.length + (value?.length ?? 0);
        return;
      } catch (error) {
        if (life !== this.#life) return;
        history.refused();
        if (!(error instanceof AtollError) || !REFUSALS.has(error.code)) {
          this.failures.push(`${key}: ${error}`);
          return;
        }
        this.refused++;
        await new Promise((resolve) => setTimeout(resolve, REFUSED_PAUSE_MS));
        if (life !== this.#life) return;
      }
    }
  }

  async #read(store: Store, key: Key): Promise<void> {
    const life = this.#life;
    const askedAt = Date.now();
    try {
      const { entry } = await store.get(key);
      if (life !== this.#life) return;
      const { wrong, lostSince } = this.#historyOf(key).check({ bytes: entry?.value, askedAt, answeredAt: Date.now() });
      if (wrong !== undefined) this.failures.push(`${key}: ${wrong}`);
      if (lostSince !== undefined) this.lost.push(lostSince);
      this.reads++;
    } catch (error) {
      if (life === this.#life) this.failures.push(`${key}: ${error}`);
    }
  }

  #historyOf(key: Key): KeyHistory {
    return this.keys.get(key) as KeyHistory;
  }

  #nextNumber(): number {
    return ++this.#lastNumber;
  }

  /** As many from 10 to 100 bytes as from 100,000 to a million. */
  #length(): number {
    const { valueBytesMin, valueBytesMax, longBytes, longShare } = this.#habits;
    if (this.#unit() < longShare) return longBytes;
    return Math.floor(valueBytesMin * (valueBytesMax / valueBytesMin) ** this.#unit());
  }

  #ttlMs(): number | undefined {
    const drawn = this.#unit();
    if (drawn < TTL_SHARE) return Math.floor(this.#between(...this.#habits.ttlMs));
    return drawn < TTL_SHARE + LONG_TTL_SHARE ? LONG_TTL_MS : undefined;
  }

  #between(from: number, to: number): number {
    return from + this.#unit() * (to - from);
  }

  #unit(): number {
    return this.#random.uint32() / 2 ** 32;
  }
}
