/**
 * Whom to probe next: everybody once, in random order, then everybody again in another one (SWIM, section 4.3). So the
 * time until a silent member is probed has a bound, which independent draws would not give.
 */

import type { ReplicaId } from "../../base/ids.ts";
import type { Random } from "../../base/random.ts";
import { shuffled } from "./shuffle.ts";

export class ProbeRound {
  readonly #random: Random;
  #left: ReplicaId[] = [];

  constructor(random: Random) {
    this.#random = random;
  }

  /** Undefined where there are no candidates. Who came to be one during a round has its turn in the next. */
  next(candidates: ReadonlySet<ReplicaId>): ReplicaId | undefined {
    if (candidates.size === 0) return undefined;
    for (;;) {
      if (this.#left.length === 0) this.#left = shuffled([...candidates], this.#random);
      const id = this.#left.pop();
      if (id !== undefined && candidates.has(id)) return id;
    }
  }
}
