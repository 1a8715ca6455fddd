/**
 * Changes of shards that are held elsewhere, for who watches a keyspace here.
 *
 *  W1. Of a shard that this replica is ready in, watchers are told what it makes of it. Of any other one owner that is ready is
 *      followed, and tells every change in the order in which it made them; until one can be, watchers hear of what is
 *      written here, by a guest, and of nothing that an owner fetches on its way to be ready.
 *  W2. Where another comes to tell of a shard, or the same once more, watchers are told to read again: what happened in between
 *      nobody tells them. From then on whoever tells of a shard answers for it, too: what was read of another, that lags
 *      behind, nobody would set right. Where it does not answer and another does, it is asked to tell anew.
 *  W3. Where several are asked at once, watchers are told to read again when the last of them tells: reading takes long. Until
 *      then they hear nothing.
 */

import { ByteWriter } from "../base/bytes.ts";
import type { ReplicaId, ShardId, SpaceId } from "../base/ids.ts";
import { numberOf, shardIdOf, spaceOf } from "../base/shard-id.ts";
import type { SendingSurroundings } from "../cluster/surroundings.ts";
import { checkRecord, type RecordLimits } from "../core/containers/record-check.ts";
import {
  expiresAt,
  flagsAt,
  isGone,
  keyLengthAt,
  keyStartAt,
  RecordWriter,
  recordLength,
} from "../core/record/record.ts";
import type { Invalidations } from "../core/shard/invalidations.ts";
import { shardOf } from "../core/shard-of.ts";
import type { MessageOf } from "../wire/message.ts";
import type { Audience } from "./audience.ts";
import { collectionChangeAt } from "./collection-change.ts";
import { changeAt } from "./register-view.ts";

/** No message of news is longer, unless a single record is. */
const NEWS_BYTES_MAX = 64 * 1024;

export interface WatchRelayHost extends SendingSurroundings {
  readonly limits: RecordLimits;
  readonly queueBytesMax: number;
  readonly audience: Audience;
  readonly invalidations: { of(space: SpaceId): Pick<Invalidations, "isStale"> };
  /** The nearest owners of a shard that can be reached, the best first. */
  reachableOwners(shard: ShardId): readonly ReplicaId[];
}

/** A shard that is followed, or about to be. */
interface Source {
  readonly peer: ReplicaId;
  isOn: boolean;
}

/** Followers of a peer, and what it is to be told. */
interface Follower {
  readonly shards: Set<ShardId>;
  readonly newsBySpace: Map<SpaceId, ByteWriter>;
}

export class WatchRelay {
  readonly #host: WatchRelayHost;
  readonly #writer = new RecordWriter();
  readonly #sourcesByShard = new Map<ShardId, Source>();
  /** Somebody tells anew of shards of theirs, others are still to answer whether they do (W3). */
  readonly #toReset = new Set<SpaceId>();
  /** What was watched at the last look and is to be told by others. */
  #wanted: ReadonlySet<ShardId> = new Set();
  readonly #followersById = new Map<ReplicaId, Follower>();
  /** By shard: who follows it. */
  readonly #followedBy = new Map<ShardId, Set<ReplicaId>>();

  constructor(host: WatchRelayHost) {
    this.#host = host;
  }

  /** Shards that this replica follows elsewhere, and shards of its own that others follow, counted for each of these. */
  get followed(): number {
    return this.#sourcesByShard.size;
  }

  get hasFollowers(): boolean {
    return this.#followedBy.size > 0;
  }

