/**
 * Anti-entropy: about once a second with a random peer, and at every new link, two replicas compare one digest; equal,
 * they are done. Otherwise shard digests, then version vectors, then each pulls what it lacks (`pulls.ts`). What a peer
 * says on the way is noted as its report (`reports.ts`). The messages are explained in `wire/message.ts`.
 *
 * Replicas let registers expire at different moments, by clocks that differ. So a fingerprint is told as of an instant, and
 * whoever hears it compares its own as of the same one: it leaves out what will have fallen by then. It cannot where
 * something has fallen here that expires later; then its own clock is ahead, and the peer can, with what it hears back.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId, ShardId, Timestamp } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { spaceOf } from "../base/shard-id.ts";
import { type Digest, DigestSum, isSameDigest } from "../core/digest.ts";
import type { Shard } from "../core/shard/shard.ts";
import { VersionVector } from "../core/version-vector.ts";
import {
  type DigestFacts,
  type EarlyFacts,
  type MessageOf,
  NOT_READY,
  READY,
  type Readiness,
  type ReportFacts,
  type ShardDigestRow,
  type VectorEntry,
  wallClockOf,
} from "../wire/message.ts";
import type { ClockSample } from "./clock-guard.ts";
import { coOwnersOf } from "./co-owners.ts";
import { hasLonely, lacksLonely } from "./lonely-registers.ts";
import type { Pulls } from "./pulls.ts";
import type { Surroundings } from "./surroundings.ts";

const NO_DIGEST: Digest = { high: 0, low: 0 };
const NOTHING_DURABLE = new VersionVector();
const NOTHING_EARLY: readonly EarlyFacts[] = [];
/** Vectors of so many shards a message at the most, to stay well under a frame. */
const ENTRIES_MAX = 64;
/** Registers still to fall that are looked at for fingerprints as of a later instant, in all shards together. */
const LOOKS_MAX = 65536;
/** Shards are compared as of an instant so much later than both clocks: what counts then does not fall on the way. */
const LEAD_MS = 1000;
/** While one shard makes fingerprints over all of them incomparable, all are compared one by one, so often. */
const ONE_BY_ONE_MS = 30_000;

export interface AntiEntropyOptions {
  readonly intervalMs: number;
  readonly random: Random;
  /** Instant up to which expiry was swept, unix ms. */
  readonly sweptTo: () => number;
  readonly facts: (now: number) => ReportFacts;
  /** A peer answered: what the round says of its wall clock. */
  readonly measured: (peer: ReplicaId, sample: ClockSample) => void;
  /** Members have been forgotten, so many by what a peer knows. */
  readonly heardOfDepartures: (departures: number) => void;
  /** A timestamp below all that are given out later. */
  readonly stamp: (now: number) => Timestamp;
  /** All that a peer covers that is ready in this shard, in the present view, is covered here. */
  readonly caughtUp: (shard: Shard) => void;
  /** Vectors agree, and the fingerprints of this shard, as of this instant, do not. */
  readonly suspect: (shard: ShardId, peer: ReplicaId, asOf: number, now: number) => void;
}

interface ToldEqual {
  readonly durable: boolean;
  readonly whole: boolean;
  readonly readiness: Readiness;
}

export class AntiEntropy {
  readonly #around: Surroundings;
  readonly #pulls: Pulls;
  readonly #options: AntiEntropyOptions;
  #roundDueAt = 0;
  readonly #roundsById = new Map<ReplicaId, ClockSample>();
  readonly #lagById = new Map<ReplicaId, number>();
  /** Peers with which a whole comparison has been made over the present link. */
  readonly #comparedIds = new Set<ReplicaId>();
  /** When fingerprints were last compared with a peer's, in one or one by one. */
  readonly #fingerprintedAtById = new Map<ReplicaId, number>();
  rounds = 0;
  equalRounds = 0;

  constructor(around: Surroundings, pulls: Pulls, options: AntiEntropyOptions) {
    this.#around = around;
    this.#pulls = pulls;
    this.#options = options;
  }

