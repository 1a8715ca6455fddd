/**
 * Votes: whether a register that some hold was lost by the others, or deleted, where its tombstone may have been purged. A
 * majority that holds it keeps it, so does a tie; a minority forgets it.
 *
 *  V1. It is decided when every owner has voted, and not before: one that cannot be asked may be the only one that still
 *      knows of the deletion, or that who holds the register is to begin anew. Undecided, it stays as it is, until the
 *      next audit asks again.
 *  V2. A vote is about one instant: whoever acts on it looks again at what may have changed since it was called.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import type { RecordLimits } from "../core/containers/record-check.ts";
import { originAt, sequenceAt } from "../core/record/record.ts";
import { compareRecords } from "../core/record/record-order.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import { coOwnersOf } from "./co-owners.ts";
import { forEachRecord } from "./replication.ts";
import type { Surroundings } from "./surroundings.ts";

const VOTE_MS = 5000;
/** Under way at a time; of more registers the next audits ask. */
export const VOTES_MAX = 1024;

export interface Question {
  /** Holds the register. */
  readonly peer: ReplicaId;
  readonly shard: Shard;
  /** The one record, its own copy. */
  readonly records: Records;
  /** The newest stamp purged from its bucket here when the vote was called. */
  readonly mark: number;
}

export interface Verdict {
  readonly isKept: boolean;
  readonly holders: ReadonlySet<ReplicaId>;
}

interface Vote {
  readonly question: Question;
  readonly dueAt: number;
  readonly holders: Set<ReplicaId>;
  readonly lackers: Set<ReplicaId>;
}

export interface VotesOptions {
  readonly limits: RecordLimits;
  readonly decided: (question: Question, verdict: Verdict, now: number) => void;
}

export class Votes {
  readonly #around: Surroundings;
  readonly #options: VotesOptions;
  readonly #votes = new Map<number, Vote>();
  #nextVote = 1;

  constructor(around: Surroundings, options: VotesOptions) {
    this.#around = around;
    this.#options = options;
  }

  get open(): number {
    return this.#votes.size;
  }

  /** Asks every owner; where one cannot be asked, none (V1). */
  call(question: Question, now: number): void {
    const owners = coOwnersOf(this.#around, question.shard.id);
    if (this.#votes.size >= VOTES_MAX || !owners.every((owner) => this.#around.isLinked(owner.id))) return;
    const { peer, shard, records } = question;
    const lackers = new Set([this.#around.members.self]);
    const vote: Vote = { question, dueAt: now + VOTE_MS, holders: new Set([peer]), lackers };
    const id = this.#nextVote++;
    this.#votes.set(id, vote);
    for (const owner of owners) {
      if (owner.id !== peer) this.#around.send(owner.id, { type: "audit-vote", vote: id, shard: shard.id, records });
    }
    this.#evaluate(id, vote, now);
  }

  receiveVote(peer: ReplicaId, message: MessageOf<"audit-vote">): void {
    forEachRecord(
      message.records,
      this.#around.shards.in(spaceOf(message.shard)),
      this.#options.limits,
      (shard, view, _bytes, at) => {
        // Who has not come so far yet, or doubts what it holds, cannot say that it was deleted: it does not vote.
        if (!shard.isSettled || !shard.vector.covers(originAt(view, at), sequenceAt(view, at))) return;
        const slot = shard.table.find(view, at);
        const holds =
          slot !== 0 && compareRecords(view, at, shard.table.viewOf(slot), shard.table.offsetOf(slot)) === 0;
        this.#around.send(peer, { type: "audit-ballot", vote: message.vote, holds });
      },
    );
  }

  receiveBallot(peer: ReplicaId, message: MessageOf<"audit-ballot">, now: number): void {
    const vote = this.#votes.get(message.vote);
    if (vote === undefined || vote.holders.has(peer) || vote.lackers.has(peer)) return;
    if (message.holds) vote.holders.add(peer);
    else vote.lackers.add(peer);
    this.#evaluate(message.vote, vote, now);
  }

  tick(now: number): void {
    for (const [id, { dueAt }] of this.#votes) if (isDue({ dueAt, waitMaxMs: VOTE_MS }, now)) this.#votes.delete(id);
  }

  #evaluate(id: number, { question, holders, lackers }: Vote, now: number): void {
    const owners = coOwnersOf(this.#around, question.shard.id);
    if (!owners.every((owner) => holders.has(owner.id) || lackers.has(owner.id))) return;
    this.#votes.delete(id);
    this.#options.decided(question, { isKept: holders.size >= lackers.size, holders }, now);
  }
}
