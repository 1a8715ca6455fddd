/**
 * The values of a replica that goes, for good or to come back with nothing, given to those who may have ghosts of them
 * (`ghosts.ts`): what others claim says nothing of that. It asks the *heir* of each shard that everybody keeps, who will be its
 * keeper, where that has no disk and so may have ghosts: first, once for all shards, whether it has any at all; and only if so
 * goes through them, and asks for each value. An heir fetches what it lacks, and says yes when it is asked again.
 *
 *  B1. A shard is given when its heir said yes to every value that there was when it was begun with; or that it has no ghosts,
 *      and claims all that the shard claimed then. What is written later reaches the heir as a push or a delta does.
 *  B2. Who goes says yes to nobody: that it has a value is nothing to rely on any more.
 *  B3. What an heir said counts for as long as it is the heir. With another one the shard is begun with anew.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { isForEverybody, SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { heirOf } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Shard } from "../core/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { MessageOf } from "../wire/message.ts";
import { KEEP_MAX, type VersionFacts, versionFactsAt } from "../wire/version-facts.ts";

const ANSWER_MS = 5000;
/** After an heir lacked something: it fetches that meanwhile. */
const PAUSE_MS = 250;
const QUESTION_BYTES_MAX = 128 * 1024;
/** Slots looked at in one step. */
const LOOKS_MAX = 16_384;

export interface BequestHost extends Surroundings {
  readonly isEphemeral: boolean;
  /** Numbers what is asked with `keep`. */
  nextQuestion(): number;
}

/** How far a shard has been gone through with its heir. */
interface Progress {
  readonly heir: ReplicaId;
  slot: number;
  /** Of the slots, when it was begun with; and what was claimed then. */
  readonly end: number;
  readonly vector: VersionVector;
}

interface Asked {
  readonly question: number;
  /** Absent: the question is whether the heir has any ghosts. */
  readonly part?: {
    readonly progress: Progress;
    readonly count: number;
    /** Where to go on once it has all. */
    readonly next: number;
  };
  readonly dueAt: number;
}

/** With one heir: nobody waits for another's answer. */
interface Talk {
  asked: Asked | undefined;
  pausedUntil: number;
  /** Whether it had no ghosts when it was asked; undefined: it was not yet. */
  isWhole: boolean | undefined;
}

export class Bequest {
  readonly #host: BequestHost;
  readonly #progress = new Map<Shard, Progress>();
  readonly #talks = new Map<ReplicaId, Talk>();
  #now = 0;
  /** It has begun: B2 holds. */
  isUnderWay = false;

  constructor(host: BequestHost) {
    this.#host = host;
  }

  /** Shards that are not given yet. */
  get left(): number {
    let count = 0;
    for (const shard of this.#host.shards.all) if (this.#openHeirOf(shard) !== undefined) count++;
    return count;
  }

  #openHeirOf(shard: Shard): ReplicaId | undefined {
    const heir = this.#heirOf(shard);
    return heir === undefined || this.#isGiven(shard, heir) ? undefined : heir;
  }

  /** Who is to have the values of a shard; undefined where nobody has ghosts of it. */
  #heirOf({ id, looseBytes, awayBytes }: Shard): ReplicaId | undefined {
    const space = spaceOf(id);
    if (!isForEverybody(space) || space === SYSTEM_SPACE || looseBytes + awayBytes === 0) return undefined;
    const heir = heirOf(this.#host, id);
    return heir !== undefined && this.#host.members.get(heir)?.ephemeral === true ? heir : undefined;
  }

  /** B1, B3. */
  #isGiven(shard: Shard, heir: ReplicaId): boolean {
    const progress = this.#progress.get(shard);
    if (progress === undefined || progress.heir !== heir) return false;
    if (progress.slot >= progress.end) return true;
    if (this.#talks.get(heir)?.isWhole !== true) return false;
    return this.#host.reports.of(shard.id, heir)?.durable.dominates(progress.vector) === true;
  }