  tick(now: number): void {
    if (!isDue({ dueAt: this.#roundDueAt, waitMaxMs: 2 * this.#options.intervalMs }, now)) return;
    const jitter = 0.75 + this.#options.random.uint32() / 8589934592;
    this.#roundDueAt = now + this.#options.intervalMs * jitter;
    const peers = this.#around.linked();
    const peer = peers[this.#options.random.uint32() % Math.max(1, peers.length)];
    if (peer !== undefined) this.begin(peer, now);
  }

  /** Starts a comparison with a peer. */
  begin(peer: ReplicaId, now: number): void {
    this.rounds++;
    this.#around.send(peer, {
      type: "digest",
      reply: false,
      askedAt: 0,
      ...this.#digestFacts(this.#sharedWith(peer), now),
    });
  }

  /** Shows a peer what is claimed of these shards, and has it tell what it claims itself. */
  offer(peer: ReplicaId, ids: ReadonlySet<ShardId>, now: number): void {
    const shards = [...ids].flatMap((id) => this.#around.shards.get(id) ?? []);
    this.#sendVectors(peer, shards, true, now);
  }

  linkDown(peer: ReplicaId): void {
    this.#comparedIds.delete(peer);
    this.#fingerprintedAtById.delete(peer);
  }

  roundOf(peer: ReplicaId): ClockSample | undefined {
    return this.#roundsById.get(peer);
  }

  /** Dots by which a peer's vectors differed from ours at the last comparison. */
  lagOf(peer: ReplicaId): number | undefined {
    return this.#lagById.get(peer);
  }

  hasCompared(peer: ReplicaId): boolean {
    return this.#comparedIds.has(peer);
  }

  receiveDigest(peer: ReplicaId, message: MessageOf<"digest">, now: number): void {
    if (message.reply) this.#measure(peer, message, now);
    this.#around.reports.noteClock(peer, message);
    this.#around.reports.noteStanding(peer, message);
    this.#options.heardOfDepartures(message.departures);
    const shared = this.#sharedWith(peer);
    const own = this.#digestFacts(shared, now);
    const isReady = own.ready && message.ready;
    if (!isSameDigest(own.vectors, message.vectors) || !isReady) {
      this.#sendShardDigests(peer, shared, message, now);
      return;
    }
    for (const shard of shared) this.#noteEqual(shard, peer, { ...message, readiness: READY }, message);
    this.#compared(peer, 0);
    this.#sendVectors(
      peer,
      shared.filter((shard) => hasLonely(this.#around, shard)),
      true,
      now,
    );
    if (this.#isSuspicious(peer, shared, message, now)) {
      this.#sendShardDigests(peer, shared, message, now);
      return;
    }
    this.equalRounds++;
    if (!message.reply)
      this.#around.send(peer, { type: "digest", reply: true, askedAt: wallClockOf(message) >>> 0, ...own });
  }

  receiveShardDigests(peer: ReplicaId, message: MessageOf<"shard-digests">, now: number): void {
    this.#measure(peer, message, now);
    this.#around.reports.noteClock(peer, message);
    const differing: Shard[] = [];
    // Who gave a member up has closed lives of it that go on for the other, and covers what it never saw of them: that gets
    // new dots when the member begins anew, which is soon, and once it is clear what of it still stands. It is not lost until then.
    const agreesOnLives = message.lives === this.#around.members.livesDigest();
    for (const row of message.rows) {
      const shard = this.#around.shards.get(row.shard);
      if (shard === undefined || !this.#concerns(shard)) continue;
      if (!isSameDigest(row.vector, shard.vector.digest())) {
        differing.push(shard);
        continue;
      }
      // Where other shards always differ, this is the only word about one that does not.
      this.#noteEqual(shard, peer, row, message);
      if (hasLonely(this.#around, shard)) differing.push(shard);
      if (this.#isCaughtUp(row, message)) this.#options.caughtUp(shard);
      const isDamaged = agreesOnLives && this.#isDamaged(shard, row, message.asOf) && this.#areOwners(shard, peer);
      if (isDamaged && this.#hasAllOfOwners(shard)) {
        this.#options.suspect(shard.id, peer, message.asOf, now);
      }
    }
    if (differing.length === 0) this.#compared(peer, 0);
    this.#sendVectors(peer, differing, true, now);
  }

  receiveVectors(peer: ReplicaId, message: MessageOf<"vectors">, now: number): void {
    this.#around.reports.noteClock(peer, message);
    const shards: Shard[] = [];
    let lag = 0;
    for (const entry of message.entries) {
      const shard = this.#around.shards.get(entry.shard);
      if (shard === undefined || !this.#concerns(shard)) continue;
      shards.push(shard);
      entry.vector.shareWith(shard.vector);
      entry.durable.shareWith(shard.vector);
      const { clock, lives, view } = message;
      this.#around.reports.note(shard.id, peer, { ...entry, clock, lives, view });
      const lack = shard.vector.lackOf(entry.vector);
      if (lack === 0 && this.#isCaughtUp(entry, message)) this.#options.caughtUp(shard);
      lag += lack + entry.vector.lackOf(shard.vector);
      // Who does not own a shard hands over what it has of it, and fetches nothing, unless it doubts what it has.
      if (!this.#around.ownership.owns(shard.id) && shard.isSettled) continue;
      if (lack > 0) this.#pulls.noteLack(shard.id, peer, entry.vector, now);
      else if (lacksLonely(this.#around, shard, entry.early)) this.#pulls.noteGap(shard.id, peer, now);
    }
    if (message.reply) this.#sendVectors(peer, shards, false, now);
    this.#compared(peer, lag);
  }

  /** True where fingerprints as of the peer's instant differ, or could not be compared for long. */
  #isSuspicious(peer: ReplicaId, shared: readonly Shard[], message: MessageOf<"digest">, now: number): boolean {
    const isComparable = message.whole && message.swept && shared.every(isWhole);
    const own = isComparable ? this.#fingerprintsAsOf(shared, message.asOf) : undefined;
    if (own === undefined) return this.#isLookDue(peer, now);
    this.#fingerprintedAtById.set(peer, now);
    return !isSameDigest(own, message.fingerprints);
  }

  #isLookDue(peer: ReplicaId, now: number): boolean {
    const lastAt = this.#fingerprintedAtById.get(peer);
    const isLookDue = lastAt !== undefined && isDue({ dueAt: lastAt + ONE_BY_ONE_MS, waitMaxMs: ONE_BY_ONE_MS }, now);
    if (lastAt === undefined || isLookDue) this.#fingerprintedAtById.set(peer, now);
    return isLookDue;
  }

  /** True where, as of one instant, two shards that claim the same hold something different. */
  #isDamaged(shard: Shard, row: ShardDigestRow, asOf: number): boolean {
    if (!row.whole || !row.swept || !isWhole(shard)) return false;
    const own = this.#fingerprintAsOf(shard, asOf);
    return own !== undefined && !isSameDigest(own, row.fingerprint);
  }

  #fingerprintAsOf(shard: Shard, instant: number): Digest | undefined {
    return shard.fingerprintAsOf(instant, Math.ceil(LOOKS_MAX / this.#around.shards.all.length));
  }

  /** Over all of these shards; undefined when one of them has none as of this instant. */
  #fingerprintsAsOf(shards: readonly Shard[], instant: number): Digest | undefined {
    const sum = new DigestSum();
    for (const shard of shards) {
      const fingerprint = this.#fingerprintAsOf(shard, instant);
      if (fingerprint === undefined) return undefined;
      sum.add(shard.id, fingerprint);
    }
    return sum;
  }

  /** In the present view the peer was ready in what it told of. */
  #isCaughtUp({ readiness }: { readonly readiness: Readiness }, { view }: ReportFacts): boolean {
    return readiness !== NOT_READY && view === this.#around.ownership.view;
  }

  /** Of the owners that are linked, each is sure of what it holds, and told of nothing that is not here. */
  #hasAllOfOwners(shard: Shard): boolean {
    return coOwnersOf(this.#around, shard.id).every(({ id }) => {
      if (!this.#around.isLinked(id)) return true;
      const report = this.#around.reports.of(shard.id, id);
      return report !== undefined && !report.doubtful && shard.vector.dominates(report.vector);
    });
  }

  #areOwners(shard: Shard, peer: ReplicaId): boolean {
    return this.#around.ownership.owns(shard.id) && this.#around.ownership.isOwner(shard.id, peer);
  }

  /** What this replica owns, or still holds. */
  #concerns(shard: Shard): boolean {
    return this.#around.ownership.owns(shard.id) || this.#around.isHeld(shard);
  }

  /** Shards that both have to do with, at least one of the two as an owner. The peer, where its view is the same, finds the same. */
  #sharedWith(peer: ReplicaId): readonly Shard[] {
    const { ownership, reports, shards } = this.#around;
    const theirs = reports.standingOf(peer)?.strays;
    return shards.all.filter((shard) => {
      if (ownership.isEverywhere(spaceOf(shard.id))) return true;
      if (ownership.isOwner(shard.id, peer)) return this.#concerns(shard);
      return ownership.owns(shard.id) && theirs?.has(shard.id) === true;
    });
  }

  #strays(): readonly ShardId[] {
    const { ownership, shards } = this.#around;
    return shards.all.filter((shard) => !ownership.owns(shard.id) && this.#around.isHeld(shard)).map(({ id }) => id);
  }

  #compared(peer: ReplicaId, lag: number): void {
    this.#comparedIds.add(peer);
    this.#lagById.set(peer, lag);
  }

  /**
   * Either answer to a digest ends a round. It tells which it answers: of one that was long under way, and came when the next
   * question had been put, the peer read its clock before that.
   */
  #measure(peer: ReplicaId, told: ReportFacts & { readonly askedAt: number }, now: number): void {
    const answeredAt = now - this.#options.facts(now).correctionMs;
    // Only the low 32 bits were told: a round trip takes less than 24 days.
    const rttMs = (answeredAt - told.askedAt) | 0;
    const sample = { rttMs, offsetMs: wallClockOf(told) + rttMs / 2 - answeredAt };
    this.#roundsById.set(peer, sample);
    this.#options.measured(peer, sample);
  }

  #noteEqual(shard: Shard, peer: ReplicaId, told: ToldEqual, facts: ReportFacts): void {
    const vector = shard.vector.snapshot();
    const isEverywhere = this.#around.ownership.isEverywhere(spaceOf(shard.id));
    // What its disk once had of a shard that can move it may have let go of since.
    const durable = told.durable ? vector : isEverywhere ? undefined : NOTHING_DURABLE;
    this.#around.reports.note(shard.id, peer, {
      vector,
      durable,
      early: told.whole ? NOTHING_EARLY : undefined,
      clock: facts.clock,
      lives: facts.lives,
      doubtful: !told.whole,
      readiness: told.readiness,
      view: facts.view,
    });
  }

