/**
 * The receiving half of repair: what this replica lacks, and from whom it is being fetched.
 *
 *  P1. At most one session a shard at any time: nothing is fetched twice side by side.
 *  P2. What a live, linked origin is about to push is not fetched at once: a lack has to last `settleMs` first. Where nothing
 *      at all is covered it does not: whoever is new lacks what was there before it came, and no push will bring that.
 *  P3. A shard's vector takes a session's claim only with its last chunk (R1); a session that ends early claims nothing.
 *  P4. What a peer has on its way to us stays within its window (`pull-window.ts`), whatever number of sessions it serves.
 *      Every chunk that comes counts, also of a session that has ended: else the two ends would count differently.
 *  P6. Only owners fetch. Who fetches and who serves see the same owners: else a source that still sees others could let
 *      these purge what it has not got itself, and the puller would be ready with what was deleted.
 *  P5. A session is not begun anew while its source delivers, on this session or another: it would only queue up behind
 *      its own bytes. That a source is gone is for its link to say; one that stays silent is waited for twice as long
 *      each time, because a long record on a slow link looks the same.
 *  P7. Where a source ends a session without its claim, something is there that has not come: a ghost whose value nobody gave
 *      (`replica/ghosts.ts`). The shard is *unclaimed* until what the source told that it holds is covered, whoever brings it.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId, ShardId } from "../base/ids.ts";
import { VersionVector } from "../core/version-vector.ts";
import type { MessageOf } from "../wire/message.ts";
import { PullWindow } from "./pull-window.ts";
import type { SendingSurroundings } from "./surroundings.ts";

/**
 * For so long, since a source first ended without a claim, what is unclaimed is waited for: whoever has it alone may be away for
 * hours, and then it is better to serve all the rest.
 */
export const UNCLAIMED_MS = 30_000;
/** With one peer: enough of them to keep it busy while small shards are asked for, ... */
const SESSIONS_MAX = 16;
/** ... and with one that is slow, or not known yet: what stands in its line is not fetched from others. */
const SLOW_SESSIONS_MAX = 2;

interface Lack {
  /** What the peer holds; undefined: something is missing before what it pushed. */
  readonly vector: VersionVector | undefined;
  readonly dueAt: number;
}

/** P7. */
interface Unclaimed {
  readonly vector: VersionVector;
  readonly since: number;
}

interface PullSession {
  readonly id: number;
  readonly shard: ShardId;
  readonly peer: ReplicaId;
  readonly askedAt: number;
  /** What the peer told that it holds; undefined: nothing yet. */
  readonly told: VersionVector | undefined;
}

/** A peer that is, or was, being fetched from over its present link. */
interface Source {
  window: PullWindow;
  readonly sessions: Set<PullSession>;
  /** When it last delivered something, or was asked while nothing was under way. */
  deliveredAt: number;
  patienceMs: number;
}

export interface PullLimits {
  readonly settleMs: number;
  /** A source that delivers nothing for so long is given another try, or its shards another source. */
  readonly idleMs: number;
}

export class Pulls {
  readonly #around: SendingSurroundings;
  readonly #limits: PullLimits;
  readonly #lacksByShard = new Map<ShardId, Map<ReplicaId, Lack>>();
  /** By who ended without a claim, and when it first did: said again, the earlier word stands until it is covered. */
  readonly #unclaimedByShard = new Map<ShardId, Map<ReplicaId, Unclaimed>>();
  readonly #sessionsById = new Map<number, PullSession>();
  readonly #sessionsByShard = new Map<ShardId, PullSession>();
  readonly #sourcesByPeer = new Map<ReplicaId, Source>();
  /** False: no source delivers anything, or waits for a grant. */
  #isUnderWay = false;
  #nextSession = 1;
  #now = 0;
  /** Registers and bytes taken in by deltas. */
  registers = 0;
  bytes = 0;
  sessions = 0;

  constructor(around: SendingSurroundings, limits: PullLimits) {
    this.#around = around;
    this.#limits = limits;
  }

  /** Shards for which something is known to be missing, or under way. */
  get outstanding(): number {
    return this.#lacksByShard.size + this.#sessionsById.size;
  }

