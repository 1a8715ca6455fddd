/**
 * Latencies in bounded memory, as in HdrHistogram (Tene): buckets whose width is a fixed share of what they hold, here less
 * than 1%, from a microsecond to half an hour. Recording allocates nothing.
 */

/** Exact below 2^8 us; above, 2^7 buckets for each power of two. */
const EXACT_BITS = 8;
const EXACT = 2 ** EXACT_BITS;
const HALF = EXACT / 2;
/** What took longer counts as this. */
const US_MAX = 2 ** 31 - 1;
const BUCKETS = (31 - EXACT_BITS) * HALF + EXACT;

export class LatencyHistogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }

  /** 0 where nothing was recorded; exact, as is `maxMs`. */
  get meanMs(): number {
    return this.#count === 0 ? 0 : this.#sumMs / this.#count;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  record(ms: number): void {
    this.#count++;
    this.#sumMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
    const bucket = bucketOf(Math.min(US_MAX, Math.max(0, Math.round(ms * 1000))));
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
  }

  /** What this share of all did not exceed, at most 1% too much; 0 where nothing was recorded. */
  quantileMs(share: number): number {
    let left = Math.max(1, Math.ceil(share * this.#count));
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket] as number;
      if (left <= 0) return Math.min(this.#maxMs, greatestIn(bucket) / 1000);
    }
    return this.#maxMs;
  }

  add(other: LatencyHistogram): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.#counts[bucket] = (this.#counts[bucket] as number) + (other.#counts[bucket] as number);
    }
    this.#count += other.#count;
    this.#sumMs += other.#sumMs;
    this.#maxMs = Math.max(this.#maxMs, other.#maxMs);
  }
}

function bucketOf(us: number): number {
  if (us < EXACT) return us;
  const shift = 32 - EXACT_BITS - Math.clz32(us);
  return shift * HALF + (us >>> shift);
}

/** The most microseconds that fall into a bucket. */
function greatestIn(bucket: number): number {
  if (bucket < EXACT) return bucket;
  const shift = Math.floor(bucket / HALF) - 1;
  return (bucket - shift * HALF + 1) * 2 ** shift - 1;
}