  #sendShardDigests(peer: ReplicaId, shards: readonly Shard[], question: DigestFacts, now: number): void {
    const askedAt = wallClockOf(question) >>> 0;
    const asOf = Math.max(this.#options.sweptTo(), question.asOf) + LEAD_MS;
    const rows = shards.map((shard) => {
      const fingerprint = this.#fingerprintAsOf(shard, asOf);
      const swept = fingerprint !== undefined;
      return {
        shard: shard.id,
        vector: shard.vector.digest(),
        fingerprint: fingerprint ?? NO_DIGEST,
        durable: this.#isDurable(shard),
        whole: isWhole(shard),
        swept,
        readiness: this.#around.readinessOf(shard),
      };
    });
    this.#around.send(peer, { type: "shard-digests", askedAt, asOf, rows, ...this.#options.facts(now) });
  }

  #sendVectors(peer: ReplicaId, shards: readonly Shard[], reply: boolean, now: number): void {
    for (let from = 0; from < shards.length; from += ENTRIES_MAX) {
      const entries = shards.slice(from, from + ENTRIES_MAX).map((shard) => this.#vectorEntry(shard));
      this.#around.send(peer, { type: "vectors", reply, entries, ...this.#options.facts(now) });
    }
  }

  #vectorEntry(shard: Shard): VectorEntry {
    const vector = shard.quarantine.tellable;
    const doubtful = !shard.isSettled;
    return {
      shard: shard.id,
      vector,
      durable: this.#around.durableOf(shard.id),
      early: shard.early(),
      doubtful,
      readiness: this.#around.readinessOf(shard),
    };
  }

  #isDurable(shard: Shard): boolean {
    return shard.vector.isSnapshot(this.#around.durableOf(shard.id));
  }

  #digestFacts(shards: readonly Shard[], now: number): DigestFacts {
    const vectors = new DigestSum();
    for (const shard of shards) vectors.add(shard.id, shard.vector.digest());
    const asOf = this.#options.sweptTo();
    const fingerprints = this.#fingerprintsAsOf(shards, asOf);
    return {
      ...this.#options.facts(now),
      asOf,
      vectors,
      fingerprints: fingerprints ?? NO_DIGEST,
      durable: shards.every((shard) => this.#isDurable(shard)),
      whole: shards.every(isWhole),
      swept: fingerprints !== undefined,
      ready: shards.every((shard) => this.#around.readinessOf(shard) === READY),
      departures: this.#around.members.departures,
      stamp: this.#options.stamp(now),
      strays: this.#strays(),
    };
  }
}

/** True when all that the vector covers is held or was superseded, as far as this replica knows, and nothing beyond it. */
function isWhole(shard: Shard): boolean {
  return shard.isWhole() && shard.isSettled;
}
