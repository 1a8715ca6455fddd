/**
 * Values of ghosts (`ghosts.ts`), fetched from peers when somebody wants them: of one owner after the other, the keeper first.
 *
 *  1. Who is asked asks nobody in turn: it answers by what is in its memory, or on its disk.
 *  2. What comes is the version that was asked for, or a later one, which is taken in as if it had been read (`takeIn`).
 *  3. A value is *gone* when everybody has said twice, in turn, that it is not there who may have it: it may go from one to another
 *     while they are asked. Who cannot be asked may have it for as long as it is a member that may come back. Until then a read is
 *     refused: a client that wrote the value, or has read it, must not be told that there is none, as it would be from one side
 *     of a cut. But once all who cannot be asked kept nothing on disk, and have been away for so long that their places were given
 *     to others, it is *absent*: reads are told that there is none, and the register stays, as they may be behind a cut.
 *  4. At most as many are under way as `recalls.ts` lets be read at once, each at one peer.
 */

import { BadBytes } from "../base/bytes.ts";
import { isDue } from "../base/deadline.ts";
import { AtollError } from "../base/errors.ts";
import type { ReplicaId } from "../base/ids.ts";
import { coOwnersOf } from "../cluster/co-owners.ts";
import { keeperOf } from "../cluster/keeper.ts";
import { isDisplaced, type Member } from "../cluster/members.ts";
import type { SendingSurroundings } from "../cluster/surroundings.ts";
import { checkRecord, type RecordLimits } from "../core/containers/record-check.ts";
import { flagsAt, isDead, originAt, recordLength, timestampAt } from "../core/record/record.ts";
import { compareStamps } from "../core/record/record-order.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { MemberState, MessageOf } from "../wire/message.ts";
import type { Records } from "../wire/records.ts";
import { isOfVersion, isVersionIn, type VersionFacts, versionFactsAt } from "../wire/version-facts.ts";
import type { Intake } from "./intake.ts";
import type { Found, Recalls } from "./recalls.ts";

/** For the answer of one peer. */
export const FETCH_MS = 3000;
/** A link with more to send than this is given no values. */
const QUEUE_BYTES_MAX = 8 * 1024 * 1024;

const NOTHING: Records = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)), start: 0, end: 0 };

export interface FetchHost extends SendingSurroundings {
  readonly recalls: Recalls;
  readonly limits: RecordLimits;
  readonly isEphemeral: boolean;
  stateOf(id: ReplicaId): MemberState;
  readonly intake: Pick<Intake, "takeIn">;
}

interface Fetch {
  /** As the recall is known by. */
  readonly place: Uint8Array;
  readonly shard: Shard;
  readonly version: VersionFacts;
  /** Those still to be asked, in order. */
  readonly left: ReplicaId[];
  /** Those who surely do not have it. */
  readonly without: Set<ReplicaId>;
  isSecondRound: boolean;
  asked: ReplicaId | undefined;
  dueAt: number;
}

export class Fetches {
  readonly #host: FetchHost;
  readonly #fetches = new Map<number, Fetch>();
  #next = 1;
  #now = 0;
  /** Values given to peers. */
  served = 0;

  constructor(host: FetchHost) {
    this.#host = host;
  }

  get underWay(): number {
    return this.#fetches.size;
  }

