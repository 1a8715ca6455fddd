/**
 * Owners that say that they are none, to a request of a client of this replica: views differ, and who asks is about to see
 * another one, or they are. So all are asked once more; where everybody refuses for long, what is here has to do.
 */

import type { Answered } from "./forwarding.ts";
import type { KeyspaceHost } from "./local-keyspace.ts";

/** Between two rounds in which all who were asked refused, ms, and so many of them. */
const PAUSE_MS = 50;
const PAUSES_MAX = 10;

export class Refusals {
  #pauses = 0;
  #isAny = false;
  readonly #isFirst: boolean;

  /** `isFirst`: the request came from a client, not from another replica, which asks once more itself. */
  constructor(isFirst: boolean) {
    this.#isFirst = isFirst;
  }

  note(answer: Answered): void {
    this.#isAny ||= answer !== "lost" && answer.type === "refused";
  }

  /** Until those who were asked, or this replica, see what the others see. Throws where this replica has stopped meanwhile. */
  async pause(host: Pick<KeyspaceHost, "replica" | "pause">): Promise<void> {
    this.#pauses++;
    await host.pause(PAUSE_MS);
    host.replica();
  }

  /** It is worth while to ask all once more. */
  get mayBeTaken(): boolean {
    return this.#isFirst && this.#isAny && this.#pauses < PAUSES_MAX;
  }
}
