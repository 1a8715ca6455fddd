/**
 * What a replica wants done in the world. The order is a promise that the driver keeps: what the disk must have goes to
 * the disk, then frames are sent, then callers answered, then watchers told. Only answers and reports that promise the
 * disk wait for it, and those are put in here when it has written.
 */

import type { ErrorCode } from "../base/errors.ts";
import type { LinkId, LogLevel } from "./ports.ts";

export interface OutgoingFrame {
  readonly link: LinkId;
  readonly frame: Uint8Array;
  /** May be left out where the link's queue is full. */
  readonly droppable: boolean;
}

export interface LogFact {
  readonly level: LogLevel;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A register that a quarantine dropped. */
export interface SalvagedRecord {
  /** The keyspace that it is of; what is of none is the system's own. */
  readonly keyspace: string;
  readonly bytes: Uint8Array;
}

export class Outbox {
  frames: OutgoingFrame[] = [];
  closes: { readonly link: LinkId; readonly code: ErrorCode; readonly reason: string }[] = [];
  answers: (() => void)[] = [];
  deliveries: (() => void)[] = [];
  logs: LogFact[] = [];
  /** Keys to be read from the disk, for `Replica.read`. */
  reads: Uint8Array[] = [];
  /** The set of members changed: dial those that are new. */
  membersChanged = false;
  /** Records too old to be merged after a quarantine: to be kept aside for an operator. */
  salvaged: SalvagedRecord[] = [];

  /** Bytes of the first so many of these frames, by link: a step may put in many, and ask before each. */
  #summed = { frames: this.frames, count: 0, bytesByLink: new Map<LinkId, number>() };

  /** Bytes of the frames that wait in here for a link. */
  bytesTo(link: LinkId): number {
    const { frames } = this;
    if (this.#summed.frames !== frames) this.#summed = { frames, count: 0, bytesByLink: new Map() };
    const { bytesByLink } = this.#summed;
    for (; this.#summed.count < frames.length; this.#summed.count++) {
      const { link, frame } = frames[this.#summed.count] as OutgoingFrame;
      bytesByLink.set(link, (bytesByLink.get(link) ?? 0) + frame.length);
    }
    return bytesByLink.get(link) ?? 0;
  }

  log(level: LogLevel, event: string, fields: Readonly<Record<string, unknown>> = {}): void {
    this.logs.push({ level, event, fields });
  }
}
