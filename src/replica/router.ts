/**
 * Where a request for keys is carried out: here, where this replica owns them; else at the best owner that can be reached,
 * another where that one does not answer; here as a guest where none can (ARCHITECTURE.md, "Requests").
 *
 *  Q1. A write without a condition bears the stamp that the first replica gave it at every owner that is asked, so that it is
 *      the same write wherever it was carried out. A stamp grows only when an owner refused the write for it; an owner that
 *      goes on refusing, since others write the key faster than a stamp comes there, gives it one itself.
 *  Q2. A write with a condition, or without a stamp, is asked for once more only where nobody can have carried it out; else
 *      its fate is unknown.
 *  Q3. Who wrote through this replica reads from the owner that took the write, for as long as others may lack it.
 */

import { AtollError, toAtollError } from "../base/errors.ts";
import type { ReplicaId, ShardId, SpaceId, Timestamp } from "../base/ids.ts";
import type { Random } from "../base/random.ts";
import { shardIdOf } from "../base/shard-id.ts";
import { chooseOwner, type OwnerFacts } from "../cluster/routing/owner-choice.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { ListBody, ListedShard, ReadBody, Request, RequestBody, WriteBody } from "../wire/request.ts";
import type { Circumstances, Seen } from "./circumstances.ts";
import { type Answered, FORWARDED_MAX, Forwarding, type Patience } from "./forwarding.ts";
import { LastTakers } from "./last-takers.ts";
import type { Cancel } from "./ports.ts";
import { Refusals } from "./refusals.ts";
import type { Replica } from "./replica.ts";

/** Carry it out here; a write that may have been carried out elsewhere with this stamp. */
export interface Here {
  readonly type: "here";
  readonly stamp?: Timestamp | undefined;
  /** Somebody else who was asked for the write may have carried it out. */
  readonly mayBeDone?: boolean;
}

/** `stale`: only of what somebody else asked for, and stamped. */
export type Answer = Exclude<Answered, { type: "refused" } | "lost">;

const HERE: Here = { type: "here" };
/** An owner that has not said anything for longer is taken for gone, ms; of one that never answered nothing is known. */
const PATIENCE_MS_MAX = 1500;
const PATIENCE_MS_MIN = 250;
const PATIENCE_MS_UNKNOWN = 1000;
/** What a slow link takes of a value meanwhile. */
const BYTES_PER_MS = 1000;
const LIST_MS_MAX = 2000;
/** Once it has, it may wait for others so long, besides what it was told, ms. */
const OTHERS_MS_MAX = 4000;
/** Expected of a peer that was never heard of. */
const NEAR_MS = 1;
const FAR_MS = 50;
/** A second owner is asked once the first is later than 19 of 20 answers were: at the least, and where nothing is known. */
const HEDGE_MS_MIN = 5;
const HEDGE_MS_UNKNOWN = 100;
/** Reads that may be asked twice: one of so many, and so many at once. */
const HEDGE_SHARE = 0.1;
const HEDGE_BURST = 10;
/** Stamps that a write is given before the owner is to give it one. */
const STAMPS_MAX = 3;

export interface RouterHost {
  replica(): Replica;
  now(): number;
  step<T>(run: (now: number) => T): T;
  after(delayMs: number, run: () => void): Cancel;
  /** Resolves also where this replica has stopped by then. */
  pause(delayMs: number): Promise<void>;
  readonly random: Random;
}

/** A write as it is asked for the next time. */
interface Attempt {
  body: WriteBody;
}

export class Router {
  readonly forwarding: Forwarding;
  readonly #host: RouterHost;
  readonly #takers = new LastTakers();
  #hedges = HEDGE_BURST;
  hedged = 0;
  guestWrites = 0;

  constructor(host: RouterHost) {
    this.#host = host;
    this.forwarding = new Forwarding(host.random);
  }

  tick(replica: Replica, now: number): void {
    this.forwarding.tick(replica, now);
    this.#takers.tick(now);
  }

  /** True where this replica answers for a shard by itself. */
  isOwn(shard: Shard, space: SpaceId, seen: Seen | undefined): boolean {
    const { ownership } = this.#host.replica();
    if (ownership.isEverywhere(space)) return true;
    return ownership.owns(shard.id) && (shard.isReady || seen === undefined);
  }

  /** True where this replica has all there is of a shard, and answers for it. */
  isReadyHere(shard: Shard, space: SpaceId): boolean {
    const { ownership } = this.#host.replica();
    return ownership.isEverywhere(space) || (ownership.owns(shard.id) && shard.isReady);
  }

