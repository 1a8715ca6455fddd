/**
 * The water between nodes: for each ordered pair how long a byte takes, how much fits, how much is lost, and whether
 * anything passes at all. Cuts count, so that overlapping ones compose.
 */

import { assert } from "../../src/base/assert.ts";

export interface PathQuality {
  /** One way. */
  readonly latencyMs: number;
  /** Mean of what is added at random to each frame. */
  readonly jitterMs: number;
  /** Probability that a segment is lost and sent again after the retransmission timeout. */
  readonly loss: number;
  /** Infinity = no limit. */
  readonly bytesPerMs: number;
}

export class Paths {
  readonly nodes: number;
  readonly #base: readonly PathQuality[];
  readonly #quality: PathQuality[];
  readonly #cuts: Int32Array;
  /** Grows whenever a path is cut: what waits for a timeout knows whether it was open in between. */
  readonly #epochs: Int32Array;
  readonly #cutSince: Float64Array;
  #closed = 0;
  #changes = 0;

  constructor(nodes: number, quality: (from: number, to: number) => PathQuality) {
    this.nodes = nodes;
    this.#base = Array.from({ length: nodes * nodes }, (_, i) => quality(Math.floor(i / nodes), i % nodes));
    this.#quality = [...this.#base];
    this.#cuts = new Int32Array(nodes * nodes);
    this.#epochs = new Int32Array(nodes * nodes);
    this.#cutSince = new Float64Array(nodes * nodes);
  }

  /** The quality without any fault. */
  base(from: number, to: number): PathQuality {
    return this.#base[this.#index(from, to)] as PathQuality;
  }

  quality(from: number, to: number): PathQuality {
    return this.#quality[this.#index(from, to)] as PathQuality;
  }

  setQuality(from: number, to: number, quality: PathQuality): void {
    this.#quality[this.#index(from, to)] = quality;
  }

  isCut(from: number, to: number): boolean {
    return (this.#cuts[this.#index(from, to)] as number) > 0;
  }

  epoch(from: number, to: number): number {
    return this.#epochs[this.#index(from, to)] as number;
  }

  /** Virtual time of the cut that holds now. */
  cutSince(from: number, to: number): number {
    return this.#cutSince[this.#index(from, to)] as number;
  }

  /** How many paths nothing passes. */
  get closed(): number {
    return this.#closed;
  }

  /** Grows whenever a path is closed or open again. */
  get changes(): number {
    return this.#changes;
  }

  /** True when the path was open before. */
  cut(from: number, to: number, now: number): boolean {
    const index = this.#index(from, to);
    this.#cuts[index] = (this.#cuts[index] as number) + 1;
    if (this.#cuts[index] !== 1) return false;
    this.#epochs[index] = (this.#epochs[index] as number) + 1;
    this.#cutSince[index] = now;
    this.#closed++;
    this.#changes++;
    return true;
  }

  /** True when the path is open now and was not before. */
  heal(from: number, to: number): boolean {
    const index = this.#index(from, to);
    assert((this.#cuts[index] as number) > 0, "healed a path that is not cut");
    this.#cuts[index] = (this.#cuts[index] as number) - 1;
    if (this.#cuts[index] !== 0) return false;
    this.#closed--;
    this.#changes++;
    return true;
  }

  #index(from: number, to: number): number {
    return from * this.nodes + to;
  }
}
