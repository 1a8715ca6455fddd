/**
 * What a shard holds and nobody has confirmed: whoever was away for long, or has an old copy of a disk, or a damaged one, cannot
 * tell what of it the others have deleted and purged. It claims nothing, keeps what it holds aside, takes a whole claim of a
 * peer, and then decides of each register (`replica/doubt.ts`).
 */

import type { OriginId } from "../../base/ids.ts";
import { isBase, isDeletion, isMember } from "../containers/container-part.ts";
import { afterAt } from "../record/bond.ts";
import { bucketOf } from "../record/bucket.ts";
import { KIND_DOCUMENT } from "../record/kind.ts";
import { keyAt, kindAt, originAt, sequenceAt, timestampAt } from "../record/record.ts";
import { VersionVector } from "../version-vector.ts";
import type { Agenda } from "./agenda.ts";
import type { Author } from "./author.ts";
import type { Holdings } from "./holdings.ts";
import { type NewDots, NONE_TWICE } from "./new-dots.ts";
import type { Shard } from "./shard.ts";

/**
 * What those who claim all that they hold say of a register that they do not hold. "unknown": they do not cover its dot;
 * "replaced": they do, and something as new was purged from its bucket; "unseen": they do, as of a life that they closed
 * or of another write under the same dot, and nothing has replaced it.
 */
export type Standing = "unknown" | "replaced" | "unseen";
/** What becomes of it. */
export type Fate = "stays" | "stays under a new dot" | "goes";

/** Writes of an own life behind a sequence. */
export interface OwnWrites {
  readonly origin: OriginId;
  /** Those whose sequences are greater. */
  readonly above: number;
  /** Of them, those that are younger than the retention. */
  readonly areYoung: boolean;
  /** Others know other writes of that life: it was lived twice (`new-dots.ts`). */
  readonly isTwice: boolean;
  /** Of collections a deletion may have seen them, by their dots: they get new ones once all that those in reach did is here. */
  readonly areMembersLate: boolean;
}

export class Quarantine {
  readonly #shard: Shard;
  readonly #holdings: Holdings;
  readonly #author: Author;
  readonly #newDots: NewDots;
  readonly #agenda: Agenda;
  #isOn = false;
  #toRedot: readonly OwnWrites[] = [];
  /** When it was last on disk, what was held waited for a peer to confirm it: whoever loads it must distrust it again. */
  wasOn = false;

  constructor(shard: Shard, holdings: Holdings, author: Author, newDots: NewDots, agenda: Agenda) {
    this.#shard = shard;
    this.#holdings = holdings;
    this.#author = author;
    this.#newDots = newDots;
    this.#agenda = agenda;
  }

  /** What was held is dropped, and a peer's whole delta waited for: what is unconfirmed is not served. */
  get isOn(): boolean {
    return this.#isOn;
  }

  set isOn(isOn: boolean) {
    this.#isOn = isOn;
    if (isOn) this.#agenda.unsettled.add(this.#shard);
  }

  /**
   * Own writes of earlier lives that need dots of the present one, among what is unconfirmed. The disk knows, so that a
   * later life goes on with it.
   */
  get toRedot(): readonly OwnWrites[] {
    return this.#toRedot;
  }

