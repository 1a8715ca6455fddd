/**
 * The driver's part in a departure: tells whoever runs the process that this replica has handed over, so that it shuts the
 * doors and stops the driver; and then waits until what was written up to there is at others, too.
 */

import { isDue } from "../base/deadline.ts";
import type { Log } from "./ports.ts";
import type { Replica } from "./replica.ts";

/** What was written last is on another disk after so long, or this replica keeps its place. */
const LAST_COPIES_MS = 15_000;
/** By as much a clock that is put back prolongs the wait. */
const PUT_BACK_MAX_MS = 1000;

interface Going {
  readonly dueAt: number;
  readonly waitMaxMs: number;
  readonly decide: (mayGo: boolean) => void;
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
    return new Promise((decide) => {
      this.#going = { dueAt: now + LAST_COPIES_MS, waitMaxMs: LAST_COPIES_MS + PUT_BACK_MAX_MS, decide };
    });
  }

  /** True once the decision has been taken. */
  tick({ departure }: Replica, now: number): boolean {
    if (departure.hasHandedOver && !this.#isToldHandedOver) {
      this.#isToldHandedOver = true;
      this.#handedOver();
    }
    const going = this.#going;
    if (going === undefined) return false;
    const mayGo = departure.mayGo();
    if (!mayGo && !isDue(going, now)) return false;
    this.#going = undefined;
    if (!mayGo) this.#log("warn", "leaving-abandoned", { reason: "no other disk has what was written last" });
    going.decide(mayGo);
    return true;
  }
}
