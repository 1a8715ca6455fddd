/** Of each origin in each shard the newest of the writes that somebody saw: a bounded part of what a session has seen. */

import type { OriginId, ShardId } from "./ids.ts";

interface Dot {
  readonly shard: ShardId;
  readonly origin: OriginId;
  readonly sequence: number;
}

/** Of as many origins a token of a session has no room (`doors/session.ts`). */
const DOTS_MAX = 128;

export class NewestDots {
  /** The one that was noted last is the last one. */
  readonly #dots: Dot[] = [];

  /** Where that are too many, the one that was noted first is forgotten. */
  note(dot: Dot): void {
    const { shard, origin, sequence } = dot;
    // Who reads many in a row mostly reads what a few wrote: the last is looked at first.
    for (let at = this.#dots.length - 1; at >= 0; at--) {
      const held = this.#dots[at] as Dot;
      if (held.origin !== origin || held.shard !== shard) continue;
      this.#dots.splice(at, 1);
      this.#dots.push(held.sequence < sequence ? dot : held);
      return;
    }
    if (this.#dots.length === DOTS_MAX) this.#dots.shift();
    this.#dots.push(dot);
  }

  /** Those noted last first. */
  get all(): readonly Dot[] {
    return this.#dots.toReversed();
  }
}
