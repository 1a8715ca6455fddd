/**
 * The sending half of repair: one delta session for each pull, one after the other for each peer, in chunks as far as its
 * credit goes, so that a slow or cut peer costs a list of slots and nothing more. In turn rather than side by side: what
 * is whole can be claimed, should the link go.
 */

import { ByteWriter } from "../base/bytes.ts";
import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { DeltaSession } from "../core/shard/delta.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import type { SendingSurroundings } from "./surroundings.ts";

export const CHUNK_BYTES = 64 * 1024;
/** Sessions that one peer may have open here. */
export const SERVED_SESSIONS_MAX = 16;
/**
 * Nothing is added to a link's queue above this. It is more than pushes fill a queue to, which would otherwise leave no
 * room for repair for as long as there are too many of them; and with the longest record on top of it, it is less than
 * what a link is cut for.
 */
const QUEUE_BYTES_MAX = 12 * 1024 * 1024;

/** Registers among which values that are away are looked for, to be read from disk at once. */
const RECALL_LOOKS = 256;
/**
 * After something had to be left out of a delta of a shard, a peer is sent no other before all of that has been here since, or is
 * gone: it would come to the same. Or for so long; for twice as long after each further one, at most for so long. Never sooner
 * than so long.
 */
const INCOMPLETE_MS = 10_000;
const INCOMPLETE_MS_MAX = 300_000;
const INCOMPLETE_MS_MIN = 1000;
/** Of what was left out, asked for again at once. */
const ASKED_AGAIN_MAX = 64;

interface ServedSession {
  readonly shard: Shard;
  readonly covered: VersionVector;
  /** There once it is its turn. */
  delta: DeltaSession | undefined;
  /** Whether this replica was ready in the shard when what it sends was collected. */
  isReady: boolean | undefined;
  /** Values are being taken back. */
  isRecalling: boolean;
}

interface Incomplete {
  /** What was left out, and has not been here since. */
  leftOut: readonly number[];
  /** Which of that is asked for again next. */
  next: number;
  readonly at: number;
  readonly pauseMs: number;
}

interface Puller {
  /** Of shards whose last delta ended without a claim: what it lacked, when, and for how long there is no other. */
  readonly incomplete: Map<Shard, Incomplete>;
  /** What may still be sent to it, all sessions together; below 0 after a chunk that was longer. */
  credit: number;
  readonly sessions: Map<number, ServedSession>;
}

export class Serving {
  readonly #around: SendingSurroundings;
  readonly #pullersById = new Map<ReplicaId, Puller>();
  readonly #writer = new ByteWriter(CHUNK_BYTES);
  /** False: no session is open. */
  #isServing = false;
  /** Something that was left out is being asked for: only some of it at a time, as clients ask for values as well. */
  #isLooking = false;
  #now = 0;

  constructor(around: SendingSurroundings) {
    this.#around = around;
  }

  /** Sessions of all peers. */
  get sessions(): number {
    let count = 0;
    for (const { sessions } of this.#pullersById.values()) count += sessions.size;
    return count;
  }

  /** Bytes sent beyond what peers gave credit for: of each at most a chunk, or one record that is longer. */
  get overdrawnBytes(): number {
    let bytes = 0;
    for (const { credit } of this.#pullersById.values()) bytes += Math.max(0, -credit);
    return bytes;
  }

  receivePull(peer: ReplicaId, message: MessageOf<"pull">): void {
    const shard = this.#around.shards.get(message.shard);
    const puller = this.#pullerOf(peer);
    const { sessions } = puller;
    puller.credit += message.credit;
    this.#isServing = true;
    const isServed = shard !== undefined && this.#isOfSameView(shard, message.view) && !shard.isLeaving;
    if (isServed && this.#wasIncomplete(puller, shard)) {
      this.#lookAgain(puller, shard);
      this.#refuse(peer, message.session);
    } else if (!isServed || sessions.size >= SERVED_SESSIONS_MAX || sessions.has(message.session)) {
      this.#refuse(peer, message.session);
    } else {
      const session = { shard, covered: message.vector, delta: undefined, isReady: undefined, isRecalling: false };
      sessions.set(message.session, session);
    }
    this.#pump(peer, puller);
  }

  #wasIncomplete({ incomplete }: Puller, shard: Shard): boolean {
    const last = incomplete.get(shard);
    if (last === undefined) return false;
    noteHere(shard, last);
    const pauseMs = last.leftOut.length === 0 ? INCOMPLETE_MS_MIN : last.pauseMs;
    return !isDue({ dueAt: last.at + pauseMs, waitMaxMs: pauseMs }, this.#now);
  }

  /** What was left out is asked for again, some of it each time: somebody may have it, or be in reach, by now. */
  #lookAgain({ incomplete }: Puller, shard: Shard): void {
    const last = incomplete.get(shard);
    if (this.#isLooking || last === undefined || last.leftOut.length === 0) return;
    if (last.next >= last.leftOut.length) last.next = 0;
    const slots = last.leftOut.slice(last.next, last.next + ASKED_AGAIN_MAX);
    last.next += slots.length;
    this.#isLooking = true;
    this.#around.recall(shard, slots, () => {
      this.#isLooking = false;
      noteHere(shard, last);
    });
  }

