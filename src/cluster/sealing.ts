/**
 * Closing and sealing of ended lives, decided from what the owners reported.
 *
 * An ended life can have gaps: writes that reached nobody before the crash. Once every owner, knowing that the life has
 * ended (so that it takes its registers from deltas only, R4), reports the same vector entry and the same registers
 * beyond it, nobody holds anything else: the gaps are void, and the entry is *closed* at the greatest sequence seen. What
 * one owner alone saw and found superseded is held by nobody: it raises that sequence and keeps nobody waiting. Once
 * all owners have the closed entry on disk the life is *sealed*: folded into 'lives below L are sealed'.
 *
 * A member that was given up is not asked. Should it come back with writes that nobody has seen, they get new dots
 * (`Replica.quarantine`).
 */

import type { OriginId, ShardId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { LIFE_MAX, replicaOf } from "../core/origin.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { EarlyFacts } from "../wire/message.ts";
import { calmBelow } from "./calm.ts";
import { coOwnersOf } from "./co-owners.ts";
import type { Member } from "./members.ts";
import type { Surroundings } from "./surroundings.ts";

export class Sealing {
  readonly #around: Surroundings;
  /** By shard: at the last look nothing of an ended life was here, with these lives and these origins. */
  readonly #clean = new Map<ShardId, { readonly lives: number; readonly origins: number }>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Closes and seals, in every shard, what the reports of all owners allow by now. */
  step(): void {
    const { members, shards } = this.#around;
    const lives = members.livesDigest();
    for (const shard of shards) {
      if (shard.unconfirmed > 0 || shard.isLeaving || !this.#holdsEnded(shard, lives)) continue;
      if (this.#isCalm(shard)) this.#seal(shard, coOwnersOf(this.#around, shard.id), lives);
    }
  }

  /**
   * False when there is nothing of any ended life here that is not sealed: then the reports of all owners, many of them
   * and long ones in a large cluster, need not be looked at. What others still have of such a life comes as a delta, which
   * makes it an entry here.
   */
  #holdsEnded(shard: Shard, lives: number): boolean {
    const { members } = this.#around;
    if (!shard.isWhole() && shard.early().some(({ origin }) => members.hasEnded(origin))) return true;
    const clean = this.#clean.get(shard.id);
    const { origins } = shard.vector;
    if (clean?.lives === lives && clean.origins === origins) return false;
    for (const [origin] of shard.vector.entries()) if (members.hasEnded(origin)) return true;
    this.#clean.set(shard.id, { lives, origins });
    return false;
  }

  /** Nobody but the owners holds anything of it. */
  #isCalm(shard: Shard): boolean {
    return this.#around.ownership.isEverywhere(spaceOf(shard.id)) || calmBelow(this.#around, shard.id) !== undefined;
  }

  #seal(shard: Shard, owners: readonly Member[], lives: number): void {
    const { members, ownership, reports } = this.#around;
    const isEverywhere = ownership.isEverywhere(spaceOf(shard.id));
    const known: OwnerView[] = [];
    for (const { id } of owners) {
      const report = reports.of(shard.id, id);
      if (!isEverywhere && report?.view !== ownership.view) return;
      if (report?.early === undefined || report.lives !== lives) return;
      known.push({ vector: report.vector, durable: report.durable, early: report.early });
    }
    const { close, seal } = decideSealing(
      {
        own: { vector: shard.vector, durable: this.#around.durableOf(shard.id), early: shard.early() },
        owners: known,
        hasEnded: (origin) => members.hasEnded(origin),
        lifeOfNumber: (number) => members.lifeOfNumber(number),
      },
      LIFE_MAX,
    );
    for (const { origin, sequence } of close) shard.close(origin, sequence);
    for (const { replica, life } of seal) shard.seal(replica, life);
  }
}

/** What one owner, this replica included, says of a shard. */
export interface OwnerView {
  readonly vector: VersionVector;
  readonly durable: VersionVector;
  readonly early: readonly EarlyFacts[];
}

export interface SealingView {
  readonly own: OwnerView;
  /** Every other owner's report, each made knowing of the same lives as we do. */
  readonly owners: readonly OwnerView[];
  readonly hasEnded: (origin: OriginId) => boolean;
  /** Present life by replica number. */
  readonly lifeOfNumber: (number: number) => number;
}

export interface SealingDecision {
  /** Vector entries to raise: gaps below are void. */
  readonly close: readonly { readonly origin: OriginId; readonly sequence: number }[];
  /** Lives below are sealed. */
  readonly seal: readonly { readonly replica: number; readonly life: number }[];
}

export function decideSealing(view: SealingView, lifeMax: number): SealingDecision {
  const close: { origin: OriginId; sequence: number }[] = [];
  /** By replica number: all its ended lives that have an entry here are on every owner's disk. */
  const sealable = new Map<number, boolean>();
  // Of every owner: sealing a replica's lives below L speaks for those too of which this replica holds nothing yet.
  const ended = new Set<OriginId>();
  for (const { vector, early } of [view.own, ...view.owners]) {
    for (const [origin] of vector.entries()) if (view.hasEnded(origin)) ended.add(origin);
    for (const { origin } of early) if (view.hasEnded(origin)) ended.add(origin);
  }
  for (const origin of ended) {
    const replica = replicaOf(origin);
    const own = earlyOf(view.own, origin);
    const isAgreed = view.owners.every((owner) => isSameEnd(view.own, owner, origin));
    if (isAgreed && own !== undefined) {
      const seen = view.owners.map((owner) => earlyOf(owner, origin)?.seen ?? 0);
      close.push({ origin, sequence: Math.max(own.seen, ...seen) });
    }
    const isEverywhere =
      isAgreed &&
      own === undefined &&
      [view.own, ...view.owners].every((owner) => owner.durable.covers(origin, view.own.vector.get(origin)));
    sealable.set(replica, (sealable.get(replica) ?? true) && isEverywhere);
  }
  // What is sealed for an owner and not for us may still be on its way to us, and no entry anywhere tells of it.
  const isBehind = (replica: number) =>
    view.owners.some(({ vector }) => vector.sealedBelow(replica) > view.own.vector.sealedBelow(replica));
  const seal = [...sealable]
    .filter(([replica, isSealable]) => isSealable && !isBehind(replica))
    .map(([replica]) => ({ replica, life: Math.min(view.lifeOfNumber(replica), lifeMax + 1) }));
  return { close, seal };
}

function earlyOf(owner: OwnerView, origin: OriginId): EarlyFacts | undefined {
  return owner.early.find((early) => early.origin === origin);
}

function isSameEnd(a: OwnerView, b: OwnerView, origin: OriginId): boolean {
  if (a.vector.get(origin) !== b.vector.get(origin)) return false;
  return (earlyOf(a, origin)?.held ?? 0) === (earlyOf(b, origin)?.held ?? 0);
}
