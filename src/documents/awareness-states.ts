/**
 * Who is present in a document: of each client its clock and its state as JSON, as awareness updates of y-protocols carry
 * them, and whose they are: of the connection, or the replica, that first told of that clock. A state is looked at no
 * further than its check does; it is relayed as the bytes that came.
 *
 * Clients that have gone are remembered for as long as the echo of what they were may come back.
 */

import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import { AtollError } from "../base/errors.ts";
import { checkAwareness, checkNews, rewrittenBytes } from "./awareness-check.ts";
import { type AwarenessLimits, CLOCK_MAX } from "./document-limits.ts";

/** As in y-protocols: a client tells of itself every 15 s. */
export const PRESENT_MS = 30_000;

interface Presence {
  readonly clock: number;
  /** JSON; undefined: it has gone. */
  readonly state: Uint8Array | undefined;
  readonly owner: unknown;
  readonly until: number;
}

interface Told {
  readonly client: number;
  readonly clock: number;
  readonly state: Uint8Array;
  readonly isGone: boolean;
}

const GONE = new TextEncoder().encode("null");

export class AwarenessStates {
  readonly #limits: AwarenessLimits;
  readonly #byClient = new Map<number, Presence>();

  constructor(limits: AwarenessLimits) {
    this.#limits = limits;
  }

  /** How many clients are present, or were a moment ago. */
  get size(): number {
    return this.#byClient.size;
  }

  /**
   * Takes what `owner` tells; returns an update with what is news, undefined where nothing is. Throws `BAD_AWARENESS`,
   * `AWARENESS_TOO_LARGE`, and `AWARENESS_FLOOD` for more clients of one owner than `ownedMax`.
   */
  apply(
    update: Uint8Array,
    owner: unknown,
    { now, ownedMax }: { now: number; ownedMax: number },
  ): Uint8Array | undefined {
    const facts = checkAwareness(update, this.#limits);
    const told = readStates(update);
    const news = told.filter((_, place) => this.#isNews(told[place] as Told, owner));
    if (news.length === 0) return undefined;
    const sizes = news.map(({ state }) => ({ bytes: rewrittenBytes(state) }));
    checkNews(sizes, update.length, this.#limits);
    this.#checkRoom(news, owner, ownedMax);
    for (const { client, clock, state, isGone } of news) {
      this.#byClient.set(client, { clock, state: isGone ? undefined : state, owner, until: now + PRESENT_MS });
    }
    return news.length === facts.length ? update : encodeStates(news);
  }

  /** An update that tells of all who are present, of those of `owner` only where it is given; undefined where nobody is. */
  all(owner?: unknown): Uint8Array | undefined {
    const present: { client: number; clock: number; state: Uint8Array }[] = [];
    for (const [client, { clock, state, owner: whose }] of this.#byClient) {
      if (state !== undefined && (owner === undefined || whose === owner)) present.push({ client, clock, state });
    }
    return present.length === 0 ? undefined : encodeStates(present);
  }

  /** Clients of this owner go; returns the update that says so. */
  leave(owner: unknown, now: number): Uint8Array | undefined {
    return this.#remove(({ owner: whose }) => whose === owner, now);
  }

  /** Those that have not been heard of for too long go; returns the update that says so. */
  expire(now: number): Uint8Array | undefined {
    for (const [client, { state, until }] of this.#byClient) {
      if (state === undefined && now >= until) this.#byClient.delete(client);
    }
    return this.#remove(({ until }) => now >= until, now);
  }

  #remove(which: (presence: Presence) => boolean, now: number): Uint8Array | undefined {
    const gone: { client: number; clock: number; state: Uint8Array }[] = [];
    for (const [client, presence] of this.#byClient) {
      if (presence.state === undefined || !which(presence)) continue;
      const { clock, owner } = presence;
      gone.push({ client, clock, state: GONE });
      this.#byClient.set(client, { clock, owner, state: undefined, until: now + PRESENT_MS });
    }
    return gone.length === 0 ? undefined : encodeStates(gone);
  }

  /** A greater clock is; and that a client has gone at the clock that is known, if its owner says so. */
  #isNews({ client, clock, isGone }: Told, owner: unknown): boolean {
    const known = this.#byClient.get(client);
    // Beyond what all implementations count to: somebody else's doing, and no fault of a client that goes on from there.
    if (clock > CLOCK_MAX) return false;
    if (known === undefined) return !isGone;
    if (clock !== known.clock) return clock > known.clock;
    return isGone && known.state !== undefined && known.owner === owner;
  }

  #checkRoom(news: readonly Told[], owner: unknown, ownedMax: number): void {
    const added = news.filter(({ client }) => !this.#byClient.has(client)).length;
    const { awarenessClientsMax } = this.#limits;
    if (this.#byClient.size + added > awarenessClientsMax) {
      throw new AtollError("AWARENESS_TOO_LARGE", `a document has at most ${awarenessClientsMax} clients at a time`);
    }
    if (added === 0 || this.#countOf(owner) + added <= ownedMax) return;
    throw new AtollError("AWARENESS_FLOOD", `a connection has at most ${ownedMax} clients at a time`);
  }

  #countOf(owner: unknown): number {
    let count = 0;
    for (const presence of this.#byClient.values()) if (presence.owner === owner) count++;
    return count;
  }
}

/** States are views. The update has been checked. */
function readStates(update: Uint8Array): Told[] {
  const decoder = decoding.createDecoder(update);
  const told: Told[] = [];
  for (let left = decoding.readVarUint(decoder); left > 0; left--) {
    const client = decoding.readVarUint(decoder);
    const clock = decoding.readVarUint(decoder);
    const state = decoding.readVarUint8Array(decoder);
    told.push({ client, clock, state: state.slice(), isGone: isNull(state) });
  }
  return told;
}

/** Among what the check lets through, only `null` begins so. */
function isNull(state: Uint8Array): boolean {
  const first = state.find((byte) => byte > 0x20);
  return first === 0x6e;
}

function encodeStates(states: readonly { client: number; clock: number; state: Uint8Array }[]): Uint8Array {
  const encoder = encoding.createEncoder();
  encoding.writeVarUint(encoder, states.length);
  for (const { client, clock, state } of states) {
    encoding.writeVarUint(encoder, client);
    encoding.writeVarUint(encoder, clock);
    encoding.writeVarUint8Array(encoder, state);
  }
  return encoding.toUint8Array(encoder);
}
