/**
 * One connection between two nodes: two sides, and for each direction a pipe in which frames keep their order. What TCP
 * does to a bad path is modelled by its effect: a lost segment is a delay of everything behind it, a cut holds the frames
 * back until it heals or a side gives up, and a side that closes tells the other through the same pipe.
 */

import type { ErrorCode } from "../../src/base/errors.ts";
import { xxHash32 } from "../../src/base/hash.ts";
import type { LinkId, PeerFacts, Random } from "../../src/replica/ports.ts";
import type { LinkClaim } from "../../src/wire/link-choice.ts";
import { exponential, unit } from "./draws.ts";
import type { EventOwner, EventQueue, SimulatedEvent } from "./event-queue.ts";
import type { Paths } from "./paths.ts";

/** Retransmission timeout of the first lost segment; doubles with each further loss. */
const RETRANSMIT_MS = 200;
const RETRANSMITS_MAX = 5;

/** What travels: a frame, or the news that the other side has closed. */
type Parcel =
  | { readonly type: "frame"; readonly bytes: Uint8Array; readonly sent: Sent; departsAt: number; arrivesAt: number }
  | { readonly type: "close"; readonly end: SideEnd; arrivesAt: number };

/** What a frame was, and when, as it was handed over. */
export interface Sent {
  readonly hash: number;
  readonly sentAt: number;
}

/** Why a side goes down. */
export interface SideEnd {
  readonly reason: string;
  readonly code: ErrorCode;
}

export type SideState = "opening" | "up" | "down";

/** One end of a connection. */
export interface Side {
  readonly connection: Connection;
  readonly node: number;
  readonly peerNode: number;
  readonly owner: EventOwner;
  /** This end dialled. */
  readonly isDialer: boolean;
  readonly peer: PeerFacts;
  /** Which of two links of one pair stays is decided by these. */
  readonly claim: LinkClaim;
  link: LinkId;
  upAt: number;
  state: SideState;
  /** Frames from the peer to this side. */
  readonly inbound: Pipe;
}

export interface Connection {
  readonly dialer: Side;
  readonly acceptor: Side;
}

export function otherSide(side: Side): Side {
  return side.isDialer ? side.connection.acceptor : side.connection.dialer;
}

export interface PipeOptions {
  readonly queue: EventQueue;
  readonly now: () => number;
  readonly random: Random;
  readonly paths: Paths;
  readonly from: number;
  readonly to: number;
  /** Whose event an arrival is. */
  readonly receiver: EventOwner;
  readonly arrive: (bytes: Uint8Array, sent: Sent) => void;
  readonly closed: (end: SideEnd) => void;
}

export function hashFrame(bytes: Uint8Array): number {
  return xxHash32(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.byteLength, 0);
}

/** Frames in flight in one direction, in order. Law: each arrives once, whole, unaltered, or none behind it does. */
export class Pipe {
  readonly #options: PipeOptions;
  #parcels: Parcel[] = [];
  #head = 0;
  #bytes = 0;
  /** When the line is free for the next frame, at the rate it had when that was last worked out. */
  #lineFreeAt = 0;
  #bytesPerMs = Infinity;
  /** Nothing more arrives sooner. */
  #notBefore: number;
  #lastArrival: number;
  /** For the first parcel to arrive; undefined: for nothing, or for the path to be healed. */
  #waiting: SimulatedEvent | undefined;

  constructor(options: PipeOptions, notBefore: number) {
    this.#options = options;
    this.#notBefore = notBefore;
    this.#lastArrival = notBefore;
  }

