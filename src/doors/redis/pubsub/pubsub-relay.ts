/**
 * Messages across replicas. Each tells those it is linked with what its clients listen to, and a published message goes once, from
 * the replica where it was published, to those that listen. It is kept nowhere and passed on by nobody.
 *
 * P1  A subscriber hears a message at most once, and those of one publisher in their order, as links keep it.
 * P2  What was said of subscriptions may be lost: all of it is said again in a while, and counts until then for a while longer.
 * P3  What is known of a replica is bounded: beyond, it is sent everything.
 *
 * Not reached are replicas that this one is not linked with, and whoever subscribed so shortly before that this one has not heard
 * of it.
 */

import { BadBytes } from "../../../base/bytes.ts";
import type { ReplicaId } from "../../../base/ids.ts";
import type { Whisper } from "../../../document-store.ts";
import {
  decodeWhisper,
  encodeInterest,
  encodePublished,
  type Interest,
  isPubsubWhisper,
  ROWS_MAX,
} from "./pubsub-whisper.ts";
import type { Subscriber, Subscriptions } from "./subscriptions.ts";

export const TELL_AGAIN_MS = 15_000;
/** What was not said again for so long is forgotten. */
export const FORGET_MS = 50_000;

export interface PubsubRelayOptions {
  readonly subscriptions: Subscriptions;
  /** To all replicas that are linked unless told. */
  readonly whisper: (bytes: Uint8Array, to?: ReplicaId) => void;
}

interface Peer {
  readonly counts: Map<string, number>;
  patterns: number;
  isMore: boolean;
  heardAt: number;
}

export class PubsubRelay {
  /** Whispers that were none, of all peers. */
  refused = 0;
  readonly #subscriptions: Subscriptions;
  readonly #whisper: PubsubRelayOptions["whisper"];
  readonly #peers = new Map<ReplicaId, Peer>();
  #toldAt = 0;
  #hasTold = false;

  constructor(options: PubsubRelayOptions) {
    this.#subscriptions = options.subscriptions;
    this.#whisper = options.whisper;
  }

  /** Returns how many listen to the channel here, by name or pattern, and by name at those who told. */
  publish(topic: string, message: Uint8Array): number {
    let reached = this.#subscriptions.publish(topic, message);
    let frame: Uint8Array | undefined;
    for (const [id, peer] of this.#peers) {
      const count = peer.counts.get(topic) ?? 0;
      reached += count;
      if (count === 0 && peer.patterns === 0 && !peer.isMore) continue;
      frame ??= encodePublished(topic, message);
      this.#whisper(frame, id);
    }
    return reached;
  }

