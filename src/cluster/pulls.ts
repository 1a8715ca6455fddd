/**
 * The receiving half of repair: what this replica lacks, and from whom it is being fetched.
 *
 *  P1. At most one session a shard at any time, `SESSIONS_MAX` in all: nothing is fetched twice side by side.
 *  P2. What a live, linked origin is about to push is not fetched at once: a lack has to last `settleMs` first.
 *  P3. A shard's vector takes a session's claim only with its last chunk (R1); a session that ends early claims nothing.
 */

import type { ReplicaId, ShardId } from "../base/ids.ts";
import { VersionVector } from "../core/version-vector.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Surroundings } from "./surroundings.ts";

const SESSIONS_MAX = 8;
/** Bytes that the source may have on their way to us, a session. */
export const CREDIT_BYTES = 512 * 1024;

interface Lack {
  /** What the peer holds; undefined: something is missing before what it pushed. */
  readonly vector: VersionVector | undefined;
  readonly dueAt: number;
}

interface PullSession {
  readonly id: number;
  readonly shard: ShardId;
  readonly peer: ReplicaId;
  lastHeardAt: number;
}

export interface PullLimits {
  readonly settleMs: number;
  /** A source that sends nothing for so long is given another try, or another source. */
  readonly idleMs: number;
}

export class Pulls {
  readonly #around: Surroundings;
  readonly #limits: PullLimits;
  readonly #lacksByShard = new Map<ShardId, Map<ReplicaId, Lack>>();
  readonly #sessionsById = new Map<number, PullSession>();
  readonly #sessionsByShard = new Map<ShardId, PullSession>();
  #nextSession = 1;
  /** Registers and bytes taken in by deltas. */
  registers = 0;
  bytes = 0;
  sessions = 0;

  constructor(around: Surroundings, limits: PullLimits) {
    this.#around = around;
    this.#limits = limits;
  }

  /** Shards for which something is known to be missing, or under way. */
  get outstanding(): number {
    return this.#lacksByShard.size + this.#sessionsById.size;
  }

  /** A peer holds what we lack. Said again before it was due, the earlier word stands: it must not put off its own cure. */
  noteLack(shard: ShardId, peer: ReplicaId, vector: VersionVector, now: number): void {
    const lacks = this.#lacksOf(shard);
    this.#dropSatisfied(shard, lacks);
    if (!lacks.has(peer)) lacks.set(peer, { vector, dueAt: now + this.#limits.settleMs });
  }

  /** A peer pushed beyond what we hold of it: something in between was dropped. */
  noteGap(shard: ShardId, peer: ReplicaId, now: number): void {
    const lacks = this.#lacksOf(shard);
    if (lacks.get(peer)?.vector === undefined && lacks.has(peer)) return;
    lacks.set(peer, { vector: undefined, dueAt: now });
  }

  /** Everything of these shards is to be fetched anew, from whoever offers it. */
  abandon(shard: ShardId): void {
    const session = this.#sessionsByShard.get(shard);
    if (session === undefined) return;
    this.#end(session);
    this.#around.send(session.peer, { type: "stop", session: session.id, fromSource: false });
  }

  linkDown(peer: ReplicaId): void {
    for (const session of [...this.#sessionsById.values()]) if (session.peer === peer) this.#end(session);
    for (const [shard, lacks] of this.#lacksByShard) {
      lacks.delete(peer);
      if (lacks.size === 0) this.#lacksByShard.delete(shard);
    }
  }

  /** The session a chunk belongs to; undefined when it has ended here. Grants the source room for as much again. */
  receiveDelta(peer: ReplicaId, message: MessageOf<"delta">, now: number): PullSession | undefined {
    const session = this.#sessionsById.get(message.session);
    if (session === undefined || session.peer !== peer) return undefined;
    session.lastHeardAt = now;
    const bytes = message.records.end - message.records.start;
    this.bytes += bytes;
    if (message.claim !== undefined) this.#end(session);
    else this.#around.send(peer, { type: "credit", session: session.id, bytes });
    return session;
  }

  receiveStop(peer: ReplicaId, message: MessageOf<"stop">): void {
    const session = this.#sessionsById.get(message.session);
    if (session !== undefined && session.peer === peer) this.#end(session);
  }

  /** Decides, from the facts noted, what to fetch now. */
  evaluate(now: number): void {
    for (const session of [...this.#sessionsById.values()]) {
      if (now - session.lastHeardAt > this.#limits.idleMs) this.abandon(session.shard);
    }
    for (const [shard, lacks] of this.#lacksByShard) {
      if (this.#sessionsById.size >= SESSIONS_MAX) return;
      if (this.#sessionsByShard.has(shard)) continue;
      this.#dropSatisfied(shard, lacks);
      for (const [peer, lack] of lacks) {
        if (lack.dueAt > now) continue;
        lacks.delete(peer);
        if (this.#around.isLinked(peer)) {
          this.#begin(shard, peer, now);
          break;
        }
      }
      if (lacks.size === 0) this.#lacksByShard.delete(shard);
    }
  }

  #begin(shard: ShardId, peer: ReplicaId, now: number): void {
    const session: PullSession = { id: this.#nextSession++, shard, peer, lastHeardAt: now };
    this.#sessionsById.set(session.id, session);
    this.#sessionsByShard.set(shard, session);
    this.sessions++;
    const vector = this.#around.shards[shard]?.vector ?? new VersionVector();
    this.#around.send(peer, { type: "pull", session: session.id, shard, credit: CREDIT_BYTES, vector });
  }

  #end(session: PullSession): void {
    this.#sessionsById.delete(session.id);
    this.#sessionsByShard.delete(session.shard);
  }

  #dropSatisfied(shard: ShardId, lacks: Map<ReplicaId, Lack>): void {
    const vector = this.#around.shards[shard]?.vector;
    if (vector === undefined) return;
    for (const [peer, lack] of lacks) {
      if (lack.vector !== undefined && vector.dominates(lack.vector)) lacks.delete(peer);
    }
  }

  #lacksOf(shard: ShardId): Map<ReplicaId, Lack> {
    let lacks = this.#lacksByShard.get(shard);
    if (lacks === undefined) {
      lacks = new Map();
      this.#lacksByShard.set(shard, lacks);
    }
    return lacks;
  }
}
