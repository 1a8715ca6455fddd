/** What follows here from a register that came or changed, wherever it came from: who follows it is told, and what it says counts. */

import { SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Audience } from "./audience.ts";
import type { KeyWaits } from "./key-waits.ts";
import type { Outlook } from "./outlook.ts";
import { isInvalidation, type LearnedInvalidations } from "./tag-invalidation.ts";

export interface TidingsHost {
  readonly invalidations: LearnedInvalidations;
  readonly outlook: Pick<Outlook, "learn" | "learnAll">;
  readonly audience: Audience;
  readonly keyWaits: KeyWaits;
}

export class Tidings {
  readonly #host: TidingsHost;

  constructor(host: TidingsHost) {
    this.#host = host;
  }

  /** A register came or changed: watchers hear of it. */
  applied(shard: Shard, view: DataView, at: number, now: number): void {
    const { invalidations, outlook, audience, keyWaits } = this.#host;
    const space = spaceOf(shard.id);
    if (space === SYSTEM_SPACE && isInvalidation(view, at)) invalidations.learn(view, at);
    else if (space === SYSTEM_SPACE) outlook.learn(view, at);
    audience.applied(shard, view, at, now);
    keyWaits.applied(shard, view, at, now);
  }

  /** What is held changed in ways that cannot be told one by one: whoever follows has to read again. `of`: in one shard. */
  changedUntold(of?: Shard): void {
    const { outlook, audience, keyWaits } = this.#host;
    if (of === undefined || spaceOf(of.id) === SYSTEM_SPACE) outlook.learnAll();
    audience.reset();
    keyWaits.reset();
  }
}
