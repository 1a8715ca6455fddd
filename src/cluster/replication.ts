/**
 * Eager push: every local write goes to every linked owner of its shard, encoded once for all of them, in the order of its sequences
 * and with the bytes as written, also when it has been overwritten before the flush (R3). A peer that misses one sees a
 * gap and pulls. To another region each push goes once (`push-routes.ts`).
 *
 * Registers of a life that is known to have ended are not taken from pushes (R4): a late push could undo a purge.
 */

import { BadBytes, ByteWriter } from "../base/bytes.ts";
import type { OriginId, ReplicaId, ShardId, SpaceId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { checkRecord, type RecordLimits, recordBytesMax } from "../core/containers/record-check.ts";
import { lifeOf, originOf } from "../core/origin.ts";
import { keyLengthAt, keyStartAt, originAt, recordLength } from "../core/record/record.ts";
import { APPLIED } from "../core/shard/arrivals.ts";
import { LOOKAHEAD_MAX, lookahead } from "../core/shard/lookahead.ts";
import type { Shard } from "../core/shard/shard.ts";
import { shardOf } from "../core/shard-of.ts";
import { isSaidAnew } from "../types/said-anew.ts";
import { encodeMessage } from "../wire/codec.ts";
import type { MessageOf } from "../wire/message.ts";
import { finishPush, PUSH_HEADER_BYTES } from "../wire/push-codec.ts";
import type { Records } from "../wire/records.ts";
import { isGivenUp } from "./members.ts";
import type { Pulls } from "./pulls.ts";
import { type PushTarget, pushRoutes } from "./push-routes.ts";
import type { Surroundings } from "./surroundings.ts";

/** No push is longer, unless a single record is: it is sent on before the next one would not fit. */
const PUSH_BYTES_MAX = 64 * 1024;

/** Writes of one space that are about to go out in one frame, to the same owners. */
interface PushBuffer {
  readonly space: SpaceId;
  /** Undefined: to everybody. */
  readonly owners: readonly ReplicaId[] | undefined;
  readonly writer: ByteWriter;
  wantsConfirm: boolean;
}

type Push = Pick<MessageOf<"push">, "confirm" | "space" | "records">;

export interface ReplicationOptions {
  /** That this replica is in. */
  readonly region: string;
  readonly isAlive: (id: ReplicaId) => boolean;
  readonly limits: RecordLimits;
  /** Sends one frame to all of them; it may be dropped where a queue is full. */
  readonly broadcast: (to: readonly ReplicaId[], frame: Uint8Array) => void;
  /** There is a keyspace of this space, though its definition is still to come. */
  readonly heardOf: (space: SpaceId, now: number) => void;
  /** A register from elsewhere changed what is held: for watchers. */
  readonly applied: (shard: Shard, view: DataView, at: number, now: number) => void;
}

export class Replication {
  readonly #around: Surroundings;
  readonly #pulls: Pulls;
  readonly #options: ReplicationOptions;
  readonly #everywhereBySpace = new Map<SpaceId, PushBuffer>();
  /** Those of spaces that have owners, by these; gone once they are sent. */
  readonly #placedBySpace = new Map<SpaceId, Map<readonly ReplicaId[], PushBuffer>>();
  /** Peers that wait to hear how far their origin is covered, once a gap of theirs is filled. */
  readonly #owedByShard = new Map<ShardId, Set<ReplicaId>>();
  /** Something is queued; and somebody waits for a confirmation of some of it. Both are asked with every command. */
  hasPending = false;
  isAwaited = false;
  /** Records taken in from pushes; records of ended lives left alone. */
  received = 0;
  refusedDead = 0;
  frames = 0;
  /** Pushes of other regions that were passed on. */
  relayed = 0;
  /** Bytes of the longest push so far. */
  longest = 0;

  constructor(around: Surroundings, pulls: Pulls, options: ReplicationOptions) {
    this.#around = around;
    this.#pulls = pulls;
    this.#options = options;
  }

  get pendingBytes(): number {
    let bytes = 0;
    for (const { writer } of this.#buffers()) bytes += writer.length;
    return bytes;
  }

  /** Writes are gathered in so many frames at once. */
  get buffers(): number {
    return [...this.#buffers()].length;
  }

  *#buffers(): Iterable<PushBuffer> {
    yield* this.#everywhereBySpace.values();
    for (const placed of this.#placedBySpace.values()) yield* placed.values();
  }

  /** No push is longer, whatever clients write. */
  get pushBytesMax(): number {
    return Math.max(PUSH_BYTES_MAX, PUSH_HEADER_BYTES + recordBytesMax(this.#options.limits));
  }

  /** Peers that wait for a confirmation, counted for each shard. */
  get owed(): number {
    let count = 0;
    for (const peers of this.#owedByShard.values()) count += peers.size;
    return count;
  }

  /**
   * Queues a record of a shard as written, at the beginning of `view`, unless nobody else owns that, or nobody is linked: whoever comes finds what it lacks
   * by comparing. `confirm` asks the receivers to say when they have it.
   */
  queue({ id }: Shard, view: DataView, length: number, confirm: boolean): void {
    if (this.#isOurs(id)) return;
    const buffer = this.#bufferOf(id);
    const { writer } = buffer;
    if (writer.length === 0 && this.#around.linked().length === 0) return;
    if (writer.length + length > PUSH_BYTES_MAX) this.#flush(buffer);
    if (writer.length === 0) writer.reserve(PUSH_HEADER_BYTES);
    writer.slice(view, 0, length);
    buffer.wantsConfirm ||= confirm;
    this.hasPending = true;
    this.isAwaited ||= confirm;
  }

  /** Sends what is queued. */
  flush(): void {
    for (const buffer of this.#buffers()) this.#flush(buffer);
    this.#placedBySpace.clear();
    this.hasPending = false;
    this.isAwaited = false;
  }

  /** Nobody else owns it: to gather its writes for nobody took a tenth of the time of an echo over a link. */
  #isOurs(shard: ShardId): boolean {
    const { ownership, members } = this.#around;
    if (ownership.isEverywhere(spaceOf(shard))) return false;
    const owners = ownership.groupOf(shard);
    return owners.length === 1 && owners[0] === members.self;
  }

  #bufferOf(shard: ShardId): PushBuffer {
    const space = spaceOf(shard);
    if (!this.#around.ownership.isEverywhere(space)) return this.#placedBufferOf(space, shard);
    let buffer = this.#everywhereBySpace.get(space);
    if (buffer === undefined) {
      buffer = { space, owners: undefined, writer: new ByteWriter(PUSH_BYTES_MAX), wantsConfirm: false };
      this.#everywhereBySpace.set(space, buffer);
    }
    return buffer;
  }

  #placedBufferOf(space: SpaceId, shard: ShardId): PushBuffer {
    const owners = this.#around.ownership.groupOf(shard);
    const placed = this.#placedBySpace.get(space) ?? new Map<readonly ReplicaId[], PushBuffer>();
    this.#placedBySpace.set(space, placed);
    let buffer = placed.get(owners);
    if (buffer === undefined) {
      buffer = { space, owners, writer: new ByteWriter(), wantsConfirm: false };
      placed.set(owners, buffer);
    }
    return buffer;
  }

  #flush(buffer: PushBuffer): void {
    const { writer } = buffer;
    if (writer.length === 0) return;
    this.longest = Math.max(this.longest, writer.length);
    const { owners } = buffer;
    const peers = this.#around.linked().filter((peer) => owners === undefined || owners.includes(peer));
    const { direct, relayed } = pushRoutes(this.#around.members.self, this.#options.region, this.#targets(peers));
    for (const { relay, to } of relayed) this.#sendThrough(relay, to, buffer);
    if (direct.length > 0) {
      const frame = writer.take();
      finishPush(frame, buffer.space, buffer.wantsConfirm);
      this.frames++;
      this.#options.broadcast(direct, frame);
    }
    writer.clear();
    buffer.wantsConfirm = false;
  }

  #targets(peers: readonly ReplicaId[]): readonly PushTarget[] {
    return peers.map((id) => {
      const region = this.#around.members.get(id)?.region ?? this.#options.region;
      return { id, region, isAlive: this.#options.isAlive(id) };
    });
  }

  #sendThrough(relay: ReplicaId, to: readonly ReplicaId[], { space, wantsConfirm, writer }: PushBuffer): void {
    const bytes = writer.view();
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const records = { bytes, view, start: PUSH_HEADER_BYTES, end: bytes.length };
    this.frames++;
    this.#options.broadcast([relay], encodeMessage({ type: "relay", to, confirm: wantsConfirm, space, records }));
  }

  /** A push of another region, for this replica and for others of this one. */
  receiveRelay(peer: ReplicaId, message: MessageOf<"relay">, now: number): void {
    const { to, confirm, space, records } = message;
    this.receivePush(peer, message, now);
    const linked = to.filter((id) => this.#around.isLinked(id));
    if (linked.length === 0) return;
    this.relayed++;
    this.#options.broadcast(linked, encodeMessage({ type: "relayed", of: peer, confirm, space, records }));
  }

  /** A push that came by a relay: as if whose it is had sent it. Whoever was given up is not believed here either. */
  receiveRelayed(message: MessageOf<"relayed">, now: number): void {
    const member = this.#around.members.get(message.of);
    if (member === undefined || isGivenUp(member)) return;
    // The relay may have heard of a later life first: what is missing of that is found once it is known here.
    this.#take(message.of, message, now, () => {});
  }

  receivePush(peer: ReplicaId, message: Push, now: number): void {
    this.#take(peer, message, now, (life, known) => {
      if (life > known) throw new BadBytes("pushed register of a life never announced");
    });
  }

  #take(peer: ReplicaId, message: Push, now: number, check: (life: number, known: number) => void): void {
    const member = this.#around.members.get(peer);
    if (member === undefined) return;
    const present = originOf(member.number, member.life);
    if (this.#around.members.hasEnded(present)) {
      // It has left for good, and its link does not know yet.
      this.refusedDead++;
      return;
    }
    const touched = new Set<Shard>();
    const take: RecordVisitor = (shard, view, bytes, at, length) => {
      if (!this.#isTaken(shard)) return;
      if (originAt(view, at) !== present) {
        this.refusedDead++;
        return;
      }
      this.received++;
      const isKnown = isSaidAnew(shard, view, at, now);
      const isApplied = shard.applyPushed(view, bytes, at, length, now) === APPLIED;
      if (isApplied && !isKnown) this.#options.applied(shard, view, at, now);
      touched.add(shard);
    };
    // A space that is not known here yet: what it lacks is found once it is.
    if (!this.#around.shards.has(message.space)) return this.#options.heardOf(message.space, now);
    const shards = this.#around.shards.in(message.space);
    forEachRecord(message.records, shards, this.#options.limits, take, (view, at) => {
      check(lifeOf(originAt(view, at)), member.life);
    });
    for (const shard of touched) {
      if (!shard.hasGap(present)) continue;
      this.#pulls.noteGap(shard.id, peer, now);
      // One whose push came by a relay may not be linked: it learns by comparing.
      if (message.confirm && this.#around.isLinked(peer)) this.#owe(shard.id, peer);
    }
    if (message.confirm) this.#confirm(peer, present, [...touched]);
  }

  /**
   * Where there are owners, who is not ready takes registers from deltas only: an older write that comes late could be one
   * whose deletion has been purged by those who are. As long as this replica's view lacks the policy, nobody purges anything.
   */
  #isTaken(shard: Shard): boolean {
    const { ownership } = this.#around;
    const space = spaceOf(shard.id);
    if (ownership.isEverywhere(space) || !ownership.isInView(space)) return true;
    return shard.isReady && ownership.owns(shard.id);
  }

  /** A shard's vector took a claim: peers that wait for it are told. */
  claimed(shard: Shard): void {
    const owed = this.#owedByShard.get(shard.id);
    if (owed === undefined) return;
    this.#owedByShard.delete(shard.id);
    for (const peer of owed) {
      const member = this.#around.members.get(peer);
      if (member !== undefined) this.#confirm(peer, originOf(member.number, member.life), [shard]);
    }
  }

  /** What was missing of it is not fetched any more: nobody is owed that it came. */
  leaves(shard: Shard): void {
    this.#owedByShard.delete(shard.id);
  }

  linkDown(peer: ReplicaId): void {
    for (const owed of this.#owedByShard.values()) owed.delete(peer);
  }

  #confirm(peer: ReplicaId, origin: OriginId, shards: readonly Shard[]): void {
    const entries = shards.map((shard) => ({ shard: shard.id, sequence: shard.vector.get(origin) }));
    // Where the life is sealed already, a later one of that peer is known: it waits for no confirmation of this one.
    const told = entries.filter(({ sequence }) => sequence > 0 && Number.isFinite(sequence));
    this.#around.send(peer, { type: "confirm", origin, entries: told });
  }

  #owe(shard: ShardId, peer: ReplicaId): void {
    const owed = this.#owedByShard.get(shard);
    if (owed === undefined) this.#owedByShard.set(shard, new Set([peer]));
    else owed.add(peer);
  }
}

type RecordVisitor = (shard: Shard, view: DataView, bytes: Uint8Array, at: number, length: number) => void;

/**
 * Checks every record of a message, then hands them on with the one of these shards, all those of a space, that they
 * belong to. Throws `BadBytes` before the first
 * is handed on; so may `refuse`, for records that are sound and have no business here.
 */
export function forEachRecord(
  records: Records,
  shards: readonly Shard[],
  limits: RecordLimits,
  visit: RecordVisitor,
  refuse?: (view: DataView, at: number) => void,
): void {
  const { view, bytes, start, end } = records;
  for (let at = start; at < end; ) {
    const length = checkRecord(view, at, end, limits);
    refuse?.(view, at);
    at += length;
  }
  for (let at = start, lookedTo = start; at < end; ) {
    if (at === lookedTo) lookedTo = lookAhead(records, at, shards);
    const length = recordLength(view, at);
    const shard = shards[shardAt(view, at, shards.length)];
    if (shard === undefined) throw new BadBytes("record of no shard");
    visit(shard, view, bytes, at, length);
    at += length;
  }
}

/** From `start` on, as far as is worth it; returns where that ends. */
function lookAhead({ view, end }: Records, start: number, shards: readonly Shard[]): number {
  let at = start;
  for (let count = 0; count < LOOKAHEAD_MAX && at < end; count++) {
    const length = recordLength(view, at);
    const shard = shards[shardAt(view, at, shards.length)];
    // One alone would be waited for just as long.
    if (shard !== undefined && (count > 0 || at + length < end)) lookahead.add(shard, shard.table.hashOf(view, at));
    at += length;
  }
  lookahead.look();
  return at;
}

function shardAt(view: DataView, at: number, shards: number): number {
  const keyStart = keyStartAt(view, at);
  return shardOf(view, keyStart, keyStart + keyLengthAt(view, at), shards);
}