  /** Bytes accepted and still on this side: what does not fit the line, or everything while the path is cut. */
  queuedBytes(): number {
    const { paths, from, to, now } = this.#options;
    if (paths.isCut(from, to)) return this.#bytes;
    const { bytesPerMs } = paths.quality(from, to);
    if (bytesPerMs === Infinity) return 0;
    return Math.min(this.#bytes, Math.max(0, this.#lineFreeAt - now()) * bytesPerMs);
  }

  push(bytes: Uint8Array): void {
    const { paths, from, to, now } = this.#options;
    const { bytesPerMs } = paths.quality(from, to);
    const departsAt = Math.max(now(), this.#lineFreeAt) + bytes.length / bytesPerMs;
    this.#lineFreeAt = departsAt;
    this.#bytesPerMs = bytesPerMs;
    this.#bytes += bytes.length;
    const sent = { hash: hashFrame(bytes), sentAt: now() };
    this.#enqueue({ type: "frame", bytes, sent, departsAt, arrivesAt: this.#arrival(departsAt) });
  }

  /** The path has another quality: what has not left yet leaves at the new rate. */
  requalified(): void {
    const { paths, from, to, now } = this.#options;
    const { bytesPerMs } = paths.quality(from, to);
    const at = this.#onLine();
    const onLine = this.#parcels[at];
    if (bytesPerMs === this.#bytesPerMs || onLine?.type !== "frame") return;
    const gone = Math.max(0, onLine.bytes.length - (onLine.departsAt - now()) * this.#bytesPerMs);
    this.#bytesPerMs = bytesPerMs;
    this.#lineFreeAt = now() - gone / bytesPerMs;
    this.#lastArrival = Math.max(this.#notBefore, this.#parcels[at - 1]?.arrivesAt ?? 0);
    for (const parcel of this.#parcels.slice(at)) {
      if (parcel.type === "frame") {
        this.#lineFreeAt += parcel.bytes.length / bytesPerMs;
        parcel.departsAt = this.#lineFreeAt;
      }
      parcel.arrivesAt = this.#arrival(this.#lineFreeAt);
    }
    // While the path is cut nothing is waited for: whenever that was, it is to go on from when the path is healed.
    this.#stopWaiting();
    if (!paths.isCut(from, to)) this.#wait((this.#parcels[this.#head] as Parcel).arrivesAt);
  }

  /** Where the frame stands that is leaving now; -1: none is. */
  #onLine(): number {
    const now = this.#options.now();
    return this.#parcels.findIndex((parcel, i) => i >= this.#head && parcel.type === "frame" && parcel.departsAt > now);
  }

  /** The sender has closed: the receiver hears of it behind what was sent. */
  pushClose(end: SideEnd, lateMs: number): void {
    this.#enqueue({ type: "close", end, arrivesAt: this.#arrival(this.#options.now()) + lateMs });
  }

  /** The sender died: only a random number of the frames in flight are still on their way. */
  truncate(random: Random): void {
    const inFlight = this.#parcels.length - this.#head;
    const kept = unit(random) < 0.5 ? inFlight : Math.floor(unit(random) * (inFlight + 1));
    this.#parcels.length = this.#head + kept;
  }

  /** Holds everything in flight back for a while. */
  stall(forMs: number): void {
    const until = this.#options.now() + forMs;
    this.#notBefore = Math.max(this.#notBefore, until);
    this.#lastArrival = Math.max(this.#lastArrival, until);
    for (let i = this.#head; i < this.#parcels.length; i++) {
      const parcel = this.#parcels[i] as Parcel;
      parcel.arrivesAt = Math.max(parcel.arrivesAt, until);
    }
  }

  /** The path is open again: what was held back is retransmitted, later the longer the cut was (backoff). */
  healed(cutForMs: number): void {
    if (this.#waiting !== undefined || this.#head === this.#parcels.length) return;
    const delay = exponential(this.#options.random, Math.min(1000, RETRANSMIT_MS + cutForMs / 8));
    this.#wait(this.#options.now() + delay);
  }

  #arrival(departs: number): number {
    const { paths, from, to, random } = this.#options;
    const { latencyMs, jitterMs, loss } = paths.quality(from, to);
    let arrival = departs + latencyMs + (jitterMs === 0 ? 0 : exponential(random, jitterMs));
    if (loss > 0) {
      for (let i = 0; i < RETRANSMITS_MAX && unit(random) < loss; i++) arrival += RETRANSMIT_MS * 2 ** i;
    }
    this.#lastArrival = Math.max(this.#lastArrival, arrival);
    return this.#lastArrival;
  }

  #enqueue(parcel: Parcel): void {
    this.#parcels.push(parcel);
    const { paths, from, to } = this.#options;
    if (this.#waiting === undefined && !paths.isCut(from, to)) this.#wait(parcel.arrivesAt);
  }

  #wait(until: number): void {
    const { queue, receiver, now } = this.#options;
    this.#waiting = queue.schedule(Math.max(until, now()), receiver, () => this.#pump());
  }

  #stopWaiting(): void {
    if (this.#waiting !== undefined) this.#options.queue.cancel(this.#waiting);
    this.#waiting = undefined;
  }

  #pump(): void {
    this.#waiting = undefined;
    const { paths, from, to, now } = this.#options;
    if (paths.isCut(from, to)) return;
    const parcel = this.#parcels[this.#head];
    if (parcel === undefined) return;
    if (parcel.arrivesAt > now()) {
      this.#wait(parcel.arrivesAt);
      return;
    }
    this.#head++;
    this.#deliver(parcel);
    this.#shrink();
    const next = this.#parcels[this.#head];
    if (next !== undefined && this.#waiting === undefined) this.#wait(next.arrivesAt);
  }

  #deliver(parcel: Parcel): void {
    if (parcel.type === "close") {
      this.#options.closed(parcel.end);
      return;
    }
    this.#bytes -= parcel.bytes.length;
    this.#options.arrive(parcel.bytes, parcel.sent);
  }

  /** Lets go of what has arrived: at once where that is all there was, as it is most often. */
  #shrink(): void {
    if (this.#head < this.#parcels.length && (this.#head < 256 || this.#head * 2 < this.#parcels.length)) return;
    this.#parcels = this.#parcels.slice(this.#head);
    this.#head = 0;
  }
}
