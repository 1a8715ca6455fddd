/**
 * The driver's part in a departure: tells whoever runs the process that this replica has handed over, so that it shuts the
 * doors and stops the driver; and then waits until what was written up to there is at others, too. Who stops without departing,
 * and has no disk, waits for a moment until others have the values that only it has.
 */

import { isDue } from "../base/deadline.ts";
import type { Bequest } from "./bequest.ts";
import type { Log } from "./ports.ts";
import type { Replica } from "./replica.ts";

/** What was written last is on another disk after so long, or this replica keeps its place. */
const LAST_COPIES_MS = 15_000;
/** Besides what the doors take to close: some kill after ten seconds whoever is to stop. */
const BEQUEST_MS = 4000;
/** By as much a clock that is put back prolongs the wait. */
const PUT_BACK_MAX_MS = 1000;

interface Going {
  readonly dueAt: number;
  readonly waitMaxMs: number;
  readonly isOver: (replica: Replica, now: number) => boolean;
  /** It was waited for in vain. */
  readonly abandoned: (replica: Replica) => void;
  readonly decide: (isOver: boolean) => void;
}

export class Farewell {
  readonly #handedOver: () => void;
  readonly #log: Log;
  #isToldHandedOver = false;
  #going: Going | undefined;

  constructor(handedOver: () => void, log: Log) {
    this.#handedOver = handedOver;
    this.#log = log;
  }

  /**
   * Resolves once it is decided whether this replica goes for good: it has handed over, and others have all that is here. At
   * that moment, in `tick`, nothing is to be written any more. False: it keeps its place.
   */
  decision(now: number): Promise<boolean> {
    const isOver = ({ departure, bequest }: Replica) => {
      if (!departure.mayGo()) return false;
      this.#tellLost(bequest);
      return true;
    };
    const abandoned = () => {
      this.#log("warn", "leaving-abandoned", { reason: "no other disk has what was written last" });
    };
    return this.#until(isOver, abandoned, now, LAST_COPIES_MS);
  }

  /** Resolves once others have the values of `bequest.ts`, or it has waited long enough. */
  async bequest(now: number): Promise<void> {
    const isOver = ({ bequest }: Replica, at: number) => {
      bequest.tick(at);
      if (bequest.left > 0) return false;
      this.#tellLost(bequest);
      return true;
    };
    const abandoned = ({ bequest }: Replica) => {
      this.#log("warn", "values-lost", { values: bequest.lost, shardsOfMore: bequest.left });
    };
    await this.#until(isOver, abandoned, now, BEQUEST_MS);
  }

  #tellLost({ lost }: Bequest): void {
    if (lost > 0) this.#log("warn", "values-lost", { values: lost, reason: "nobody had room for them" });
  }

  #until(isOver: Going["isOver"], abandoned: Going["abandoned"], now: number, waitMs: number): Promise<boolean> {
    return new Promise((decide) => {
      const waitMaxMs = waitMs + PUT_BACK_MAX_MS;
      this.#going = { dueAt: now + waitMs, waitMaxMs, isOver, abandoned, decide };
    });
  }

  /** True once the decision has been taken. */
  tick(replica: Replica, now: number): boolean {
    if (replica.departure.hasHandedOver && !this.#isToldHandedOver) {
      this.#isToldHandedOver = true;
      this.#handedOver();
    }
    const going = this.#going;
    if (going === undefined) return false;
    const isOver = going.isOver(replica, now);
    if (!isOver && !isDue(going, now)) return false;
    this.#going = undefined;
    if (!isOver) going.abandoned(replica);
    going.decide(isOver);
    return true;
  }
}
