/**
 * A client of a session: it does one thing after the other, and carries its token from each answer to the next request as
 * a client of the doors does, with the code of the doors.
 */

import { decodeSession, EMPTY_SESSION, encodeSession, mergeSession } from "../../src/doors/session.ts";
import type { Dot } from "../../src/store.ts";

/** Where a request is, or was when its connection broke. */
interface Pending {
  readonly node: number;
  readonly life: number;
}

export class ClientSession {
  #token = EMPTY_SESSION;
  #pending: Pending | undefined;
  #waiting: (() => void) | undefined;

  /** What the token names, newest first: what a replica has to have before it may answer. */
  get carried(): readonly Dot[] {
    return decodeSession(this.#token);
  }

  /**
   * Runs `begin` once what was asked before is answered, or given up. Only one thing waits at a time: what comes due
   * meanwhile is left undone, so that a client that was held up does not go on long after everybody else.
   */
  inTurn(begin: () => void): void {
    this.#waiting ??= begin;
    this.#next();
  }

  /** Leaves undone what waits. */
  close(): void {
    this.#waiting = undefined;
  }

  /** The request is on its way: nothing else is until `answered` or `broken`. */
  sent(pending: Pending): void {
    this.#pending = pending;
  }

  /** An answer came, with the dots that were written or read, newest first. */
  answered(carried: readonly Dot[], seen: readonly Dot[]): void {
    if (seen.length > 0) this.#token = encodeSession(mergeSession(carried, seen));
    this.#pending = undefined;
    this.#next();
  }

  /** A process has ended: what it was asked will never be answered. */
  broken(node: number, life: number): void {
    if (this.#pending?.node !== node || this.#pending.life !== life) return;
    this.#pending = undefined;
    this.#next();
  }

  #next(): void {
    while (this.#pending === undefined && this.#waiting !== undefined) {
      const begin = this.#waiting;
      this.#waiting = undefined;
      begin();
    }
  }
}
