/** This replica's time: the clock whose stamps it gives out, what it tells others of it, and whether the wall clock is to be believed. */

import type { ReplicaId, Timestamp } from "../base/ids.ts";
import { ClockGuard, type ClockSample } from "../cluster/clock-guard.ts";
import type { Members } from "../cluster/members.ts";
import type { Ownership } from "../cluster/ownership.ts";
import { HybridClock, msOfTimestamp, timestampFromMs } from "../core/clock.ts";
import type { Outbox } from "./outbox.ts";

/** So long a write may be on its way, and between owners, and still be taken with the stamp that it was given first. */
const REQUEST_MS_MAX = 10_000;

export interface TimekeepingHost {
  readonly members: Members;
  readonly ownership: Ownership;
  readonly outbox: Outbox;
}

export class Timekeeping {
  readonly clock: HybridClock;
  /** The machine is told the corrected time: the wall clock's and `correctionMs`. */
  readonly guard: ClockGuard;
  /** Peers were told that whatever is written from now on is stamped above. */
  toldStamp = 0;
  readonly #host: TimekeepingHost;

  constructor(host: TimekeepingHost, maxClockOffsetMs: number) {
    this.#host = host;
    this.clock = new HybridClock(maxClockOffsetMs);
    this.guard = new ClockGuard(maxClockOffsetMs);
  }

  /** How a peer's wall clock stands to this one. */
  measured(peer: ReplicaId, sample: ClockSample): void {
    const { members } = this.#host;
    const address = members.get(peer)?.address;
    this.guard.note(peer, sample, (id) => members.get(id)?.address === address);
  }

  /** The stamp to tell peers, the first of a millisecond: whatever is written from now on is stamped above. */
  stampToTell(now: number): Timestamp {
    // Nobody asks where all own all: a clock that runs ahead is not to be followed without need.
    const floor = this.#host.ownership.isAnyPlaced ? this.clock.floor(now) : timestampFromMs(now);
    this.toldStamp = Math.max(this.toldStamp, timestampFromMs(msOfTimestamp(floor) - REQUEST_MS_MAX));
    return this.toldStamp as Timestamp;
  }

  /** Last in a tick: what expired by the clock so far has fallen, and stays so when that is put back. */
  evaluate(now: number): void {
    const { guard } = this;
    const before = guard.correctionMs;
    guard.look(now - before);
    if (!guard.evaluate(this.#host.members.owners().length + 1)) return;
    const { correctionMs } = guard;
    this.clock.putBack(now - before + correctionMs);
    const level = correctionMs === 0 ? "info" : "warn";
    this.#host.outbox.log(level, correctionMs === 0 ? "clock-trusted" : "clock-corrected", { correctionMs });
  }
}
