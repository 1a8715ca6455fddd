/** One way between two nodes in the proxy: whether it is open, and what bytes suffer on it. */

import { exponential, unit } from "../../simulations/simulator/draws.ts";
import type { PathQuality } from "../../simulations/simulator/paths.ts";
import type { Random } from "../../src/base/random.ts";
import type { ProxyStream } from "./proxy-stream.ts";

/** How long TCP waits before it sends again what was lost, at least (RFC 6298; Linux). */
const RETRANSMIT_MS = 200;

export class ProxyPath {
  readonly base: PathQuality;
  readonly streams = new Set<ProxyStream>();
  readonly #random: Random;
  #quality: PathQuality;
  #cuts = 0;
  /** When the bytes that are ahead have left, ms of `performance.now`. */
  #freeAt = 0;

  constructor(base: PathQuality, random: Random) {
    this.base = base;
    this.#quality = base;
    this.#random = random;
  }

  get isOpen(): boolean {
    return this.#cuts === 0;
  }

  /** True where a segment is sent by itself, since each may be late. */
  get isSegmented(): boolean {
    return this.#quality.loss > 0 || this.#quality.bytesPerMs !== Infinity;
  }

  cut(): void {
    this.#cuts++;
  }

  heal(): void {
    this.#cuts--;
    if (this.isOpen) for (const stream of this.streams) stream.pump();
  }

  set quality(quality: PathQuality) {
    this.#quality = quality;
    this.#freeAt = 0;
    for (const stream of this.streams) stream.requeue();
  }

  /** When bytes that are handed over now arrive, ms of `performance.now`. */
  arrivalOf(bytes: number): number {
    const { latencyMs, jitterMs, loss, bytesPerMs } = this.#quality;
    this.#freeAt = Math.max(this.#freeAt, performance.now()) + bytes / bytesPerMs;
    let lateMs = latencyMs + (jitterMs === 0 ? 0 : exponential(this.#random, jitterMs));
    for (let again = RETRANSMIT_MS; loss > 0 && unit(this.#random) < loss; again *= 2) lateMs += again;
    return this.#freeAt + lateMs;
  }
}
