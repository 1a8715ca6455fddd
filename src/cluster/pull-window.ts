/**
 * How much one peer may have on its way to us. A link keeps the order of what goes over it: repair stands in front of
 * pushes and answers, and what is asked for too early only waits there. So the window follows the link, in the manner of
 * TCP Vegas (Brakmo, Peterson 1995): it grows while what was granted comes about as soon as it can, and shrinks when
 * it waits in queues on the way.
 *
 * A fixed one would be wrong somewhere: 100 Mbit/s over 150 ms want 1.9 MB under way, 1.6 Mbit/s take 10 s for that.
 */

export const WINDOW_BYTES_START = 256 * 1024;
export const WINDOW_BYTES_MIN = 128 * 1024;
/** Half of what a link queues before it leaves pushes out, and enough for 1 Gbit/s over 30 ms. */
export const WINDOW_BYTES_MAX = 4 * 1024 * 1024;
/** Time in queues up to which the window grows ... */
const QUEUED_SOON_MS = 200;
/** ... and above which it shrinks. */
const QUEUED_LATE_MS = 500;
/** A grant of less than this part of the window is not worth a message of its own. */
const GRANT_PART = 1 / 8;

export class PullWindow {
  #bytes = WINDOW_BYTES_START;
  /** Of all time: bytes granted, and bytes that came. */
  #granted = 0;
  #received = 0;
  /** Grants of which some bytes have not come; each raised what was granted in all to `upTo`. */
  readonly #grants: { readonly upTo: number; readonly at: number }[] = [];
  /** What had been granted when it shrank last comes late as well, and tells nothing new. */
  #settledAt = 0;
  #leastMs = Infinity;
  #queuedMs = Infinity;

  /** Bytes that may be on their way. One chunk or record may stand above it. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What came last had not waited for long. */
  get isQuick(): boolean {
    return this.#queuedMs <= QUEUED_LATE_MS;
  }

  get isGrantDue(): boolean {
    return this.#room >= this.#bytes * GRANT_PART;
  }

  get #room(): number {
    return this.#received + this.#bytes - this.#granted;
  }

  /** Grants what there is room for, and returns how many bytes that is. */
  grant(now: number): number {
    const bytes = Math.max(0, this.#room);
    if (bytes === 0) return 0;
    this.#granted += bytes;
    this.#grants.push({ upTo: this.#granted, at: now });
    return bytes;
  }

  /** So many bytes came, of something that was asked for at `askedAt`; undefined: nobody knows any more. */
  receive(bytes: number, askedAt: number | undefined, now: number): void {
    if (askedAt !== undefined) this.#measure(bytes, askedAt, now);
    this.#received += bytes;
  }

  #measure(bytes: number, askedAt: number, now: number): void {
    while (this.#grants[0] !== undefined && this.#grants[0].upTo <= this.#received) this.#grants.shift();
    const grantedAt = this.#grants[0]?.at ?? askedAt;
    const tookMs = Math.max(0, now - Math.max(askedAt, grantedAt));
    this.#leastMs = Math.min(this.#leastMs, tookMs);
    this.#queuedMs = tookMs - this.#leastMs;
    if (this.#queuedMs > QUEUED_LATE_MS) this.#shrink(tookMs);
    else if (this.#queuedMs <= QUEUED_SOON_MS && grantedAt > askedAt) this.#grow(bytes);
  }

  /** Twice as much a round trip: only what had to wait for a grant speaks for more. */
  #grow(bytes: number): void {
    this.#bytes = Math.min(WINDOW_BYTES_MAX, this.#bytes + bytes);
  }

  #shrink(tookMs: number): void {
    if (this.#received < this.#settledAt) return;
    this.#settledAt = this.#granted;
    // With so little under way it is not ours that what comes waits for.
    if (this.#bytes === WINDOW_BYTES_MIN) this.#leastMs = tookMs;
    const part = (this.#leastMs + QUEUED_SOON_MS) / tookMs;
    this.#bytes = Math.max(WINDOW_BYTES_MIN, Math.floor(this.#bytes * Math.min(1, part)));
  }
}