  get followers(): number {
    let count = 0;
    for (const { shards } of this.#followersById.values()) count += shards.size;
    return count;
  }

  get hasPending(): boolean {
    if (this.#followersById.size === 0) return false;
    for (const { newsBySpace } of this.#followersById.values()) if (newsBySpace.size > 0) return true;
    return false;
  }

  // --- Following -----------------------------------------------------------------------------------------------

  /** Follows what is watched and not held here, and nothing else. To be called when somebody watches, and now and then. */
  evaluate(now: number): void {
    // Whoever has not answered since the last look is waited for no longer.
    for (const space of [...this.#toReset]) this.#reset(space);
    const changed = new Set<string>();
    const wanted = this.#toBeTold(now);
    for (const space of this.#cameHome(wanted, now)) this.#host.audience.changesOf(space).reset();
    this.#wanted = wanted;
    for (const [shard, { peer }] of this.#sourcesByShard) {
      if (wanted.has(shard) && this.#host.reachableOwners(shard).includes(peer)) continue;
      this.#sourcesByShard.delete(shard);
      changed.add(`${peer} ${spaceOf(shard)}`);
    }
    for (const shard of wanted) {
      const [peer] = this.#sourcesByShard.has(shard) ? [] : this.#host.reachableOwners(shard);
      if (peer === undefined) continue;
      this.#sourcesByShard.set(shard, { peer, isOn: false });
      changed.add(`${peer} ${spaceOf(shard)}`);
    }
    for (const each of changed) {
      const [peer, space] = each.split(" ") as [ReplicaId, string];
      this.#ask(peer, Number(space) as SpaceId);
    }
  }

  /** Who answers for a shard, as long as it is followed here (W2). */
  sourceOf(shard: ShardId): ReplicaId | undefined {
    const source = this.#sourcesByShard.get(shard);
    return source?.isOn === true ? source.peer : undefined;
  }

  /** Whether watchers are to hear of what becomes of a shard here (W1). */
  isToldHere(shard: ShardId): boolean {
    if (this.sourceOf(shard) !== undefined) return false;
    return !this.#host.ownership.owns(shard) || this.#isTeller(shard);
  }

  #toBeTold(now: number): ReadonlySet<ShardId> {
    const wanted = new Set<ShardId>();
    for (const space of this.#host.audience.watchedSpaces()) {
      if (!this.#isWatched(space, now) || this.#host.ownership.isEverywhere(space)) continue;
      for (const { id } of this.#host.shards.in(space)) if (!this.#isTeller(id)) wanted.add(id);
    }
    return wanted;
  }

  /** Spaces that are watched, and of which this replica tells something itself from now on. */
  #cameHome(wanted: ReadonlySet<ShardId>, now: number): ReadonlySet<SpaceId> {
    const own = [...this.#wanted].filter((shard) => !wanted.has(shard) && this.#isTeller(shard));
    return new Set(own.map(spaceOf).filter((space) => this.#isWatched(space, now)));
  }

  #isWatched(space: SpaceId, now: number): boolean {
    return this.#host.audience.changesOf(space).isWanted(now);
  }

  /** Tells a peer all that it is followed for in a space. */
  #ask(peer: ReplicaId, space: SpaceId): void {
    const followed = [...this.#sourcesByShard].filter(([id, source]) => source.peer === peer && spaceOf(id) === space);
    const shards = followed.map(([id]) => numberOf(id)).sort((a, b) => a - b);
    this.#host.send(peer, { type: "follow", space, shards });
  }

  /** What a peer tells from now on. Whoever watches reads again: up to now nobody told what happened (W2, W3). */
  receiveFollowed(peer: ReplicaId, { space, shards }: MessageOf<"followed">): void {
    const told = new Set(shards);
    let isNew = false;
    for (const [id, source] of this.#sourcesByShard) {
      if (source.peer !== peer || spaceOf(id) !== space) continue;
      if (!told.has(numberOf(id))) this.#sourcesByShard.delete(id);
      else if (!source.isOn) {
        source.isOn = true;
        isNew = true;
      }
    }
    if (isNew) this.#toReset.add(space);
    this.#resetIfAllTell(space);
  }

  #resetIfAllTell(space: SpaceId): void {
    if (!this.#toReset.has(space)) return;
    for (const [id, { isOn }] of this.#sourcesByShard) if (!isOn && spaceOf(id) === space) return;
    this.#reset(space);
  }

  #reset(space: SpaceId): void {
    this.#toReset.delete(space);
    this.#host.audience.changesOf(space).reset();
  }

  /** Who tells of a shard did not answer what it was asked of it; somebody else will, and may know less, or more (W2). */
  wentUnanswered(peer: ReplicaId, shard: ShardId): void {
    const source = this.#sourcesByShard.get(shard);
    if (source?.peer !== peer || !source.isOn) return;
    source.isOn = false;
    this.#ask(peer, spaceOf(shard));
  }

  /** Throws `BadBytes`, with nothing told. What was not asked for is not taken. */
  receiveNews(peer: ReplicaId, { space, records }: MessageOf<"news">, now: number): void {
    const { view, start, end } = records;
    for (let at = start; at < end; ) at += checkRecord(view, at, end, this.#host.limits);
    // Those who are about to read again need not hear of it, and would take it for news of what they have read.
    if (!this.#host.shards.has(space) || this.#toReset.has(space)) return;
    const parts = this.#host.shards.in(space).length;
    const changes = this.#host.audience.changesOf(space);
    for (let at = start; at < end; at += recordLength(view, at)) {
      const keyStart = keyStartAt(view, at);
      const number = shardOf(view, keyStart, keyStart + keyLengthAt(view, at), parts);
      const source = this.#sourcesByShard.get(shardIdOf(space, number));
      const invalidations = this.#host.invalidations.of(space);
      if (source?.peer !== peer || !source.isOn) continue;
      const change = collectionChangeAt(view, at, now, undefined) ?? changeAt(view, at, now, invalidations);
      if (change !== undefined && changes.isWanted(now)) changes.record(change);
    }
  }

  // --- Being followed ------------------------------------------------------------------------------------------

  receiveFollow(peer: ReplicaId, { space, shards }: MessageOf<"follow">): void {
    const follower = this.#followersById.get(peer) ?? { shards: new Set(), newsBySpace: new Map() };
    for (const id of [...follower.shards]) if (spaceOf(id) === space) this.#unfollow(peer, follower, id);
    const count = this.#host.shards.has(space) ? this.#host.shards.in(space).length : 0;
    const taken = shards.filter((number) => number < count && this.#isTeller(shardIdOf(space, number)));
    for (const number of taken) this.#follow(peer, follower, shardIdOf(space, number));
    if (follower.shards.size === 0) this.#followersById.delete(peer);
    else this.#followersById.set(peer, follower);
    if (shards.length > 0) this.#host.send(peer, { type: "followed", space, shards: taken });
  }

  /** Of whoever is not believed as yet: it hears that nobody tells it anything, and looks for another. */
  refuseFollow(peer: ReplicaId, { space, shards }: MessageOf<"follow">): void {
    if (shards.length > 0) this.#host.send(peer, { type: "followed", space, shards: [] });
  }

  /** Who owns a shard and is ready in it hears of all that is written to it, in order. */
  #isTeller(id: ShardId): boolean {
    const { ownership, shards } = this.#host;
    if (ownership.isEverywhere(spaceOf(id))) return true;
    return ownership.owns(id) && shards.get(id)?.isReady === true;
  }

  #follow(peer: ReplicaId, follower: Follower, id: ShardId): void {
    follower.shards.add(id);
    const peers = this.#followedBy.get(id) ?? new Set();
    this.#followedBy.set(id, peers.add(peer));
  }

  #unfollow(peer: ReplicaId, follower: Follower, id: ShardId): void {
    follower.shards.delete(id);
    const peers = this.#followedBy.get(id);
    peers?.delete(peer);
    if (peers?.size === 0) this.#followedBy.delete(id);
  }

  /** A register came or changed here: those who follow its shard hear of it with the next flush. */
  applied(shard: ShardId, view: DataView, at: number, now: number): void {
    if (this.#followedBy.size === 0) return;
    const peers = this.#followedBy.get(shard);
    if (peers === undefined) return;
    const record = this.#newsOf(view, at, now);
    for (const peer of peers) {
      const follower = this.#followersById.get(peer);
      if (follower === undefined) continue;
      const space = spaceOf(shard);
      const news = follower.newsBySpace.get(space) ?? new ByteWriter();
      follower.newsBySpace.set(space, news);
      news.raw(record);
      if (news.length > NEWS_BYTES_MAX) this.#tell(peer, follower, space, news);
    }
  }

  /** The record; of a value that has expired by the clock here what stays of it: that of who hears of it may be behind. */
  #newsOf(view: DataView, at: number, now: number): Uint8Array {
    if (isGone(flagsAt(view, at)) || expiresAt(view, at) > now)
      return new Uint8Array(view.buffer, view.byteOffset + at, recordLength(view, at));
    const length = this.#writer.withoutValue(view, at);
    return this.#writer.bytes.subarray(0, length);
  }

  /** Shards have changed in ways that cannot be told: who follows them is told to begin anew. */
  reset(): void {
    for (const [peer, follower] of this.#followersById) this.#dismiss(peer, follower);
  }

  /** Tells what there is to tell; whoever does not keep up is followed no more, and begins anew. */
  flush(): void {
    for (const [peer, follower] of this.#followersById) {
      for (const [space, news] of follower.newsBySpace) this.#tell(peer, follower, space, news);
      if ([...follower.shards].some((id) => !this.#isTeller(id))) this.#dismiss(peer, follower);
    }
  }

  #tell(peer: ReplicaId, follower: Follower, space: SpaceId, news: ByteWriter): void {
    follower.newsBySpace.delete(space);
    if (this.#host.queuedBytes(peer) > this.#host.queueBytesMax / 2) return this.#dismiss(peer, follower);
    const bytes = news.view();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#host.send(peer, { type: "news", space, records: { bytes, view, start: 0, end: bytes.length } });
  }

  #dismiss(peer: ReplicaId, follower: Follower): void {
    const spaces = new Set([...follower.shards].map(spaceOf));
    for (const id of [...follower.shards]) this.#unfollow(peer, follower, id);
    this.#followersById.delete(peer);
    for (const space of spaces) this.#host.send(peer, { type: "followed", space, shards: [] });
  }

  linkDown(peer: ReplicaId): void {
    const follower = this.#followersById.get(peer);
    if (follower !== undefined) for (const id of [...follower.shards]) this.#unfollow(peer, follower, id);
    this.#followersById.delete(peer);
    for (const [id, source] of this.#sourcesByShard) if (source.peer === peer) this.#sourcesByShard.delete(id);
    for (const space of [...this.#toReset]) this.#resetIfAllTell(space);
  }
}