  #isOfSameView(shard: Shard, view: number): boolean {
    const { ownership } = this.#around;
    return ownership.isEverywhere(spaceOf(shard.id)) || ownership.view === view;
  }

  /** Somebody asks who is not to be fed. The room that it granted counts all the same: it will not grant that again. */
  refusePull(peer: ReplicaId, message: MessageOf<"pull">): void {
    this.#pullerOf(peer).credit += message.credit;
    this.#refuse(peer, message.session);
  }

  /** A peer is not to be fed any more, although its link is up. */
  end(peer: ReplicaId): void {
    const sessions = this.#pullersById.get(peer)?.sessions;
    for (const session of sessions?.keys() ?? []) this.#refuse(peer, session);
    sessions?.clear();
  }

  /** Nothing more of a shard is to be served. */
  endShard(shard: Shard): void {
    for (const [peer, { sessions }] of this.#pullersById) {
      for (const [id, session] of sessions) {
        if (session.shard !== shard) continue;
        sessions.delete(id);
        this.#refuse(peer, id);
      }
    }
  }

  /** Who asked would wait for it. */
  #refuse(peer: ReplicaId, session: number): void {
    this.#around.send(peer, { type: "stop", session, fromSource: true });
  }

  receiveCredit(peer: ReplicaId, message: MessageOf<"credit">): void {
    const puller = this.#pullerOf(peer);
    puller.credit += message.bytes;
    this.#pump(peer, puller);
  }

  receiveStop(peer: ReplicaId, message: MessageOf<"stop">): void {
    this.#pullersById.get(peer)?.sessions.delete(message.session);
  }

  linkDown(peer: ReplicaId): void {
    this.#pullersById.delete(peer);
  }

  /** Sends what could not be sent before: a queue has drained, or this replica may speak again. */
  tick(now: number): void {
    this.#now = now;
    if (!this.#isServing) return;
    this.#isServing = false;
    for (const [peer, puller] of this.#pullersById) {
      this.#pump(peer, puller);
      if (puller.sessions.size > 0) this.#isServing = true;
    }
  }

  /** What this replica held so far is not to be served any more: sessions begin anew with what it claims now. */
  restart(): void {
    for (const { sessions } of this.#pullersById.values()) {
      for (const session of sessions.values()) {
        session.delta = undefined;
        session.isReady = undefined;
      }
    }
  }

  #pump(peer: ReplicaId, puller: Puller): void {
    // What would be dropped must not count as sent.
    if (puller.sessions.size === 0 || !this.#around.canSend(peer)) return;
    let queuedBytes = this.#around.queuedBytes(peer);
    while (puller.credit > 0 && queuedBytes < QUEUE_BYTES_MAX) {
      const [first] = puller.sessions;
      if (first === undefined || first[1].isRecalling) return;
      const bytes = this.#sendChunk(peer, puller, ...first);
      puller.credit -= bytes;
      queuedBytes += bytes;
    }
  }

  /** Returns how many bytes of records it sent. */
  #sendChunk(peer: ReplicaId, puller: Puller, id: number, session: ServedSession): number {
    session.delta ??= new DeltaSession(session.shard, session.covered);
    session.isReady ??= session.shard.isReady;
    const { delta } = session;
    this.#writer.clear();
    delta.writeChunk(this.#writer, CHUNK_BYTES);
    if (this.#writer.length === 0 && !delta.isDone) {
      this.#recall(peer, session, delta);
      return 0;
    }
    const bytes = this.#writer.view();
    const records = { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
    if (delta.isDone && delta.leftOut.length > 0) return this.#endIncomplete(peer, id, delta, records);
    // A claim may be long as well: behind a record that fills a message by itself it goes alone.
    const isLast = delta.isDone && bytes.length <= CHUNK_BYTES;
    const claim = isLast ? delta.claim : undefined;
    const marks = isLast ? delta.shard.graves.marks : undefined;
    this.#around.send(peer, { type: "delta", session: id, claim, ready: session.isReady, marks, records });
    if (isLast) {
      puller.sessions.delete(id);
      puller.incomplete.delete(session.shard);
    }
    return bytes.length;
  }

  /** What of it could be sent is of use all the same. */
  #endIncomplete(peer: ReplicaId, id: number, { shard, leftOut }: DeltaSession, records: Records): number {
    const puller = this.#pullerOf(peer);
    const unclaimed = { claim: undefined, ready: false, marks: undefined };
    if (records.end > 0) this.#around.send(peer, { type: "delta", session: id, ...unclaimed, records });
    puller.sessions.delete(id);
    const before = puller.incomplete.get(shard)?.pauseMs ?? INCOMPLETE_MS / 2;
    const pauseMs = Math.min(2 * before, INCOMPLETE_MS_MAX);
    puller.incomplete.set(shard, { leftOut, next: 0, at: this.#now, pauseMs });
    this.#refuse(peer, id);
    return records.end;
  }

  /** What comes next has to be taken back before anything else of the session is sent. */
  #recall(peer: ReplicaId, session: ServedSession, delta: DeltaSession): void {
    session.isRecalling = true;
    this.#around.recall(session.shard, delta.nextAway(RECALL_LOOKS), (recalled) => {
      session.isRecalling = false;
      if (recalled === "nowhere") delta.leaveOutAway(RECALL_LOOKS);
      const puller = this.#pullersById.get(peer);
      if (puller !== undefined) this.#pump(peer, puller);
    });
  }

  #pullerOf(peer: ReplicaId): Puller {
    let puller = this.#pullersById.get(peer);
    if (puller === undefined) {
      puller = { incomplete: new Map(), credit: 0, sessions: new Map() };
      this.#pullersById.set(peer, puller);
    }
    return puller;
  }
}

/** What has come back once may be had again, though it may have gone meanwhile. */
function noteHere(shard: Shard, incomplete: Incomplete): void {
  incomplete.leftOut = incomplete.leftOut.filter((slot) => shard.table.isHeld(slot) && shard.isAway(slot));
}