  /** Shards that are owned, and unclaimed for less than `UNCLAIMED_MS` (P7). */
  get unclaimed(): number {
    this.#dropAllCovered();
    let count = 0;
    for (const [shard, unclaimed] of this.#unclaimedByShard)
      if (this.#around.ownership.owns(shard) && this.#isAwaited(unclaimed)) count++;
    return count;
  }

  #isAwaited(unclaimed: ReadonlyMap<ReplicaId, Unclaimed>): boolean {
    for (const { since } of unclaimed.values())
      if (isDue({ dueAt: since + UNCLAIMED_MS, waitMaxMs: UNCLAIMED_MS }, this.#now)) return false;
    return true;
  }

  /** The largest window of all sources. */
  get windowBytes(): number {
    let bytes = 0;
    for (const { window } of this.#sourcesByPeer.values()) bytes = Math.max(bytes, window.bytes);
    return bytes;
  }

  /** A peer holds what we lack. Said again before it was due, the earlier word stands: it must not put off its own cure. */
  noteLack(shard: ShardId, peer: ReplicaId, vector: VersionVector, now: number): void {
    const lacks = this.#lacksOf(shard);
    this.#dropSatisfied(shard, lacks);
    if (lacks.has(peer)) return;
    const isNew = this.#around.shards.get(shard)?.vector.size === 0;
    lacks.set(peer, { vector, dueAt: isNew ? now : now + this.#limits.settleMs });
  }

  /** A peer pushed beyond what we hold of it: something in between was dropped. */
  noteGap(shard: ShardId, peer: ReplicaId, now: number): void {
    const lacks = this.#lacksOf(shard);
    if (lacks.get(peer)?.vector === undefined && lacks.has(peer)) return;
    lacks.set(peer, { vector: undefined, dueAt: now });
  }

  /** Everything of these shards is to be fetched anew, from whoever offers it. */
  abandon(shard: ShardId): void {
    this.#unclaimedByShard.delete(shard);
    this.#giveUp(shard);
  }

  #giveUp(shard: ShardId): void {
    const session = this.#sessionsByShard.get(shard);
    if (session === undefined) return;
    this.#end(session);
    this.#around.send(session.peer, { type: "stop", session: session.id, fromSource: false });
  }

  linkDown(peer: ReplicaId): void {
    for (const session of [...(this.#sourcesByPeer.get(peer)?.sessions ?? [])]) this.#end(session);
    this.#sourcesByPeer.delete(peer);
    for (const [shard, lacks] of this.#lacksByShard) {
      lacks.delete(peer);
      if (lacks.size === 0) this.#lacksByShard.delete(shard);
    }
    // What the peer told is still out there. But nobody may ask any more what is unclaimed: here all that is done with goes.
    this.#dropAllCovered();
  }

  /** The session a chunk belongs to; undefined when it has ended here. Grants the source room for as much again. */
  receiveDelta(peer: ReplicaId, message: MessageOf<"delta">, now: number): PullSession | undefined {
    const found = this.#sessionsById.get(message.session);
    const session = found?.peer === peer ? found : undefined;
    const bytes = message.records.end - message.records.start;
    this.bytes += bytes;
    const source = this.#sourceOf(peer);
    source.deliveredAt = now;
    source.window.receive(bytes, session?.askedAt, now);
    if (session !== undefined && message.claim !== undefined) this.#end(session);
    this.#grant(peer, source, now);
    return session;
  }

  receiveStop(peer: ReplicaId, message: MessageOf<"stop">): void {
    const session = this.#sessionsById.get(message.session);
    if (session?.peer !== peer) return;
    this.#end(session);
    const { shard, told } = session;
    if (told !== undefined) this.#noteUnclaimed(shard, peer, told);
  }

  #noteUnclaimed(shard: ShardId, peer: ReplicaId, vector: VersionVector): void {
    const unclaimed = this.#unclaimedByShard.get(shard) ?? new Map<ReplicaId, Unclaimed>();
    this.#dropCovered(shard, unclaimed);
    if (!unclaimed.has(peer)) unclaimed.set(peer, { vector, since: this.#now });
    this.#unclaimedByShard.set(shard, unclaimed);
  }

  #dropAllCovered(): void {
    for (const [shard, unclaimed] of this.#unclaimedByShard) {
      this.#dropCovered(shard, unclaimed);
      if (unclaimed.size === 0) this.#unclaimedByShard.delete(shard);
    }
  }

  #dropCovered(shard: ShardId, unclaimed: Map<ReplicaId, Unclaimed>): void {
    const vector = this.#around.shards.get(shard)?.vector;
    for (const [peer, each] of unclaimed) if (vector?.dominates(each.vector) === true) unclaimed.delete(peer);
  }

  /** Decides, from the facts noted, what to fetch now. */
  evaluate(now: number): void {
    this.#now = now;
    // After every message: nothing that grows with the cluster is to be asked while nothing lacks, or is under way.
    if (this.#isUnderWay) this.#goOn(now);
    if (this.#lacksByShard.size === 0 || !this.#isAnyFree()) return;
    for (const [shard, lacks] of this.#lacksByShard) {
      if (this.#sessionsByShard.has(shard)) continue;
      this.#dropSatisfied(shard, lacks);
      const [peer, lack] = this.#chooseSource(lacks, now);
      if (lacks.size === 0) this.#lacksByShard.delete(shard);
      if (peer === undefined) continue;
      this.#begin(shard, peer, lack.vector, now);
      // A shard that is done makes room for one: the others are not to be gone through each time.
      if (!this.#isAnyFree()) return;
    }
  }

  #isAnyFree(): boolean {
    return this.#around.linked().some((peer) => this.#hasRoom(peer));
  }

  #goOn(now: number): void {
    this.#isUnderWay = false;
    for (const [peer, source] of this.#sourcesByPeer) {
      if (source.sessions.size > 0) this.#watchOver(source, now);
      this.#grant(peer, source, now);
      if (source.sessions.size > 0 || source.window.isGrantDue) this.#isUnderWay = true;
    }
  }

  /** Takes what a peer was asked for, and granted, for lost when nothing of it comes (P5). */
  #watchOver(source: Source, now: number): void {
    if (now - source.deliveredAt <= source.patienceMs) return;
    for (const session of [...source.sessions]) this.#giveUp(session.shard);
    source.window = new PullWindow();
    source.patienceMs *= 2;
  }

  #chooseSource(lacks: Map<ReplicaId, Lack>, now: number): [ReplicaId, Lack] | [undefined?] {
    for (const [peer, lack] of lacks) {
      if (lack.dueAt > now) continue;
      if (!this.#around.isLinked(peer)) lacks.delete(peer);
      else if (this.#hasRoom(peer)) {
        lacks.delete(peer);
        return [peer, lack];
      }
    }
    return [];
  }

  #hasRoom(peer: ReplicaId): boolean {
    if (!this.#around.canSend(peer)) return false;
    const source = this.#sourcesByPeer.get(peer);
    const max = source?.window.isQuick === true ? SESSIONS_MAX : SLOW_SESSIONS_MAX;
    return (source?.sessions.size ?? 0) < max;
  }

  #begin(shard: ShardId, peer: ReplicaId, lacked: VersionVector | undefined, now: number): void {
    const source = this.#sourceOf(peer);
    const told = lacked ?? this.#around.reports.of(shard, peer)?.vector;
    const session: PullSession = { id: this.#nextSession++, shard, peer, askedAt: now, told };
    if (source.sessions.size === 0) source.deliveredAt = now;
    source.sessions.add(session);
    this.#sessionsById.set(session.id, session);
    this.#sessionsByShard.set(shard, session);
    this.sessions++;
    const vector = this.#around.shards.get(shard)?.vector ?? new VersionVector();
    const credit = source.window.grant(now);
    const { view } = this.#around.ownership;
    this.#around.send(peer, { type: "pull", session: session.id, shard, credit, view, vector });
  }

  #grant(peer: ReplicaId, source: Source, now: number): void {
    if (!source.window.isGrantDue || !this.#around.canSend(peer)) return;
    this.#around.send(peer, { type: "credit", bytes: source.window.grant(now) });
  }

  #end(session: PullSession): void {
    this.#sessionsById.delete(session.id);
    this.#sessionsByShard.delete(session.shard);
    this.#sourcesByPeer.get(session.peer)?.sessions.delete(session);
  }

  /** Of a peer that is asked for something, or delivers it. */
  #sourceOf(peer: ReplicaId): Source {
    this.#isUnderWay = true;
    let source = this.#sourcesByPeer.get(peer);
    if (source === undefined) {
      source = { window: new PullWindow(), sessions: new Set(), deliveredAt: 0, patienceMs: this.#limits.idleMs };
      this.#sourcesByPeer.set(peer, source);
    }
    return source;
  }

  #dropSatisfied(shard: ShardId, lacks: Map<ReplicaId, Lack>): void {
    const vector = this.#around.shards.get(shard)?.vector;
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
