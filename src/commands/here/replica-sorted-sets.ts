/** The sorted sets of commands, over the shards of a replica. */

import type { Key } from "../../base/ids.ts";
import { encodeScore } from "../../core/containers/score-order.ts";
import { amountOfDouble } from "../../core/record/amount.ts";
import { KIND_SORTED_SET } from "../../core/record/kind.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { type CollectionId, deletionOfAll, memberName, memberSlot } from "../../types/collection.ts";
import { Snapshot } from "../../types/snapshot.ts";
import { isBeforeMember, isBelowName, isBelowScore, type Ranked, ranked, scoreOf } from "../../types/sorted-set.ts";
import type { ScoredMember, SortedSet, SortedSets } from "../workspace/sorted-set-access.ts";
import { type CollectionsHost, type ReplicaCollections, shareOf } from "./replica-collections.ts";

export class ReplicaSortedSets implements SortedSets {
  readonly #host: CollectionsHost;
  readonly #collections: ReplicaCollections;

  constructor(host: CollectionsHost, collections: ReplicaCollections) {
    this.#host = host;
    this.#collections = collections;
  }

  at(key: Key): SortedSet {
    return new ReplicaSortedSet(this.#collections.shardWith(key, "zset"), key, this.#host.now);
  }

  put(key: Key, name: string, score: number): void {
    // There is one zero: Redis keeps the sign of another in some of its forms and not in others.
    this.#collections.put(key, "zset", name, encodeScore(score + 0));
  }

  add(key: Key, name: string, by: number): number {
    const before = this.at(key).scoreOf(name) ?? 0;
    const amount = amountOfDouble(by);
    // What is infinite, or lies behind the last digit that sums have, is no sum: the later of such writes counts.
    if (amount === undefined || !Number.isFinite(before)) this.put(key, name, before + by);
    else this.#collections.add(key, "zset", name, amount);
    return this.at(key).scoreOf(name) ?? before + by;
  }

  remove(key: Key, name: string): boolean {
    return this.#collections.remove(key, "zset", name);
  }

  membersOf(snapshot: Snapshot, looks: number): readonly ScoredMember[] | undefined {
    const { shard, kind } = snapshot;
    const scored = kind === KIND_SORTED_SET;
    return snapshot
      .next(shareOf(looks))
      ?.map((slot) => ({ name: memberName(shard, slot), score: scored ? scoreOf(shard, slot) : 1 }));
  }

  clear(key: Key): void {
    const shard = this.#collections.shardWith(key, "zset");
    for (const write of deletionOfAll(shard, { kind: KIND_SORTED_SET, key })) this.#host.write(shard, write);
  }
}

class ReplicaSortedSet implements SortedSet {
  readonly #shard: Shard;
  readonly #id: CollectionId;
  readonly #now: number;

  constructor(shard: Shard, key: Key, now: number) {
    this.#shard = shard;
    this.#id = { kind: KIND_SORTED_SET, key };
    this.#now = now;
  }

  get #ranked(): Ranked {
    return ranked(this.#shard, this.#id, this.#now);
  }

  get size(): number {
    return this.#ranked.size;
  }

  scoreOf(name: string): number | undefined {
    const slot = memberSlot(this.#shard, this.#id, name, this.#now);
    return slot === 0 ? undefined : scoreOf(this.#shard, slot);
  }

  rankOf(name: string): number | undefined {
    const slot = memberSlot(this.#shard, this.#id, name, this.#now);
    return slot === 0 ? undefined : this.#ranked.rank(isBeforeMember(this.#shard, slot));
  }

  countBelow(score: number, isThrough: boolean): number {
    return this.#ranked.rank(isBelowScore(this.#shard, score, isThrough));
  }

  countBefore(name: Uint8Array, isThrough: boolean): number {
    return this.#ranked.rank(isBelowName(this.#shard, name, isThrough));
  }

  snapshot(from: number, to: number, isReversed: boolean): Snapshot {
    const slots = this.#ranked.copy(from, to);
    const container = this.#shard.containers.find(this.#id.kind, this.#id.key);
    return new Snapshot(this.#shard, container, isReversed ? slots.reverse() : slots, this.#now);
  }

  *between(from: number, to: number): Generator<ScoredMember, void> {
    let left = to - from;
    if (left <= 0) return;
    for (const slot of this.#ranked.from(from)) {
      yield { name: memberName(this.#shard, slot), score: scoreOf(this.#shard, slot) };
      if (--left === 0) return;
    }
  }
}