  /** Throws what the owner answers with, and `TOO_MANY_REQUESTS`. */
  async read(space: SpaceId, shard: Shard, body: ReadBody, circumstances: Circumstances): Promise<Answer | Here> {
    if (this.isOwn(shard, space, circumstances.seen)) return HERE;
    let tried = triedBefore(circumstances);
    let inVain: Answer | undefined;
    const refusals = new Refusals(circumstances.from === undefined);
    for (;;) {
      const owner = this.#choose(shard, tried) ?? this.holder(shard, tried);
      if (owner === undefined) {
        if (inVain !== undefined || !refusals.mayBeTaken) return inVain ?? HERE;
        await refusals.pause(this.#host);
        if (this.isOwn(shard, space, circumstances.seen)) return HERE;
        tried = triedBefore(circumstances);
        continue;
      }
      const answer = await this.#readFrom(owner, tried, shard, requestOf(space, circumstances, body));
      if (isFinal(answer)) return answer;
      if (answer === "lost") this.wentUnanswered(owner, [shard.id]);
      if (isInVain(answer)) inVain = answer;
      refusals.note(answer);
    }
  }

  /** As `read`, and `OUTCOME_UNKNOWN`. */
  async write(space: SpaceId, shard: Shard, write: WriteBody, circumstances: Circumstances): Promise<Answer | Here> {
    if (this.isOwn(shard, space, circumstances.seen))
      return { type: "here", stamp: write.stamp, mayBeDone: write.mayBeDone };
    const attempt: Attempt = { body: write };
    try {
      return await this.#writeElsewhere(space, shard, attempt, circumstances);
    } catch (error) {
      // What ends with this process leaves open what an owner did that was asked before.
      throw attempt.body.mayBeDone && toAtollError(error).code === "SHUTTING_DOWN" ? unknownOutcome() : error;
    }
  }

  async #writeElsewhere(
    space: SpaceId,
    shard: Shard,
    attempt: Attempt,
    circumstances: Circumstances,
  ): Promise<Answer | Here> {
    const replica = this.#host.replica();
    let tried = triedBefore(circumstances);
    const refusals = new Refusals(circumstances.from === undefined);
    /** Who refused the stamp: it alone is known to hold something greater. */
    let refuser: ReplicaId | undefined;
    for (let stamps = 1; ; ) {
      const owner = refuser ?? this.#choose(shard, tried);
      const { body } = attempt;
      if (owner === undefined) {
        if (!refusals.mayBeTaken) return this.#asGuest(body);
        await refusals.pause(this.#host);
        if (this.isOwn(shard, space, circumstances.seen))
          return { type: "here", stamp: body.stamp, mayBeDone: body.mayBeDone };
        tried = triedBefore(circumstances);
        continue;
      }
      refuser = undefined;
      tried.add(owner);
      const waitMs = body.ack === "memory" ? 0 : body.ackTimeoutMs;
      const answer = await this.#ask(
        owner,
        requestOf(space, circumstances, body),
        this.patience(owner, waitMs, body.value?.length),
      );
      refusals.note(answer);
      if (answer === "lost") {
        if (body.stamp === undefined) throw unknownOutcome(owner);
        attempt.body = { ...body, mayBeDone: true };
      } else if (answer.type === "stale" && circumstances.from === undefined) {
        const isLast = stamps++ >= STAMPS_MAX;
        // Somebody else may have carried it out: it must not become two.
        if (isLast && body.mayBeDone) throw unknownOutcome(owner);
        attempt.body = { ...body, stamp: isLast ? undefined : this.stampOf(shard, body, answer.above) };
        refuser = replica.isLinked(owner) ? owner : undefined;
      } else if (answer.type !== "refused") {
        if (answer.type === "error" && body.mayBeDone) throw unknownOutcome(owner);
        if (answer.type === "written") this.took(replica, shard, owner, answer.timestamp);
        if (answer.type === "written" && body.tags !== undefined) shard.invalidations.saw(answer.timestamp);
        return answer;
      }
    }
  }

  /** A stamp for a write that is carried out elsewhere: above all that is known here, and above `least`. */
  stampOf(shard: Shard, { key, above = 0 as Timestamp }: Pick<WriteBody, "key" | "above">, least = 0): Timestamp {
    const { clock } = this.#host.replica();
    const now = this.#host.now();
    clock.observe(least as Timestamp, now);
    const known = Math.max(least, above, shard.lastStampOf(KIND_PLAIN, key));
    return Math.max(clock.next(now), known + 1) as Timestamp;
  }