  /** Of all replicas that told. */
  count(topic: string): number {
    let count = this.#subscriptions.count(topic);
    for (const { counts } of this.#peers.values()) count += counts.get(topic) ?? 0;
    return count;
  }

  /** Of all replicas that told, each with how many listen. */
  topics(): ReadonlySet<string> {
    const all = new Set(this.#subscriptions.topics);
    for (const { counts } of this.#peers.values()) for (const topic of counts.keys()) all.add(topic);
    return all;
  }

  /** The sum of those of all replicas: one that two have counts twice. */
  get patterns(): number {
    let patterns = this.#subscriptions.patternCount;
    for (const peer of this.#peers.values()) patterns += peer.patterns;
    return patterns;
  }

  /** False: there are too many subscriptions. */
  subscribe(subscriber: Subscriber, topic: string): boolean {
    if (!this.#subscriptions.subscribe(subscriber, topic)) return false;
    this.#tellOf([topic]);
    return true;
  }

  subscribePattern(subscriber: Subscriber, pattern: string): boolean {
    const before = this.#subscriptions.patternCount;
    if (!this.#subscriptions.subscribePattern(subscriber, pattern)) return false;
    if (this.#subscriptions.patternCount !== before) this.#tellOf([]);
    return true;
  }

  unsubscribe(subscriber: Subscriber, topic: string): void {
    if (!this.#subscriptions.of(subscriber).topics.has(topic)) return;
    this.#subscriptions.unsubscribe(subscriber, topic);
    this.#tellOf([topic]);
  }

  unsubscribePattern(subscriber: Subscriber, pattern: string): void {
    const before = this.#subscriptions.patternCount;
    this.#subscriptions.unsubscribePattern(subscriber, pattern);
    if (this.#subscriptions.patternCount !== before) this.#tellOf([]);
  }

  /** It listens to nothing any more. */
  forget(subscriber: Subscriber): void {
    const { topics, patterns } = this.#subscriptions.of(subscriber);
    const gone = [...topics];
    if (gone.length + patterns.size === 0) return;
    for (const topic of gone) this.#subscriptions.unsubscribe(subscriber, topic);
    for (const pattern of [...patterns]) this.#subscriptions.unsubscribePattern(subscriber, pattern);
    this.#tellOf(gone);
  }

  /** Another replica whispered, came or went. */
  heard(whisper: Whisper, now: number): void {
    const { from } = whisper;
    if (whisper.type === "here") return this.#tellAll(now, from);
    if (whisper.type !== "message") {
      this.#peers.delete(from);
      return;
    }
    if (!isPubsubWhisper(whisper.message)) return;
    try {
      const decoded = decodeWhisper(whisper.message);
      if (decoded.type === "message") this.#subscriptions.publish(decoded.topic, decoded.message);
      else this.#learn(from, decoded, now);
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      this.refused += 1;
    }
  }

  tick(now: number): void {
    for (const [id, { heardAt }] of this.#peers) if (Math.abs(now - heardAt) > FORGET_MS) this.#peers.delete(id);
    if (Math.abs(now - this.#toldAt) >= TELL_AGAIN_MS) this.#tellAll(now);
  }

  #learn(from: ReplicaId, told: Interest & { readonly type: "all" | "changes" }, now: number): void {
    const known = this.#peers.get(from);
    const peer = known ?? { counts: new Map<string, number>(), patterns: 0, isMore: false, heardAt: now };
    if (told.type === "all") peer.counts.clear();
    peer.heardAt = now;
    peer.patterns = told.patterns;
    // Changes may leave out what the last word of all left out.
    peer.isMore = told.isMore || (peer.isMore && told.type === "changes");
    for (const [topic, count] of told.rows) {
      if (count === 0) peer.counts.delete(topic);
      else if (peer.counts.has(topic) || peer.counts.size < ROWS_MAX) peer.counts.set(topic, count);
      else peer.isMore = true;
    }
    if (peer.counts.size > 0 || peer.patterns > 0 || peer.isMore) this.#peers.set(from, peer);
    else this.#peers.delete(from);
  }

  #tellOf(topics: readonly string[]): void {
    this.#hasTold = true;
    const rows = topics.map((topic): [string, number] => [topic, this.#subscriptions.count(topic)]);
    const told = { patterns: this.#subscriptions.patternCount, isMore: false, rows };
    this.#whisper(encodeInterest("changes", told));
  }

  /** Nothing where nobody listens, and nobody was told that anybody does. */
  #tellAll(now: number, to?: ReplicaId): void {
    const { patternCount, topicCount } = this.#subscriptions;
    const isIdle = patternCount + topicCount === 0;
    if (isIdle && (to !== undefined || !this.#hasTold)) return;
    const isMore = topicCount > ROWS_MAX;
    const topics = isMore ? [] : [...this.#subscriptions.topics];
    const rows = topics.map((topic): [string, number] => [topic, this.#subscriptions.count(topic)]);
    this.#whisper(encodeInterest("all", { patterns: patternCount, isMore, rows }), to);
    if (to !== undefined) return;
    this.#toldAt = now;
    this.#hasTold = !isIdle;
  }
}