  /** To be called again and again while the replica is about to go. */
  tick(now: number): void {
    this.#now = now;
    this.isUnderWay = true;
    for (const [heir, shards] of this.#openByHeir()) {
      const talk = this.#talkWith(heir);
      const { dueAt = now } = talk.asked ?? {};
      if (talk.asked !== undefined && !isDue({ dueAt, waitMaxMs: ANSWER_MS }, now)) continue;
      talk.asked = undefined;
      if (isDue({ dueAt: talk.pausedUntil, waitMaxMs: PAUSE_MS }, now)) this.#askOn(heir, talk, shards);
    }
  }

  #openByHeir(): Map<ReplicaId, Shard[]> {
    const open = new Map<ReplicaId, Shard[]>();
    for (const shard of this.#host.shards.all) {
      const heir = this.#openHeirOf(shard);
      if (heir === undefined) continue;
      const shards = open.get(heir);
      if (shards === undefined) open.set(heir, [shard]);
      else shards.push(shard);
    }
    return open;
  }

  #talkWith(heir: ReplicaId): Talk {
    let talk = this.#talks.get(heir);
    if (talk === undefined) {
      talk = { asked: undefined, pausedUntil: 0, isWhole: undefined };
      this.#talks.set(heir, talk);
    }
    return talk;
  }

  #askOn(heir: ReplicaId, talk: Talk, shards: readonly Shard[]): void {
    let looks = LOOKS_MAX;
    for (const shard of shards) {
      const progress = this.#progressOf(shard, heir, talk);
      if (talk.isWhole === undefined) return this.#ask(heir, talk, []);
      if (talk.isWhole) continue;
      const { versions, next } = this.#versionsFrom(shard, progress, looks);
      looks -= next - progress.slot;
      if (versions.length > 0) return this.#ask(heir, talk, versions, { progress, count: versions.length, next });
      progress.slot = next;
      if (looks <= 0) return;
    }
  }

  #progressOf(shard: Shard, heir: ReplicaId, talk: Talk): Progress {
    const known = this.#progress.get(shard);
    if (known?.heir === heir) return known;
    // While another was the heir, this one may have let values go to that one.
    if (known !== undefined) talk.isWhole = undefined;
    const progress = { heir, slot: 1, end: shard.table.slotEnd, vector: shard.vector.snapshot() };
    this.#progress.set(shard, progress);
    return progress;
  }

  /** Of values that are here, or on a disk; what is a ghost itself is not for this replica to give. */
  #versionsFrom(shard: Shard, { slot: from, end: endOfAll }: Progress, looksMax: number) {
    const versions: VersionFacts[] = [];
    const { table } = shard;
    const end = Math.min(endOfAll, from + looksMax);
    let [next, bytes] = [from, 0];
    for (; next < end && versions.length < KEEP_MAX && bytes < QUESTION_BYTES_MAX; next++) {
      if (!shard.mayBeLent(next) || (this.#host.isEphemeral && shard.isAway(next))) continue;
      const version = versionFactsAt(shard.id, table.viewOf(next), table.bytesOf(next), table.offsetOf(next));
      bytes += version.key.length;
      versions.push(version);
    }
    return { versions, next };
  }

  #ask(heir: ReplicaId, talk: Talk, versions: readonly VersionFacts[], part?: Asked["part"]): void {
    const question = this.#host.nextQuestion();
    talk.asked = { question, ...(part && { part }), dueAt: this.#now + ANSWER_MS };
    this.#host.send(heir, { type: "keep", question, isGoing: true, versions });
  }

  receiveKept(peer: ReplicaId, { question, places, isWhole }: MessageOf<"kept">): void {
    const talk = this.#talks.get(peer);
    if (talk?.asked?.question !== question) return;
    const { part } = talk.asked;
    talk.asked = undefined;
    if (part === undefined) talk.isWhole = isWhole;
    else if (places.length === part.count) part.progress.slot = part.next;
    else {
      talk.pausedUntil = this.#now + PAUSE_MS;
      return;
    }
    this.#askOn(peer, talk, this.#openByHeir().get(peer) ?? []);
  }
}
