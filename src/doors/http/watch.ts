/**
 * Changes as server-sent events (the HTML standard, 9.2). Every event has an `id` to resume from. A reader that does not
 * keep up is cut off at a bound of bytes or of time and comes back with its last id: nothing is skipped silently.
 */

import type { ServerResponse } from "node:http";
import { SHORT_VALUE_BYTES_MAX, type Store, type Watch, type WatchEvent, type WatchOptions } from "../../store.ts";
import { formatEvent } from "../event.ts";
import type { DoorLimits } from "../limits.ts";
import type { DoorMetrics } from "../metrics.ts";
import { type Encoding, jsonNotation } from "../notation.ts";

/** One event of the stream. */
export function formatServerSentEvent(event: WatchEvent, encoding: Encoding | undefined): string {
  const data = JSON.stringify(formatEvent(jsonNotation, event, encoding));
  return `event: ${event.type}\nid: ${event.resume}\ndata: ${data}\n\n`;
}

/** Of events with long values, by what their readers ask for. */
const longEvents = new WeakMap<WatchEvent, Map<Encoding | undefined, Buffer>>();

/** A long one is made once for all who are told of it, and is in memory once however many of them are slow to read it. */
export function encodeServerSentEvent(event: WatchEvent, encoding: Encoding | undefined): string | Buffer {
  if (event.type !== "put" || event.entry.value.length <= SHORT_VALUE_BYTES_MAX) {
    return formatServerSentEvent(event, encoding);
  }
  const known = longEvents.get(event) ?? new Map<Encoding | undefined, Buffer>();
  longEvents.set(event, known);
  const bytes = known.get(encoding) ?? Buffer.from(formatServerSentEvent(event, encoding));
  known.set(encoding, bytes);
  return bytes;
}

export interface EventStreamOptions {
  readonly store: Store;
  readonly watch: WatchOptions;
  readonly encoding: Encoding | undefined;
  readonly response: ServerResponse;
  /** Names and values in turn, sent with those that the stream itself needs. */
  readonly headers: readonly string[];
  readonly limits: DoorLimits;
  readonly metrics: DoorMetrics;
}

export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #watch: Watch;
  readonly #heartbeat: NodeJS.Timeout;
  /** Events that came before the headers were out. */
  #early: WatchEvent[] = [];
  #opened = false;
  #stalledSince: number | undefined;
  #closed = false;

  /** Throws what the store's `watch` throws; nothing has been answered then. */
  constructor(options: EventStreamOptions, onClose: (stream: EventStream) => void) {
    this.#options = options;
    const { response, limits, metrics } = options;
    this.#watch = options.store.watch(options.watch, (event) => this.#receive(event));
    metrics.watches++;
    this.#heartbeat = setInterval(() => this.#beat(), Math.min(limits.heartbeatMs, limits.stalledReaderTimeoutMs / 2));
    response.on("close", () => {
      this.close();
      onClose(this);
    });
    response.writeHead(200, [
      ...options.headers,
      ...["Content-Type", "text/event-stream", "Cache-Control", "no-store", "X-Accel-Buffering", "no"],
    ]);
    response.write(`: watching\nid: ${this.#watch.resume}\n\n`);
    this.#opened = true;
    for (const event of this.#early) this.#receive(event);
    this.#early = [];
  }

  /** Ends the stream; the client comes back elsewhere with its last id. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#heartbeat);
    this.#watch.close();
    this.#options.metrics.watches--;
    this.#options.response.end();
  }

  #receive(event: WatchEvent): void {
    if (this.#closed) return;
    if (!this.#opened) {
      this.#early.push(event);
      return;
    }
    const { response, limits, encoding } = this.#options;
    if (response.writableLength > limits.outputBytesMax) this.#cutOff();
    else response.write(encodeServerSentEvent(event, encoding));
  }

  /** Keeps proxies from closing a quiet stream, and finds the readers that have stopped reading. */
  #beat(): void {
    const { response, limits } = this.#options;
    if (response.writableLength === 0) {
      this.#stalledSince = undefined;
      response.write(": still here\n\n");
      return;
    }
    const now = performance.now();
    this.#stalledSince ??= now;
    if (now - this.#stalledSince >= limits.stalledReaderTimeoutMs) this.#cutOff();
  }

  #cutOff(): void {
    this.#options.metrics.error("http", "SLOW_CONSUMER");
    this.close();
    this.#options.response.destroy();
  }
}
