/**
 * The sending half of repair: one delta session for each pull, sent in chunks as far as the puller's credit goes, so that
 * a slow or cut peer costs a list of slots and nothing more.
 */

import { ByteWriter } from "../base/bytes.ts";
import type { ReplicaId } from "../base/ids.ts";
import { DeltaSession } from "../core/delta.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Surroundings } from "./surroundings.ts";

const CHUNK_BYTES = 64 * 1024;
/** Sessions that one peer may have open here. */
const SESSIONS_MAX = 16;

interface ServedSession {
  readonly delta: DeltaSession;
  credit: number;
}

export class Serving {
  readonly #around: Surroundings;
  readonly #sessionsByPeer = new Map<ReplicaId, Map<number, ServedSession>>();
  readonly #writer = new ByteWriter(CHUNK_BYTES);

  constructor(around: Surroundings) {
    this.#around = around;
  }

  receivePull(peer: ReplicaId, message: MessageOf<"pull">): void {
    const shard = this.#around.shards[message.shard];
    const sessions = this.#sessionsOf(peer);
    if (shard === undefined || sessions.size >= SESSIONS_MAX || sessions.has(message.session)) {
      this.#around.send(peer, { type: "stop", session: message.session, fromSource: true });
      return;
    }
    const session: ServedSession = { delta: new DeltaSession(shard, message.vector), credit: message.credit };
    sessions.set(message.session, session);
    this.#pump(peer, message.session, session);
  }

  receiveCredit(peer: ReplicaId, message: MessageOf<"credit">): void {
    const session = this.#sessionsByPeer.get(peer)?.get(message.session);
    if (session === undefined) return;
    session.credit += message.bytes;
    this.#pump(peer, message.session, session);
  }

  receiveStop(peer: ReplicaId, message: MessageOf<"stop">): void {
    this.#sessionsByPeer.get(peer)?.delete(message.session);
  }

  /** Ends every session with a peer: its link went, or it is not to be served any more. */
  linkDown(peer: ReplicaId): void {
    this.#sessionsByPeer.delete(peer);
  }

  #pump(peer: ReplicaId, id: number, session: ServedSession): void {
    while (session.credit > 0) {
      this.#writer.clear();
      session.delta.writeChunk(this.#writer, Math.min(CHUNK_BYTES, session.credit));
      const bytes = this.#writer.view();
      session.credit -= bytes.length;
      const records = { bytes, view: new DataView(bytes.buffer), start: 0, end: bytes.length };
      // A claim may be long as well: behind a record that fills a message by itself it goes alone.
      const isLast = session.delta.isDone && bytes.length <= CHUNK_BYTES;
      const claim = isLast ? session.delta.claim : undefined;
      const marks = claim === undefined ? undefined : session.delta.shard.purgeMarks;
      this.#around.send(peer, { type: "delta", session: id, claim, marks, records });
      if (claim !== undefined) {
        this.#sessionsByPeer.get(peer)?.delete(id);
        return;
      }
    }
  }

  #sessionsOf(peer: ReplicaId): Map<number, ServedSession> {
    let sessions = this.#sessionsByPeer.get(peer);
    if (sessions === undefined) {
      sessions = new Map();
      this.#sessionsByPeer.set(peer, sessions);
    }
    return sessions;
  }
}
