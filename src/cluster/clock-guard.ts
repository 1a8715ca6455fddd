/**
 * The clock guard: how far this replica's wall clock is from the others', and by how much the replica corrects it.
 *
 * Each round of anti-entropy is a sample: the peer read its clock at some moment between question and answer, so that
 * the offset is known to within half the round trip. Of a peer's last samples the one of the least round trip counts
 * (the clock filter of NTP, RFC 5905 section 10), and those count no more that do not agree with a later one: a clock
 * has jumped since. Where this replica's own clock steps, nothing counts that was measured before. This replica's
 * offset is the median of all, its own clock included; only wall clocks are compared, never corrected ones, so that
 * nobody follows a correction. A process without a disk that begins again is another replica by the same clock: the links
 * to those before it may not be missed yet, and they vote no more. While the median may be within half a round trip of what it is taken for, nothing
 * changes: slow paths of unlike length do not make a good clock wrong.
 *
 * A majority has to be heard, and three at least: of two replicas nobody knows who is wrong, and each keeps its own clock.
 * Where the majority is lost the last correction stays: that the clock is wrong is known. Nothing is guaranteed against a
 * majority of wrong clocks, nor for a clock that is set right while nobody is heard.
 */

import type { ReplicaId } from "../base/ids.ts";

const SAMPLES_MAX = 8;
const VOTES_MIN = 3;
/** What its own clock says. */
const OWN = { rttMs: 0, offsetMs: 0 };

export interface ClockSample {
  /** Between question and answer, by the wall clock of this replica; ms. */
  readonly rttMs: number;
  /** The peer's wall clock less this one's, half-way; ms. */
  readonly offsetMs: number;
}

export class ClockGuard {
  readonly #boundMs: number;
  /** The latest last. */
  readonly #samplesById = new Map<ReplicaId, readonly ClockSample[]>();
  /** Of each peer the one that counts. */
  readonly #bestById = new Map<ReplicaId, ClockSample>();
  /** In a cluster of how many it was decided last; undefined: something has changed since. */
  #decidedFor: number | undefined;
  /** This replica's wall clock when it was looked at last, unix ms. */
  #lookedAt: number | undefined;
  /** What is added to the wall clock; 0: it is not corrected. */
  correctionMs = 0;
  /** By how much the others are ahead; undefined: no majority has been heard. */
  offsetMs: number | undefined;

  /**
   * `boundMs`: an offset beyond it is corrected, until it is within half of it; in between the correction is left alone
   * while it is right to within a quarter, so that it does not flap.
   */
  constructor(boundMs: number) {
    this.#boundMs = boundMs;
  }

  /**
   * Looks at this replica's own wall clock, unix ms; often, so that it stepped where it is behind the last look, or ahead of
   * it by more than the bound (the process may have stood still, too: a few rounds are soon measured anew).
   */
  look(wallClockMs: number): void {
    const before = this.#lookedAt ?? wallClockMs;
    this.#lookedAt = wallClockMs;
    if (wallClockMs >= before && wallClockMs - before <= this.#boundMs) return;
    this.#samplesById.clear();
    this.#bestById.clear();
    this.#decidedFor = undefined;
  }

  /**
   * Notes a round. One during which a clock went back is none. `isSuccessorOf`: the peer answers in the place of that one,
   * by the same clock, which has one vote.
   */
  note(peer: ReplicaId, sample: ClockSample, isSuccessorOf: (id: ReplicaId) => boolean = () => false): void {
    if (sample.rttMs < 0) return;
    for (const id of this.#samplesById.keys()) if (id !== peer && isSuccessorOf(id)) this.forget(id);
    const agreeing = (this.#samplesById.get(peer) ?? []).filter((earlier) => canAgree(earlier, sample));
    const latest = [...agreeing, sample].slice(-SAMPLES_MAX);
    this.#samplesById.set(peer, latest);
    const best = latest.reduce((least, each) => (each.rttMs <= least.rttMs ? each : least));
    this.#bestById.set(peer, best);
    this.#decidedFor = undefined;
  }

  /** What was measured over a link that went says nothing of the clock that answers next. */
  forget(peer: ReplicaId): void {
    this.#samplesById.delete(peer);
    this.#bestById.delete(peer);
    this.#decidedFor = undefined;
  }

  /** The best sample of a peer. */
  sampleOf(peer: ReplicaId): ClockSample | undefined {
    return this.#bestById.get(peer);
  }

  /** Decides anew, in a cluster of so many members, this one included. True when the correction changed. */
  evaluate(members: number): boolean {
    if (this.#decidedFor === members) return false;
    this.#decidedFor = members;
    if (!this.#decide(members)) return false;
    // The next decision starts from this one.
    this.#decidedFor = undefined;
    return true;
  }

  #decide(members: number): boolean {
    const samples = [OWN, ...this.#bestById.values()];
    const isHeard = samples.length >= VOTES_MIN && samples.length * 2 > members;
    this.offsetMs = isHeard ? medianOf(samples.map((sample) => sample.offsetMs)) : undefined;
    if (this.offsetMs === undefined) return false;
    const present = this.correctionMs;
    const contradiction = Math.abs(medianOf(samples.map((sample) => nearestTo(present, sample))) - present);
    if (contradiction <= (present === 0 ? this.#boundMs : this.#boundMs / 4)) return false;
    this.correctionMs = Math.abs(this.offsetMs) <= this.#boundMs / 2 ? 0 : Math.round(this.offsetMs);
    return this.correctionMs !== present;
  }
}

/** Of the offsets that a sample allows the one that is nearest to `offsetMs`. */
function nearestTo(offsetMs: number, sample: ClockSample): number {
  const doubtMs = sample.rttMs / 2;
  return Math.max(sample.offsetMs - doubtMs, Math.min(sample.offsetMs + doubtMs, offsetMs));
}

/** True where one offset may lie within half a round trip of both. */
function canAgree(a: ClockSample, b: ClockSample): boolean {
  // Clocks are read in whole milliseconds.
  return Math.abs(a.offsetMs - b.offsetMs) <= (a.rttMs + b.rttMs) / 2 + 2;
}

/** Of an even number the one in the middle that is nearer to 0: when in doubt the own clock is right. */
export function medianOf(offsets: readonly number[]): number {
  const sorted = Float64Array.from(offsets).sort();
  const low = sorted[(sorted.length - 1) >> 1] ?? 0;
  const high = sorted[sorted.length >> 1] ?? 0;
  return Math.abs(low) <= Math.abs(high) ? low : high;
}
