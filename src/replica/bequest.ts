/**
 * The values of a replica that leaves for good, given to those who may have ghosts of them (`ghosts.ts`): what others claim says
 * nothing of that. It goes through all that everybody keeps, shard by shard, and asks the keeper, where that has no disk and so
 * may have ghosts, whether it has each value. A keeper fetches what it lacks (`orphans.ts`), and says yes when it is asked again.
 *
 *  B1. A shard is given when its keeper said yes to every value, and nothing in it has changed since it was begun with.
 *  B2. Who leaves says yes to nobody: that it has a value is nothing to rely on any more.
 */

import { isDue } from "../base/deadline.ts";
import type { ReplicaId } from "../base/ids.ts";
import { isForEverybody, SYSTEM_SPACE, spaceOf } from "../base/shard-id.ts";
import { keeperOf } from "../cluster/keeper.ts";
import type { Surroundings } from "../cluster/surroundings.ts";
import type { Shard } from "../core/shard.ts";
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
  speaksOfGhosts(id: ReplicaId): boolean;
  /** Numbers what is asked with `keep`. */
  nextQuestion(): number;
}

/** How far a shard has been gone through, and what it added up to when it was begun with. */
interface Progress {
  slot: number;
  readonly low: number;
  readonly high: number;
}

interface Asked {
  readonly question: number;
  readonly keeper: ReplicaId;
  readonly shard: Shard;
  readonly count: number;
  /** Where to go on once it has all. */
  readonly next: number;
  readonly dueAt: number;
}

export class Bequest {
  readonly #host: BequestHost;
  readonly #progress = new Map<Shard, Progress>();
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
    const mayHaveGhosts = this.#host.members.get(keeper)?.ephemeral === true && this.#host.speaksOfGhosts(keeper);
    return mayHaveGhosts ? keeper : undefined;
  }

  #isGiven(shard: Shard): boolean {
    const progress = this.#progress.get(shard);
    return progress !== undefined && isOf(progress, shard) && progress.slot >= shard.table.slotEnd;
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
      const progress = this.#progressOf(shard);
      const { versions, next } = this.#versionsFrom(shard, progress.slot, looks);
      looks -= next - progress.slot;
      if (versions.length > 0) return this.#ask(keeper, shard, versions, next);
      progress.slot = next;
      if (looks <= 0) return;
    }
  }

  #progressOf(shard: Shard): Progress {
    const known = this.#progress.get(shard);
    if (known !== undefined && isOf(known, shard)) return known;
    const { low, high } = shard.sum;
    const progress = { slot: 1, low, high };
    this.#progress.set(shard, progress);
    return progress;
  }

  /** Of values that are here, or on a disk; what is a ghost itself is not for this replica to give. */
  #versionsFrom(shard: Shard, from: number, looksMax: number) {
    const versions: VersionFacts[] = [];
    const { table } = shard;
    const end = Math.min(table.slotEnd, from + looksMax);
    let [next, bytes] = [from, 0];
    for (; next < end && versions.length < KEEP_MAX && bytes < QUESTION_BYTES_MAX; next++) {
      if (!shard.mayBeLent(next) || (this.#host.isEphemeral && shard.isAway(next))) continue;
      const version = versionFactsAt(shard.id, table.viewOf(next), table.bytesOf(next), table.offsetOf(next));
      bytes += version.key.length;
      versions.push(version);
    }
    return { versions, next };
  }

  #ask(keeper: ReplicaId, shard: Shard, versions: readonly VersionFacts[], next: number): void {
    const question = this.#host.nextQuestion();
    this.#asked = { question, keeper, shard, count: versions.length, next, dueAt: this.#now + ANSWER_MS };
    this.#host.send(keeper, { type: "keep", question, versions });
  }

  receiveKept(peer: ReplicaId, { question, places }: MessageOf<"kept">): void {
    const asked = this.#asked;
    if (asked === undefined || asked.question !== question || asked.keeper !== peer) return;
    this.#asked = undefined;
    const progress = this.#progress.get(asked.shard);
    if (places.length < asked.count) {
      this.#pausedUntil = this.#now + PAUSE_MS;
      return;
    }
    if (progress !== undefined && isOf(progress, asked.shard)) progress.slot = asked.next;
    this.#askOn();
  }
}

function isOf({ low, high }: Progress, { sum }: Shard): boolean {
  return sum.low === low && sum.high === high;
}