  /** The value of a record without it, `identity`, is wanted by whoever waits for `place`. */
  begin(place: Uint8Array, shard: Shard, identity: Uint8Array): void {
    const view = new DataView(identity.buffer, identity.byteOffset, identity.byteLength);
    const version = versionFactsAt(shard.id, view, identity, 0);
    const round = { left: this.#inOrder(shard), without: new Set<ReplicaId>(), isSecondRound: false };
    const wanted: Fetch = { place, shard, version, ...round, asked: undefined, dueAt: 0 };
    const request = this.#next++;
    this.#fetches.set(request, wanted);
    this.#askNext(request, wanted);
  }

  #inOrder({ id: shard }: Shard): ReplicaId[] {
    const keeper = keeperOf(this.#host, shard);
    const owners = coOwnersOf(this.#host, shard).map(({ id }) => id);
    return owners.sort((a, b) => Number(b === keeper) - Number(a === keeper));
  }

  #askNext(request: number, wanted: Fetch): void {
    for (let peer = wanted.left.shift(); peer !== undefined; peer = wanted.left.shift()) {
      if (!this.#host.canSend(peer)) continue;
      wanted.asked = peer;
      wanted.dueAt = this.#now + FETCH_MS;
      this.#host.send(peer, { type: "fetch", request, version: wanted.version });
      return;
    }
    if (!this.#isAbsent(wanted)) {
      const error = new AtollError("NOT_READY", "whoever has this value cannot be reached at the moment");
      this.#end(request, wanted, error);
    } else if (wanted.isSecondRound || wanted.without.size === 0) {
      this.#end(request, wanted, this.#isGone(wanted) ? "gone" : "absent");
    } else {
      wanted.isSecondRound = true;
      wanted.left.push(...this.#inOrder(wanted.shard));
      wanted.without.clear();
      this.#askNext(request, wanted);
    }
  }

  #end(request: number, { place }: Fetch, outcome: Found): void {
    this.#fetches.delete(request);
    this.#host.recalls.received(place, outcome);
  }

  /** 3. Those who have left or were given up are no owners any more. */
  #isGone({ shard, without }: Fetch): boolean {
    return coOwnersOf(this.#host, shard.id).every(({ id }) => without.has(id));
  }

  #isAbsent({ shard, without }: Fetch): boolean {
    return coOwnersOf(this.#host, shard.id).every((member) => without.has(member.id) || this.#isLongAway(member));
  }

  #isLongAway(member: Member): boolean {
    const isAway = !this.#host.isLinked(member.id) && this.#host.stateOf(member.id) === "dead";
    return member.ephemeral && isDisplaced(member) && isAway;
  }

  receiveFetch(peer: ReplicaId, message: MessageOf<"fetch">): void {
    const { request, version } = message;
    const shard = this.#host.shards.get(version.shard);
    if (shard === undefined || shard.isLeaving || this.#host.queuedBytes(peer) > QUEUE_BYTES_MAX)
      return this.#answer(peer, request, false, NOTHING);
    const slot = shard.find(version.kind, version.key);
    if (slot === 0) return this.#answer(peer, request, true, NOTHING);
    if (!shard.isAway(slot)) {
      const records = recordIn(shard, slot, version);
      // What is in doubt here may be what was asked for, under another dot.
      return this.#answer(peer, request, records !== NOTHING || !shard.isUnconfirmed(slot), records);
    }
    if (this.#host.isEphemeral) return this.#answer(peer, request, true, NOTHING);
    this.#host.recalls.want(shard, slot, (recalled) => {
      if (recalled === "look again") this.receiveFetch(peer, message);
      else this.#answer(peer, request, recalled === "lost", NOTHING);
    });
  }

  #answer(peer: ReplicaId, request: number, isSure: boolean, records: Records): void {
    if (records.end > records.start) this.served++;
    this.#host.send(peer, { type: "fetched", request, isSure, records });
  }

  receiveFetched(peer: ReplicaId, { request, isSure, records }: MessageOf<"fetched">, now: number): void {
    const wanted = this.#fetches.get(request);
    if (wanted === undefined || wanted.asked !== peer) return;
    const { shard, version, without } = wanted;
    if (records.end > records.start) {
      const { view, bytes, start, end } = records;
      if (start + checkRecord(view, start, end, this.#host.limits) !== end)
        throw new BadBytes("more than one record where one was asked for");
      if (isOfVersion(version, view, start)) return this.#end(request, wanted, bytes.slice(start, end));
      this.#host.intake.takeIn(shard.id, records, now);
    }
    const slot = shard.find(version.kind, version.key);
    const isHeld = slot !== 0 && isVersionIn(shard, slot, version);
    if (!isHeld || !shard.isAway(slot)) return this.#end(request, wanted, undefined);
    if (isSure) without.add(peer);
    this.#askNext(request, wanted);
  }

  linkDown(peer: ReplicaId): void {
    for (const [request, wanted] of this.#fetches) if (wanted.asked === peer) this.#askNext(request, wanted);
  }

  tick(now: number): void {
    this.#now = now;
    for (const [request, wanted] of this.#fetches) {
      if (isDue({ dueAt: wanted.dueAt, waitMaxMs: FETCH_MS }, now)) this.#askNext(request, wanted);
    }
  }
}

/** What is held in a slot, in memory, where it is of use to whoever asks for a version: that one, or one that nobody doubts and that is later. */
function recordIn(shard: Shard, slot: number, version: VersionFacts): Records {
  const [view, start] = [shard.table.viewOf(slot), shard.table.offsetOf(slot)];
  if (!isOfVersion(version, view, start) && (shard.isUnconfirmed(slot) || !isLater(view, start, version)))
    return NOTHING;
  return { bytes: shard.table.bytesOf(slot), view, start, end: start + recordLength(view, start) };
}

/** True of what wins over a version that has a value, be it the same write under a later dot. */
function isLater(view: DataView, at: number, { timestamp, origin }: VersionFacts): boolean {
  const isDeadHere = isDead(flagsAt(view, at));
  return compareStamps(timestampAt(view, at), isDeadHere, originAt(view, at), timestamp, false, origin) > 0;
}
