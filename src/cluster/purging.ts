/**
 * Purging of tombstones: now and then a round over all shards, in steps small enough to hold nobody up. What may go is
 * decided in `stability.ts`.
 *
 * A shard is left as soon as a look finds nothing that may go: while a member is away tombstones gather, and looking at
 * all of them every time would cost more than all else.
 */

import { spaceOf } from "../base/shard-id.ts";
import { timestampFromMs } from "../core/clock.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import { calmBelow } from "./calm.ts";
import { coOwnersOf } from "./co-owners.ts";
import type { Report } from "./reports.ts";
import { purgeTest } from "./stability.ts";
import type { Surroundings } from "./surroundings.ts";

/** Tombstones looked at in one step, and in one look at a shard. */
const STEP_LOOKS = 1024;
const SHARD_LOOKS = 64;

export interface PurgingLimits {
  readonly retentionMs: number;
  /** Tombstones of shards that not everybody owns are at least so old. */
  readonly graveMs: number;
}

export class Purging {
  readonly #around: Surroundings;
  readonly #limits: PurgingLimits;
  /** Place of the next shard among all. */
  #next = 0;
  #shardsLeft = 0;
  /** Of the present shard, still to be looked at in this round. */
  #gravesLeft = 0;

  constructor(around: Surroundings, limits: PurgingLimits) {
    this.#around = around;
    this.#limits = limits;
  }

  /** A round is under way: `step` should be called again soon. */
  get isUnderWay(): boolean {
    return this.#shardsLeft > 0;
  }

  /** Begins a round, unless one is under way. */
  begin(): void {
    if (this.#shardsLeft > 0) return;
    this.#shardsLeft = this.#around.shards.all.length;
    this.#enter(this.#next);
  }

  /** Goes on with the round; returns how many tombstones went. */
  step(now: number): number {
    if (this.#shardsLeft === 0) return 0;
    let purged = 0;
    for (let left = STEP_LOOKS; left > 0 && this.#shardsLeft > 0; ) {
      const shard = this.#around.shards.all[this.#next] as Shard;
      const test = this.#gravesLeft === 0 || shard.unconfirmed > 0 ? undefined : this.testFor(shard, now);
      const looks = test === undefined ? 0 : Math.min(SHARD_LOOKS, this.#gravesLeft, left);
      const gone = test === undefined ? 0 : shard.graves.purge(looks, test);
      this.#gravesLeft -= looks;
      if (gone === 0) this.#leave();
      purged += gone;
      left -= looks;
    }
    return purged;
  }

  /** What every owner of a shard has on disk, of what is here; undefined: nothing can be told. */
  testFor(shard: Shard, now: number): ReturnType<typeof purgeTest> {
    const { members, ownership, reports } = this.#around;
    // Where everybody owns it, the reports of all say as much.
    const isEverywhere = ownership.isEverywhere(spaceOf(shard.id));
    const stampedBelow = isEverywhere ? Infinity : this.#stampedBelow(shard, now);
    if (stampedBelow === undefined) return undefined;
    const { era } = shard.vector;
    const vectors: VersionVector[] = [];
    // What was once covered stays so in one era: of long vectors of many owners only those that have changed are compared.
    const news: Report[] = [];
    let clockMin = now;
    // Who gave somebody up covers, as closed, what it never saw of lives that go on for us.
    let mayBeUnseen = members.hasGivenUp();
    for (const owner of coOwnersOf(this.#around, shard.id)) {
      const report = reports.of(shard.id, owner.id);
      if (report === undefined || !(isEverywhere || report.view === ownership.view)) return undefined;
      vectors.push(report.durable);
      if (report.lives !== members.livesDigest()) mayBeUnseen = true;
      if (report.coveredIn !== era) news.push(report);
      clockMin = Math.min(clockMin, reports.clockOf(owner.id));
    }
    const test = purgeTest({
      own: this.#around.durableOf(shard.id),
      owners: vectors,
      news: news.map(({ durable }) => durable),
      clockMin,
      stampedBelow,
      deletedBefore: mayBeUnseen ? now - this.#limits.retentionMs : Infinity,
    });
    if (test !== undefined) for (const report of news) report.coveredIn = era;
    return test;
  }

  /** Also a clock that was put back, by whoever corrects it or over a restart, is not to stamp below what has gone. */
  #stampedBelow(shard: Shard, now: number): number | undefined {
    const calm = calmBelow(this.#around, shard.id);
    return calm === undefined ? undefined : Math.min(calm, timestampFromMs(now - this.#limits.graveMs));
  }

  #leave(): void {
    this.#shardsLeft--;
    this.#enter((this.#next + 1) % this.#around.shards.all.length);
  }

  #enter(shard: number): void {
    this.#next = shard;
    this.#gravesLeft = this.#around.shards.all[shard]?.graves.size ?? 0;
  }
}