  set toRedot(writes: readonly OwnWrites[]) {
    if (this.#toRedot.length === 0 && writes.length === 0) return;
    this.#toRedot = writes;
    this.#holdings.unsaved.noteHead();
  }

  /** Takes back from disk what was to get other dots. */
  restore(toRedot: readonly OwnWrites[]): void {
    this.#toRedot = toRedot;
  }

  /**
   * Forgets every claim; what is held stays aside, unconfirmed, until `reconcile`. What this life wrote is above doubt where
   * `isWhole`: nothing of it can have been lost here.
   */
  distrust(options: { readonly serve: boolean; readonly isWhole?: boolean }): void {
    const { table, unconfirmed, unsaved } = this.#holdings;
    this.#forgetClaims();
    this.#holdings.unconfirmed.isTorn = false;
    this.#agenda.unsettled.add(this.#shard);
    this.isOn = !options.serve;
    const sure = options.isWhole === true ? this.#author.origin : undefined;
    if (sure !== undefined) this.#author.claimIn(this.#holdings.vector);
    this.#holdings.forEachHeld((slot) => {
      if (sure !== undefined && originAt(table.viewOf(slot), table.offsetOf(slot)) === sure) return;
      unconfirmed.add(slot);
    });
    unsaved.noteHead();
  }

  #forgetClaims(): void {
    const { chains, vector } = this.#holdings;
    this.#shard.tenure.becomeUnready();
    chains.uncover(vector);
    vector.clear();
  }

  /**
   * What peers may be told of, and may claim once they were sent all that is confirmed: the vector. While something
   * unconfirmed is in the way of what that covers, which is then not here to be sent, it is what this life wrote.
   */
  get tellable(): VersionVector {
    const { unconfirmed, vector } = this.#holdings;
    if (unconfirmed.inTheWay === 0) return vector.snapshot();
    const own = new VersionVector();
    this.#author.claimIn(own);
    return own;
  }

  /**
   * After a peer's whole delta was claimed, marks included: `fateOf` says what becomes of every unconfirmed register. False
   * when one that goes was in the way of a register that is claimed: then nothing is claimed any more, and all has to be
   * fetched once again (I2).
   */
  reconcile(claim: VersionVector, fateOf: (view: DataView, at: number, standing: Standing) => Fate): boolean {
    const { table, unconfirmed, unsaved, vector } = this.#holdings;
    const dropped: number[] = [];
    this.#holdings.forEachHeld((slot) => {
      if (!unconfirmed.has(slot)) return;
      const view = table.viewOf(slot);
      const at = table.offsetOf(slot);
      const fate = fateOf(view, at, this.#standingOf(view, at, claim));
      if (fate === "stays") unconfirmed.confirm(slot);
      else if (fate === "stays under a new dot") this.#newDots.give(slot, NONE_TWICE);
      else dropped.push(slot);
    });
    // One may have gone with another.
    for (const slot of dropped) if (table.isHeld(slot)) this.drop(slot);
    const isWhole = !unconfirmed.isTorn;
    if (!isWhole) {
      this.#forgetClaims();
      // What this life wrote is all here, all the same.
      this.#author.claimIn(vector);
    }
    unconfirmed.isTorn = false;
    this.isOn = false;
    unsaved.noteHead();
    return isWhole;
  }

  /**
   * Drops a register that nobody confirmed, as if it had never been here. What fell because of it, a deletion of a collection, goes
   * too: others may show it. Where that was so, or where it was in the way of what came meanwhile, all has to be fetched again.
   */
  drop(slot: number): void {
    const { containers, falling, table, unconfirmed } = this.#holdings;
    const view = table.viewOf(slot);
    const at = table.offsetOf(slot);
    const container = isDeletion(view, at) ? containers.of(view, at) : undefined;
    if (unconfirmed.isInTheWay(slot)) unconfirmed.isTorn = true;
    if (container === undefined) this.#holdings.discard(slot);
    else if (falling.drop(container, slot)) unconfirmed.isTorn = true;
  }

  /**
   * Whatever replaced a register is held, in its place, or was purged, and left a mark at or above its stamp. What killed a
   * register of a container is held, and has killed it here too, or was a deletion that it did not know of, and purged.
   */
  #standingOf(view: DataView, at: number, claim: VersionVector): Standing {
    if (!claim.covers(originAt(view, at), sequenceAt(view, at))) return "unknown";
    return this.#wasReplaced(view, at) ? "replaced" : "unseen";
  }

  /** True for what was held here once, is not any more, and may have been replaced by what was purged since. */
  wasForgotten(view: DataView, at: number): boolean {
    return this.#holdings.vector.covers(originAt(view, at), sequenceAt(view, at)) && this.#wasReplaced(view, at);
  }

  #wasReplaced(view: DataView, at: number): boolean {
    if (kindAt(view, at) !== KIND_DOCUMENT || isBase(view, at)) {
      return timestampAt(view, at) <= (this.#holdings.graves.marks?.of(bucketOf(view, at)) ?? 0);
    }
    const key = keyAt(view, new Uint8Array(view.buffer, view.byteOffset), at);
    const deletedAt = this.#holdings.graves.markOf(kindAt(view, at), key);
    return (isMember(view, at) ? afterAt(view, at) : timestampAt(view, at)) < deletedAt;
  }
}
