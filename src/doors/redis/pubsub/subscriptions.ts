/**
 * Who listens to what at this replica. A channel and a sharded channel of one name are two: a topic is a channel with a letter
 * before it that says which.
 */

import { isMatch } from "../../../base/glob.ts";

/** Of a topic, before the channel. */
export const CHANNEL = "c";
export const SHARDED = "s";

export interface Subscriber {
  /** `pattern` is what the channel matched, where it was not subscribed to by name. Must not throw. */
  heard(topic: string, message: Uint8Array, pattern: string | undefined): void;
}

export interface SubscriptionLimits {
  /** Of one subscriber, patterns included. */
  readonly perSubscriberMax: number;
  /** Of all subscribers. */
  readonly patternsMax: number;
  readonly namesMax: number;
}

export const subscriptionLimits: SubscriptionLimits = {
  perSubscriberMax: 10_000,
  patternsMax: 10_000,
  namesMax: 200_000,
};

interface Own {
  readonly topics: Set<string>;
  readonly patterns: Set<string>;
  /** Of the topics. */
  sharded: number;
}

const NOTHING: Readonly<Own> = { topics: new Set(), patterns: new Set(), sharded: 0 };

export class Subscriptions {
  readonly #limits: SubscriptionLimits;
  readonly #byTopic = new Map<string, Set<Subscriber>>();
  readonly #byPattern = new Map<string, Set<Subscriber>>();
  readonly #own = new Map<Subscriber, Own>();
  #names = 0;
  #patternNames = 0;

  constructor(limits: SubscriptionLimits = subscriptionLimits) {
    this.#limits = limits;
  }

  /** What one listens to. */
  of(subscriber: Subscriber): {
    readonly topics: ReadonlySet<string>;
    readonly patterns: ReadonlySet<string>;
    readonly sharded: number;
  } {
    return this.#own.get(subscriber) ?? NOTHING;
  }

  get topics(): Iterable<string> {
    return this.#byTopic.keys();
  }

  get shardedCount(): number {
    let count = 0;
    for (const topic of this.#byTopic.keys()) if (topic.startsWith(SHARDED)) count++;
    return count;
  }

  get topicCount(): number {
    return this.#byTopic.size;
  }

  /** Different ones. */
  get patternCount(): number {
    return this.#byPattern.size;
  }

  /** Who subscribed to it by name. */
  count(topic: string): number {
    return this.#byTopic.get(topic)?.size ?? 0;
  }

  /** False: there are too many. */
  subscribe(subscriber: Subscriber, topic: string): boolean {
    const own = this.#ownOf(subscriber);
    if (own.topics.has(topic)) return true;
    if (!this.#hasRoom(own)) return false;
    own.topics.add(topic);
    if (topic.startsWith(SHARDED)) own.sharded += 1;
    this.#names += 1;
    add(this.#byTopic, topic, subscriber);
    return true;
  }

  /** False: there are too many. */
  subscribePattern(subscriber: Subscriber, pattern: string): boolean {
    const own = this.#ownOf(subscriber);
    if (own.patterns.has(pattern)) return true;
    if (!this.#hasRoom(own) || this.#patternNames >= this.#limits.patternsMax) return false;
    own.patterns.add(pattern);
    this.#names += 1;
    this.#patternNames += 1;
    add(this.#byPattern, pattern, subscriber);
    return true;
  }

  unsubscribe(subscriber: Subscriber, topic: string): void {
    const own = this.#own.get(subscriber);
    if (own?.topics.delete(topic) !== true) return;
    if (topic.startsWith(SHARDED)) own.sharded -= 1;
    this.#names -= 1;
    remove(this.#byTopic, topic, subscriber);
    this.#forgetIfIdle(subscriber, own);
  }

  unsubscribePattern(subscriber: Subscriber, pattern: string): void {
    const own = this.#own.get(subscriber);
    if (own?.patterns.delete(pattern) !== true) return;
    this.#names -= 1;
    this.#patternNames -= 1;
    remove(this.#byPattern, pattern, subscriber);
    this.#forgetIfIdle(subscriber, own);
  }

  /** Returns how many heard it; who subscribed by name and by a pattern hears it twice, as with Redis. */
  publish(topic: string, message: Uint8Array): number {
    let heard = 0;
    // Whoever is cut off as it hears is taken out meanwhile.
    for (const subscriber of [...(this.#byTopic.get(topic) ?? [])]) {
      subscriber.heard(topic, message, undefined);
      heard += 1;
    }
    if (this.#byPattern.size === 0 || !topic.startsWith(CHANNEL)) return heard;
    const channel = topic.slice(1);
    for (const [pattern, subscribers] of this.#byPattern) {
      if (!isMatch(pattern, channel)) continue;
      for (const subscriber of [...subscribers]) {
        subscriber.heard(topic, message, pattern);
        heard += 1;
      }
    }
    return heard;
  }

  #ownOf(subscriber: Subscriber): Own {
    const known = this.#own.get(subscriber);
    if (known !== undefined) return known;
    const own: Own = { topics: new Set(), patterns: new Set(), sharded: 0 };
    this.#own.set(subscriber, own);
    return own;
  }

  #hasRoom({ topics, patterns }: Own): boolean {
    return topics.size + patterns.size < this.#limits.perSubscriberMax && this.#names < this.#limits.namesMax;
  }

  #forgetIfIdle(subscriber: Subscriber, { topics, patterns }: Own): void {
    if (topics.size + patterns.size === 0) this.#own.delete(subscriber);
  }
}

function add(map: Map<string, Set<Subscriber>>, name: string, subscriber: Subscriber): void {
  const there = map.get(name);
  if (there === undefined) map.set(name, new Set([subscriber]));
  else there.add(subscriber);
}

function remove(map: Map<string, Set<Subscriber>>, name: string, subscriber: Subscriber): void {
  const there = map.get(name);
  there?.delete(subscriber);
  if (there?.size === 0) map.delete(name);
}
