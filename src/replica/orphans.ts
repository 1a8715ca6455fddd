/**
 * Ghosts (`ghosts.ts`) that somebody has to look after: those of a keeper, who is to have the values, and those whose values
 * nobody has any more.
 *
 *  - A keeper fetches what it has ghosts of, as long as it has so much room that it would not lend itself: it became the keeper
 *    when another went. Beyond that other values would have to go for good. It goes through all of them at most once for
 *    each `step`, as some may be with nobody in reach.
 *  - A value that is gone (`fetches.ts`, 3) and, asked for once more after a while, still is, is an *orphan*. Its register is
 *    deleted, one tick after it, as one that is evicted: else it would be listed for ever, and be waited for by whoever is to
 *    take the shard over. Whoever finds that does it: all who do say the same. Not while somebody who was not asked may come
 *    back: what that one has, the deletion would kill.
 */

import type { ReplicaId } from "../base/ids.ts";
import { keeperOf } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Residency } from "../core/shard/residency.ts";
import type { Shard } from "../core/shard/shard.ts";
import { isVersionIn, type VersionFacts, versionFactsIn } from "../wire/version-facts.ts";
import type { Eviction } from "./eviction.ts";
import type { Recalls } from "./recalls.ts";

/** Between the two times that it is asked for, at least. */
export const GRACE_MS = 5000;
/** Of values in mind that nobody seems to have ... */
export const SUSPECTS_MAX = 4096;
/** ... and of those that are fetched in one step. */
const FETCHED_AT_ONCE = 64;
const LOOKS_MAX = 16_384;

export interface OrphansHost extends Surroundings {
  readonly residency: Residency | undefined;
  readonly recalls: Recalls;
  readonly eviction: Pick<Eviction, "remove">;
}

interface Suspect {
  readonly shard: Shard;
  readonly slot: number;
  readonly version: VersionFacts;
  readonly since: number;
}

export class Orphans {
  readonly #host: OrphansHost;
  readonly #suspects = new Map<string, Suspect>();
  /** How far the keeper's own ghosts have been gone through; `#isAtEnd`: all have, since the last `step`. */
  #shard = 0;
  #slot = 1;
  #isAtEnd = false;
  #now = 0;
  /** Registers deleted because nobody had their values. */
  deleted = 0;

  constructor(host: OrphansHost) {
    this.#host = host;
  }

  get suspects(): number {
    return this.#suspects.size;
  }

  /** Nobody has the value in a slot, as everybody said who could. */
  note(shard: Shard, slot: number): void {
    const name = `${shard.id} ${slot}`;
    const known = this.#suspects.get(name);
    if (known === undefined || !this.#isSame(known)) {
      if (this.#suspects.size >= SUSPECTS_MAX) return;
      const version = versionFactsIn(shard, slot);
      this.#suspects.set(name, { shard, slot, version, since: this.#now });
    } else if (Math.abs(this.#now - known.since) >= GRACE_MS && shard.isSettled) {
      this.#suspects.delete(name);
      this.deleted++;
      this.#host.eviction.remove(shard, slot, this.#now, true);
    }
  }

  #isSame({ shard, slot, version }: Suspect): boolean {
    if (!shard.table.isHeld(slot) || shard.table.isSentinel(slot) || !shard.isAway(slot)) return false;
    return isVersionIn(shard, slot, version);
  }

  /** To be called now and then. */
  step(now: number): void {
    this.#now = now;
    this.#isAtEnd = false;
    this.#askAgain();
  }

  /** To be called with every tick. */
  tick(): void {
    if (!this.#isAtEnd) this.#fetchHome();
  }

  #askAgain(): void {
    let left = FETCHED_AT_ONCE;
    for (const [name, suspect] of this.#suspects) {
      if (Math.abs(this.#now - suspect.since) < GRACE_MS) continue;
      if (left-- === 0) return;
      if (this.#isSame(suspect))
        this.#host.recalls.want(suspect.shard, suspect.slot, () => this.#forget(name, suspect));
      else this.#suspects.delete(name);
    }
  }

  /** Somebody may have it after all. */
  #forget(name: string, suspect: Suspect): void {
    if (this.#suspects.get(name) === suspect) this.#suspects.delete(name);
  }

  #fetchHome(): void {
    const { residency, recalls, shards } = this.#host;
    if (residency?.hasDisk === true || residency?.isLending === true) return;
    let [wanted, looks] = [recalls.waiting, 0];
    while (wanted < FETCHED_AT_ONCE && looks < LOOKS_MAX) {
      const shard = shards.all[this.#shard];
      if (shard === undefined) {
        [this.#shard, this.#slot, this.#isAtEnd] = [0, 1, true];
        return;
      }
      if (shard.accounts.away > 0 && this.#isKeeper(shard)) {
        const { slots, next } = shard.values.nextAway(this.#slot, FETCHED_AT_ONCE - wanted, LOOKS_MAX - looks);
        looks += next - this.#slot;
        wanted += slots.length;
        for (const slot of slots) recalls.want(shard, slot, () => {});
        this.#slot = next;
        if (next < shard.table.slotEnd) return;
      }
      this.#shard++;
      this.#slot = 1;
    }
  }

  #isKeeper({ id }: Shard): boolean {
    const keeper: ReplicaId | undefined = keeperOf(this.#host, id);
    return keeper === this.#host.ownership.self;
  }
}
