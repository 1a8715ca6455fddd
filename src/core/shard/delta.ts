/**
 * A delta: the registers of one shard that a peer lacks, and the vector it may claim once it has applied them all.
 *
 * The slots to send are collected when the session begins, together with the claim; their content is read when it goes
 * out. A slot overwritten meanwhile goes out with its newer content (R2): the peer gets the register of the dot it will
 * claim, or one that supersedes it. A slot emptied meanwhile held a tombstone that every owner had reported, this peer
 * too, so there is nothing to send for it; or a member of a container whose place another took, which came later than the
 * claim and goes out behind the rest. What nobody gives the value of is left out, and then nothing is claimed. Unconfirmed registers, which may have been deleted elsewhere, stay here; nor is
 * anything claimed that one of them is in the way of.
 */

import type { ByteWriter } from "../../base/bytes.ts";
import { recordLength } from "../record/record.ts";
import type { VersionVector } from "../version-vector.ts";
import type { Shard } from "./shard.ts";

export class DeltaSession {
  readonly shard: Shard;
  /** What the receiver covers after the last chunk. */
  readonly claim: VersionVector;
  readonly #slots: number[] = [];
  #next = 0;
  /** Slots that were left out: where there are any nothing may be claimed. */
  readonly leftOut: number[] = [];
  /** What the shard had displaced when slots were last collected. */
  #displaced: number;

  /** A session for a receiver that covers `covered`. Costs what the receiver lacks, not what the shard holds. */
  constructor(shard: Shard, covered: VersionVector) {
    this.shard = shard;
    this.claim = shard.quarantine.tellable;
    this.#displaced = shard.accounts.displaced;
    this.#collectAbove(covered);
  }

  get registers(): number {
    return this.#slots.length;
  }

  get isDone(): boolean {
    return this.#next === this.#slots.length;
  }

  #collectAbove(covered: VersionVector): void {
    for (const origin of this.shard.origins()) this.shard.collectAbove(origin, covered.get(origin), this.#slots);
  }

  /** Whatever displaced a member that was to be sent bears a dot beyond the claim: it came since. */
  #collectDisplacing(): void {
    if (this.shard.accounts.displaced === this.#displaced) return;
    this.#displaced = this.shard.accounts.displaced;
    this.#collectAbove(this.claim);
  }

  /**
   * Fills an empty `writer` with records of at most `bytesMax` bytes together, up to the first whose value is away; one that
   * is longer goes alone.
   */
  writeChunk(writer: ByteWriter, bytesMax: number): void {
    const table = this.shard.table;
    this.#collectDisplacing();
    for (; this.#next < this.#slots.length; this.#next++) {
      const slot = this.#slots[this.#next] as number;
      if (!this.#isToBeSent(slot)) continue;
      if (this.shard.isAway(slot)) return;
      const view = table.viewOf(slot);
      const at = table.offsetOf(slot);
      const length = recordLength(view, at);
      if (writer.length > 0 && writer.length + length > bytesMax) return;
      writer.slice(view, at, length);
    }
  }

  /** Leaves out those among the next `looksMax` whose values are away, as nobody gives them: nothing is claimed then. */
  leaveOutAway(looksMax: number): void {
    const end = Math.min(this.#slots.length, this.#next + looksMax);
    for (let i = this.#next; i < end; i++) {
      const slot = this.#slots[i] as number;
      if (!this.#isToBeSent(slot) || !this.shard.isAway(slot)) continue;
      this.#slots[i] = 0;
      this.leftOut.push(slot);
    }
  }

  #isToBeSent(slot: number): boolean {
    const { table } = this.shard;
    return slot !== 0 && table.isHeld(slot) && !table.isSentinel(slot) && !this.shard.isUnconfirmed(slot);
  }

  /** Slots among the next `looksMax` whose values are away: nothing is written before they are back. */
  nextAway(looksMax: number): number[] {
    const next = this.#slots.slice(this.#next, this.#next + looksMax);
    return next.filter((slot) => this.#isToBeSent(slot) && this.shard.isAway(slot));
  }
}
