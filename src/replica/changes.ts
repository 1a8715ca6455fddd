/**
 * The changes that watchers follow: numbered in the order in which this replica made them, the latest kept within a bound
 * so that a watcher that comes back with a resume token misses none. Nothing is kept while nobody has watched lately.
 *
 * A token names the life of the replica and the number of the change: one of another replica or another life, or one
 * older than what is kept, gets a `reset`.
 */

import type { Key } from "../base/ids.ts";
import type { Watch, WatchEvent, WatchOptions } from "../store.ts";

export const CHANGES_MAX = 65536;
/** Less than a door lets wait for one watcher: a resumed watch is given all of it at once. */
export const CHANGES_BYTES_MAX = 4 * 1024 * 1024;
/** How long changes are kept for watchers that may come back, after the last one went. */
const LINGER_MS = 5 * 60_000;

/** Everything of an event except the token, which is its number. */
export type Change =
  Exclude<WatchEvent, { type: "reset" }> extends infer Event
    ? Event extends { readonly resume: string }
      ? Omit<Event, "resume">
      : never
    : never;

interface Watcher {
  readonly prefix: string;
  readonly listener: (event: WatchEvent) => void;
}

export class Changes {
  #life: string;
  #next = 1;
  #kept: Change[] = [];
  /** Number of the first kept change. */
  #first = 1;
  #bytes = 0;
  #keepUntil = -Infinity;
  readonly #watchers = new Set<Watcher>();
  #wasWatched = false;
  readonly #emit: (deliver: () => void) => void;

  /** `emit` carries out a delivery when the outbox comes to it. */
  constructor(life: string, emit: (deliver: () => void) => void) {
    this.#life = life;
    this.#emit = emit;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  /** Changes kept for watchers that come back, and their bytes. */
  get kept(): number {
    return this.#kept.length;
  }

  get keptBytes(): number {
    return this.#bytes;
  }

  /** Nobody ever followed it: no token is out, and no change has to be recorded, nor to take its number. */
  get isUnknown(): boolean {
    return !this.#wasWatched;
  }

  /** Tells whether changes are to be recorded at all: otherwise only `skip` is called. */
  isWanted(now: number): boolean {
    return this.#watchers.size > 0 || now < this.#keepUntil;
  }

  /** A change that nobody wants: it takes its number, so that no token spans it. */
  skip(): void {
    if (this.#kept.length > 0) this.#clear();
    this.#next++;
    this.#first = this.#next;
  }

  record(change: Change): void {
    const number = this.#next++;
    this.#kept.push(change);
    this.#bytes += sizeOf(change);
    if (this.#kept.length > CHANGES_MAX || this.#bytes > CHANGES_BYTES_MAX) this.#shrink();
    if (this.#watchers.size === 0) return;
    // The same for all: what a door makes of it may be made once.
    const event: WatchEvent = { ...change, resume: this.#token(number) };
    for (const watcher of this.#watchers) {
      if (change.key.startsWith(watcher.prefix)) {
        this.#emit(() => {
          if (this.#watchers.has(watcher)) watcher.listener(event);
        });
      }
    }
  }

  /** What is held changed in ways that cannot be told one by one: everybody has to read again. */
  reset(): void {
    this.skip();
    const event: WatchEvent = { type: "reset", resume: this.#token(this.#next - 1) };
    for (const watcher of this.#watchers) {
      this.#emit(() => {
        if (this.#watchers.has(watcher)) watcher.listener(event);
      });
    }
  }

  /** Follows a prefix. Events come through `emit`, never during this call. */
  watch(options: WatchOptions, listener: (event: WatchEvent) => void, now: number): Watch {
    this.#wasWatched = true;
    if (!this.isWanted(now)) this.#clear();
    const watcher: Watcher = { prefix: options.prefix, listener };
    this.#watchers.add(watcher);
    if (options.resume !== undefined) this.#replay(watcher, options.resume);
    const resume = options.resume ?? this.#token(this.#next - 1);
    return { resume, close: () => void this.#watchers.delete(watcher) };
  }

  /** Notes that somebody is watching: changes are kept a while longer after the last one goes. */
  tick(now: number): void {
    if (this.#watchers.size > 0) this.#keepUntil = now + LINGER_MS;
  }

  #replay(watcher: Watcher, resume: string): void {
    const [life, text] = resume.split(".");
    const after = Number.parseInt(text ?? "", 36);
    const events: WatchEvent[] = [];
    if (life !== this.#life || !Number.isSafeInteger(after) || after + 1 < this.#first || after >= this.#next) {
      events.push({ type: "reset", resume: this.#token(this.#next - 1) });
    } else {
      for (let number = after + 1; number < this.#next; number++) {
        const change = this.#kept[number - this.#first];
        if (change?.key.startsWith(watcher.prefix)) events.push({ ...change, resume: this.#token(number) });
      }
    }
    this.#emit(() => {
      for (const event of events) if (this.#watchers.has(watcher)) watcher.listener(event);
    });
  }

  #token(number: number): string {
    return `${this.#life}.${number.toString(36)}`;
  }

  /** Lets the older half go, seldom enough to cost nothing. */
  #shrink(): void {
    const dropped = this.#kept.splice(0, Math.ceil(this.#kept.length / 2));
    this.#first += dropped.length;
    for (const change of dropped) this.#bytes -= sizeOf(change);
  }

  #clear(): void {
    this.#kept = [];
    this.#bytes = 0;
    this.#first = this.#next;
  }
}

function sizeOf(change: { readonly key: Key } & Change): number {
  return change.key.length + 128 + (change.type === "put" ? change.entry.value.length : 0);
}
