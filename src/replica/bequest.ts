/**
 * The values of a replica that leaves for good, given to those who may have ghosts of them (`ghosts.ts`): what others claim says
 * nothing of that. It asks the keeper of each shard that everybody keeps, where that has no disk and so may have ghosts: first,
 * once for all shards, whether it has any at all; and only if so goes through them, and asks for each value. A keeper fetches
 * what it lacks (`orphans.ts`), and says yes when it is asked again.
 *
 *  B1. A shard is given when its keeper said yes to every value that there was when it was begun with; or that it has no ghosts,
 *      and claims all that the shard claimed then. What is written later reaches the keeper as a push or a delta does.
 *  B2. Who leaves says yes to nobody: that it has a value is nothing to rely on any more.
 *  B3. What a keeper said counts for as long as it is the keeper. With another one the shard is begun with anew.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { isForEverybody, SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { keeperOf } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Shard } from "../core/shard.ts";
import type { VersionVector } from "../core/version-vector.ts";
import type { MessageOf } from "../wire/message.ts";
import { KEEP_MAX, type VersionFacts, versionFactsAt } from "../wire/version-facts.ts";

const ANSWER_MS = 5000;
/** After a keeper lacked something: it fetches that meanwhile. */
const PAUSE_MS = 500;
const QUESTION_BYTES_MAX = 128 * 1024;
/** Slots looked at in one step. */
const LOOKS_MAX = 16_384;

export interface BequestHost extends Surroundings {
  readonly isEphemeral: boolean;
  /** Numbers what is asked with `keep`. */
  nextQuestion(): number;
}

/** How far a shard has been gone through with its keeper. */
interface Progress {
  readonly keeper: ReplicaId;
  slot: number;
  /** Of the slots, when it was begun with; and what was claimed then. */
  readonly end: number;
  readonly vector: VersionVector;
}

interface Asked {
  readonly question: number;
  readonly keeper: ReplicaId;
  /** Absent: the question is whether the keeper has any ghosts. */
  readonly part?: {
    readonly progress: Progress;
    readonly count: number;
    /** Where to go on once it has all. */
    readonly next: number;
  };
  readonly dueAt: number;
}

export class Bequest {
  readonly #host: BequestHost;
  readonly #progress = new Map<Shard, Progress>();
  /** Of keepers: whether they had no ghosts when they were asked. */
  readonly #isWhole = new Map<ReplicaId, boolean>();
  #asked: Asked | undefined;
  #pausedUntil = 0;
  #now = 0;

  constructor(host: BequestHost) {
    this.#host = host;
  }

  /** Shards that are not given yet. */
  get left(): number {
    return this.#open().length;
  }

  #open(): Shard[] {
    return this.#host.shards.all.filter((shard) => this.#heirOf(shard) !== undefined && !this.#isGiven(shard));
  }

  /** Who is to have the values of a shard; undefined where nobody has ghosts of it. */
  #heirOf({ id, looseBytes, awayBytes }: Shard): ReplicaId | undefined {
    const space = spaceOf(id);
    if (!isForEverybody(space) || space === SYSTEM_SPACE || looseBytes + awayBytes === 0) return undefined;
    const keeper = keeperOf(this.#host, id);
    if (keeper === undefined || keeper === this.#host.ownership.self) return undefined;
    return this.#host.members.get(keeper)?.ephemeral === true ? keeper : undefined;
  }

  /** B1, B3. */
  #isGiven(shard: Shard): boolean {
    const progress = this.#progress.get(shard);
    if (progress === undefined || progress.keeper !== this.#heirOf(shard)) return false;
    if (progress.slot >= progress.end) return true;
    if (this.#isWhole.get(progress.keeper) !== true) return false;
    return this.#host.reports.of(shard.id, progress.keeper)?.durable.dominates(progress.vector) === true;
  }

  /** To be called again and again while the replica is about to leave. */
  tick(now: number): void {
    this.#now = now;
    const { dueAt = now } = this.#asked ?? {};
    if (this.#asked !== undefined && !isDue({ dueAt, waitMaxMs: ANSWER_MS }, now)) return;
    this.#asked = undefined;
    if (isDue({ dueAt: this.#pausedUntil, waitMaxMs: PAUSE_MS }, now)) this.#askOn();
  }

  #askOn(): void {
    let looks = LOOKS_MAX;
    for (const shard of this.#open()) {
      const keeper = this.#heirOf(shard);
      if (keeper === undefined) continue;
      const progress = this.#progressOf(shard, keeper);
      const isWhole = this.#isWhole.get(keeper);
      if (isWhole === undefined) return this.#ask(keeper, []);
      if (isWhole) continue;
      const { versions, next } = this.#versionsFrom(shard, progress, looks);
      looks -= next - progress.slot;
      if (versions.length > 0) return this.#ask(keeper, versions, { progress, count: versions.length, next });
      progress.slot = next;
      if (looks <= 0) return;
    }
  }

  #progressOf(shard: Shard, keeper: ReplicaId): Progress {
    const known = this.#progress.get(shard);
    if (known?.keeper === keeper) return known;
    // While another was the keeper, this one may have let values go to that one.
    if (known !== undefined) this.#isWhole.delete(keeper);
    const progress = { keeper, slot: 1, end: shard.table.slotEnd, vector: shard.vector.snapshot() };
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

  #ask(keeper: ReplicaId, versions: readonly VersionFacts[], part?: Asked["part"]): void {
    const question = this.#host.nextQuestion();
    this.#asked = { question, keeper, ...(part && { part }), dueAt: this.#now + ANSWER_MS };
    this.#host.send(keeper, { type: "keep", question, versions });
  }

  receiveKept(peer: ReplicaId, { question, places, isWhole }: MessageOf<"kept">): void {
    const asked = this.#asked;
    if (asked === undefined || asked.question !== question || asked.keeper !== peer) return;
    this.#asked = undefined;
    const { part } = asked;
    if (part === undefined) this.#isWhole.set(peer, isWhole);
    else if (places.length === part.count) part.progress.slot = part.next;
    else {
      this.#pausedUntil = this.#now + PAUSE_MS;
      return;
    }
    this.#askOn();
  }
}