  /** One more try would make it another write; here it is the same one. */
  #asGuest(body: WriteBody): Here {
    this.guestWrites++;
    return { type: "here", stamp: body.stamp, mayBeDone: body.mayBeDone };
  }

  /** Also while this replica stops: it was carried out all the same. */
  took({ clock }: Replica, shard: Pick<Shard, "id">, owner: ReplicaId, timestamp: Timestamp): void {
    const now = this.#host.now();
    this.#takers.note(shard.id, owner, now);
    clock.observe(timestamp, now);
  }

  // --- Who is asked --------------------------------------------------------------------------------------------

  /** The best owner that can be reached and was not tried; those that are suspected last. */
  #choose(shard: Shard, tried: ReadonlySet<ReplicaId>): ReplicaId | undefined {
    const replica = this.#host.replica();
    const owners = replica.ownership.ownersOf(shard.id);
    const preferred = this.#preferred(replica, shard, owners, tried);
    return preferred ?? chooseOwner(this.#reachable(replica, owners, tried), this.#host.random);
  }

  /** The best of `owners`, who own all of these shards, as for one of them. */
  bestOf(owners: readonly ReplicaId[], shards: readonly Shard[], tried: ReadonlySet<ReplicaId>): ReplicaId | undefined {
    const replica = this.#host.replica();
    for (const shard of shards) {
      const preferred = this.#preferred(replica, shard, owners, tried);
      if (preferred !== undefined && owners.includes(preferred)) return preferred;
    }
    return chooseOwner(this.#reachable(replica, owners, tried), this.#host.random);
  }

  /** Who is followed for a watch, or took the last write (Q3). */
  #preferred(
    replica: Replica,
    shard: Shard,
    owners: readonly ReplicaId[],
    tried: ReadonlySet<ReplicaId>,
  ): ReplicaId | undefined {
    const teller = replica.watchRelay.sourceOf(shard.id);
    if (teller !== undefined && !tried.has(teller) && replica.isLinked(teller)) return teller;
    const taker = this.#takers.takerOf(shard.id, this.#host.now());
    const isSticky = taker !== undefined && owners.includes(taker) && !tried.has(taker);
    return isSticky && replica.isLinked(taker) ? taker : undefined;
  }

  /** Those of the owners that can be reached and were not tried; where some are alive as far as anybody knows, these only. */
  #reachable(replica: Replica, owners: readonly ReplicaId[], tried: ReadonlySet<ReplicaId>): OwnerFacts[] {
    const linked = owners.filter((id) => !tried.has(id) && replica.isLinked(id));
    const alive = linked.filter((id) => replica.membership.stateOf(id) === "alive");
    return (alive.length > 0 ? alive : linked).map((id) => this.#factsOf(replica, id));
  }

  /** Who holds something of a shard that it does not own, where no owner answers: better than nothing for a read. */
  holder(shard: Shard, tried: ReadonlySet<ReplicaId>): ReplicaId | undefined {
    const replica = this.#host.replica();
    const { reports, ownership } = replica;
    const isHolder = (id: ReplicaId) => reports.standingOf(id)?.strays.has(shard.id) === true;
    return replica.linked().find((id) => !tried.has(id) && !ownership.isOwner(shard.id, id) && isHolder(id));
  }

  #factsOf(replica: Replica, id: ReplicaId): OwnerFacts {
    const isNear = replica.members.get(id)?.region === replica.config.region;
    const expectedMs =
      this.forwarding.times.smoothedMs(id) ??
      replica.membership.swim.roundTrips.roundTripMs(id) ??
      (isNear ? NEAR_MS : FAR_MS);
    return { id, expectedMs, waiting: this.forwarding.waitingFor(id) };
  }

  /** The nearest owner that can be reached and was not tried, the same for shards that have the same owners. */
  nearestOwner(shard: Shard, tried: ReadonlySet<ReplicaId>): ReplicaId | undefined {
    const replica = this.#host.replica();
    const teller = replica.watchRelay.sourceOf(shard.id);
    if (teller !== undefined && !tried.has(teller) && replica.isLinked(teller)) return teller;
    const among = this.#reachable(replica, replica.ownership.groupOf(shard.id), tried);
    return among.sort((a, b) => a.expectedMs - b.expectedMs)[0]?.id;
  }

  /** Undefined: it did not answer, or cannot. */
  async list(
    owner: ReplicaId,
    space: SpaceId,
    body: ListBody,
    refusals: Refusals,
  ): Promise<readonly ListedShard[] | undefined> {
    const patience = { firstMs: LIST_MS_MAX, thenMs: 0 };
    const answer = await this.#ask(owner, { space, hops: 0, after: [], waitMs: 0, body }, patience);
    if (answer === "lost")
      this.wentUnanswered(
        owner,
        body.shards.map((number) => shardIdOf(space, number)),
      );
    refusals.note(answer);
    return answer !== "lost" && answer.type === "listed" ? answer.pages : undefined;
  }

  wentUnanswered(owner: ReplicaId, shards: readonly ShardId[]): void {
    this.#host.step(() => {
      const { watchRelay } = this.#host.replica();
      for (const shard of shards) watchRelay.wentUnanswered(owner, shard);
    });
  }

  // --- Asking --------------------------------------------------------------------------------------------------

  /** Asks one peer, whoever it is. Throws `TOO_MANY_REQUESTS`. */
  async ask(peer: ReplicaId, request: Omit<Request, "request">, patience: Patience): Promise<Answered> {
    return this.#ask(peer, request, patience);
  }

  #ask(owner: ReplicaId, request: Omit<Request, "request">, patience: Patience): Promise<Answered> {
    const replica = this.#host.replica();
    if (this.forwarding.waiting >= FORWARDED_MAX || replica.queuedBytes(owner) > replica.queueBytesMax / 2) {
      throw new AtollError("TOO_MANY_REQUESTS", "the owners of this key do not keep up");
    }
    return this.#host.step((now) => this.forwarding.ask(replica, owner, request, patience, now));
  }

  /** Asks an owner, and a second one where the first is slow; the first good answer counts. */
  async #readFrom(
    owner: ReplicaId,
    tried: Set<ReplicaId>,
    shard: Shard,
    request: Omit<Request, "request">,
  ): Promise<Answered> {
    tried.add(owner);
    const first = this.#ask(owner, request, this.patience(owner, request.waitMs));
    const isTellers = this.#host.replica().watchRelay.sourceOf(shard.id) === owner;
    if (isTellers || this.#takers.has(shard.id) || request.waitMs > 0) return first;
    this.#hedges = Math.min(HEDGE_BURST, this.#hedges + HEDGE_SHARE);
    return new Promise((resolve, reject) => {
      let open = 1;
      const settle = (answer: Answered) => {
        if (--open > 0 && !isFinal(answer)) return;
        cancel();
        resolve(answer);
      };
      const cancel = this.#host.after(this.#hedgeMs(owner), () => {
        const second = this.#hedges < 1 ? undefined : this.#choose(shard, tried);
        if (second === undefined) return;
        this.#hedges--;
        this.hedged++;
        tried.add(second);
        open++;
        try {
          this.#ask(second, request, this.patience(second, request.waitMs)).then(settle, reject);
        } catch {
          open--;
        }
      });
      first.then(settle, reject);
    });
  }

  #hedgeMs(owner: ReplicaId): number {
    return Math.max(HEDGE_MS_MIN, this.forwarding.times.tailMs(owner) ?? HEDGE_MS_UNKNOWN);
  }

  patience(owner: ReplicaId, waitMs: number, bytes = 0): Patience {
    const tailMs = this.forwarding.times.tailMs(owner);
    const usualMs = tailMs === undefined ? PATIENCE_MS_UNKNOWN : Math.max(PATIENCE_MS_MIN, 4 * tailMs);
    const underWayMs = bytes / BYTES_PER_MS;
    return { firstMs: Math.min(PATIENCE_MS_MAX, usualMs) + underWayMs, thenMs: waitMs + OTHERS_MS_MAX + underWayMs };
  }
}

function requestOf(space: SpaceId, { hops, seen }: Circumstances, body: RequestBody): Omit<Request, "request"> {
  return { space, hops: hops - 1, after: seen?.dots ?? [], waitMs: seen?.waitMs ?? 0, body };
}

export function triedBefore({ from }: Circumstances): Set<ReplicaId> {
  return new Set(from === undefined ? [] : [from]);
}

function isFinal(answer: Answered): answer is Answer {
  return answer !== "lost" && answer.type !== "refused" && !isInVain(answer);
}

/** That owner sees no majority; another one may. */
function isInVain(answer: Answered): answer is Answer {
  return answer !== "lost" && answer.type === "error" && answer.code === "QUORUM_UNREACHABLE";
}

/** `owner`: who did not answer, or a later one that refused what it may have done. */
export function unknownOutcome(owner?: ReplicaId): AtollError {
  const who = owner === undefined ? "an owner" : `replica ${owner}, or one that was asked before,`;
  return new AtollError("OUTCOME_UNKNOWN", `${who} did not answer: it may have carried the write out, or not`);
}
