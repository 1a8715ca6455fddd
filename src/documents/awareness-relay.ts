/**
 * The presence of clients in one document, across replicas: what a client tells goes to the other clients here and, as a
 * whisper, to those replicas that have told that they have clients of the document too. Nothing is stored. A client is gone
 * with its connection, and all clients of a replica are with its link. A whisper is one of
 *
 *   0            I have clients here; do you?
 *   1            so do I
 *   2            I have none any more
 *   3 update     an awareness update of y-protocols, of my own clients
 *
 * Whispers may be lost. Whoever has clients present asks again as often as these tell of themselves, so that what was lost
 * is made good in that time.
 */

import { AtollError } from "../base/errors.ts";
import type { ReplicaId } from "../base/ids.ts";
import { AwarenessStates, PRESENT_MS } from "./awareness-states.ts";
import type { AwarenessLimits } from "./document-limits.ts";

/** A connection, or whoever else takes part. */
export interface AwarenessMember {
  /** Is told what others tell, the same bytes for all members. Must not throw. */
  heard(update: Uint8Array): void;
}

export interface AwarenessRelayOptions {
  readonly limits: AwarenessLimits;
  /** To all replicas that are linked unless told. */
  readonly whisper: (message: Uint8Array, to?: ReplicaId) => void;
}

const ASK = 0;
const HERE = 1;
const GONE = 2;
const STATES = 3;
const ASK_AGAIN_MS = PRESENT_MS / 2;
const SECOND_MS = 1_000;

/** Says that there are no clients here. */
export const NO_MEMBERS = Uint8Array.of(GONE);

/** True for what a replica whispers that takes us to have clients. */
export function expectsMembers(message: Uint8Array): boolean {
  return message[0] === HERE || message[0] === STATES;
}

/** What a member has told lately. */
interface Budget {
  since: number;
  news: number;
}

export class AwarenessRelay {
  readonly #options: AwarenessRelayOptions;
  readonly #states: AwarenessStates;
  readonly #members = new Map<AwarenessMember, Budget>();
  readonly #peers = new Set<ReplicaId>();
  #askAt = 0;

  constructor(options: AwarenessRelayOptions) {
    this.#options = options;
    this.#states = new AwarenessStates(options.limits);
  }

  get members(): number {
    return this.#members.size;
  }

  /** Replicas that have told that they have clients too. */
  get peers(): ReadonlySet<ReplicaId> {
    return this.#peers;
  }

  /** Takes part from now on; returns an update that tells of all who are present, undefined where nobody is. */
  join(member: AwarenessMember, now: number): Uint8Array | undefined {
    this.#members.set(member, { since: now, news: 0 });
    if (this.#members.size === 1) this.#ask(now);
    return this.#states.all();
  }

  leave(member: AwarenessMember, now: number): void {
    if (!this.#members.delete(member)) return;
    this.#tell(this.#states.leave(member, now));
    if (this.#members.size > 0) return;
    for (const peer of this.#peers) this.#options.whisper(NO_MEMBERS, peer);
    for (const peer of this.#peers) this.#forget(peer, now);
  }

  /** An update that tells of all who are present. */
  all(): Uint8Array | undefined {
    return this.#states.all();
  }

  /**
   * A member tells of its clients, or echoes what it heard of others. Throws `BAD_AWARENESS`, `AWARENESS_TOO_LARGE`,
   * `AWARENESS_FLOOD`.
   */
  receive(member: AwarenessMember, update: Uint8Array, now: number): void {
    const { awarenessClientsPerConnectionMax, awarenessNewsPerSecondMax } = this.#options.limits;
    const news = this.#states.apply(update, member, { now, ownedMax: awarenessClientsPerConnectionMax });
    const budget = this.#members.get(member);
    if (news === undefined || budget === undefined) return;
    if (Math.abs(now - budget.since) >= SECOND_MS) Object.assign(budget, { since: now, news: 0 });
    if (++budget.news > awarenessNewsPerSecondMax) {
      throw new AtollError(
        "AWARENESS_FLOOD",
        `a connection tells of itself at most ${awarenessNewsPerSecondMax} times a second`,
      );
    }
    this.#tell(news, member);
  }

  /** Another replica whispered. */
  heard(from: ReplicaId, message: Uint8Array, now: number): void {
    if (this.#members.size === 0) {
      if (expectsMembers(message)) this.#options.whisper(NO_MEMBERS, from);
      return;
    }
    switch (message[0]) {
      case ASK:
        this.#options.whisper(Uint8Array.of(HERE), from);
        return this.#meet(from);
      case HERE:
        return this.#meet(from);
      case GONE:
        return this.#forget(from, now);
      case STATES: {
        const update = message.subarray(1);
        const news = this.#states.apply(update, from, { now, ownedMax: Infinity });
        if (news !== undefined) this.#hear(news);
      }
    }
  }

  /** A replica can be whispered to. */
  peerHere(peer: ReplicaId): void {
    if (this.#members.size > 0) this.#options.whisper(Uint8Array.of(ASK), peer);
  }

  /** A replica cannot be whispered to any more. */
  peerGone(peer: ReplicaId, now: number): void {
    this.#forget(peer, now);
  }

  tick(now: number): void {
    if (this.#states.size === 0) return;
    const gone = this.#states.expire(now);
    if (gone !== undefined) this.#hear(gone);
    if (Math.abs(now - this.#askAt) >= ASK_AGAIN_MS && this.#members.size > 0) this.#ask(now);
  }

  #ask(now: number): void {
    this.#askAt = now;
    this.#options.whisper(Uint8Array.of(ASK));
  }

  /** It is to know who is present here. */
  #meet(peer: ReplicaId): void {
    this.#peers.add(peer);
    for (const member of this.#members.keys()) {
      const states = this.#states.all(member);
      if (states !== undefined) this.#options.whisper(withKind(states), peer);
    }
  }

  #forget(peer: ReplicaId, now: number): void {
    this.#peers.delete(peer);
    const gone = this.#states.leave(peer, now);
    if (gone !== undefined) this.#hear(gone);
  }

  /** To the clients here, the one that told apart, and to the other replicas. */
  #tell(update: Uint8Array | undefined, teller?: AwarenessMember): void {
    if (update === undefined) return;
    this.#hear(update, teller);
    if (this.#peers.size === 0) return;
    const message = withKind(update);
    for (const peer of this.#peers) this.#options.whisper(message, peer);
  }

  #hear(update: Uint8Array, teller?: AwarenessMember): void {
    for (const member of this.#members.keys()) if (member !== teller) member.heard(update);
  }
}

function withKind(update: Uint8Array): Uint8Array {
  const message = new Uint8Array(update.length + 1);
  message[0] = STATES;
  message.set(update, 1);
  return message;
}
