/** Whoever follows what is held: watchers of each space, replicas that follow shards for watchers of theirs, documents. */

import type { ShardId, SpaceId } from "../base/ids.ts";
import { DEFAULT_SPACE, spaceOf } from "../base/shard-id.ts";
import type { Shard } from "../core/shard/shard.ts";
import { Changes } from "./changes.ts";
import { collectionChangeAt } from "./collection-change.ts";
import type { Random } from "./ports.ts";
import { changeAt } from "./register-view.ts";
import { shownAfter } from "./shown-record.ts";

export type Emit = (deliver: () => void) => void;

/** Follows what becomes of single registers of the default space. */
export interface AudienceListener {
  applied(view: DataView, at: number, now: number, emit: Emit): void;
  /** What is held changed in ways that cannot be told one by one. */
  reset(emit: Emit): void;
}

/** Replicas that follow shards. */
export interface ShardFollowers {
  /** Others follow shards here. */
  readonly hasFollowers: boolean;
  /** False: watchers here are told of it by another. */
  isToldHere(shard: ShardId): boolean;
  applied(shard: ShardId, view: DataView, at: number, now: number): void;
  reset(): void;
}

export class Audience {
  listener: AudienceListener | undefined;
  /** Told of each register of a command that is told of as a whole, while that is carried out. */
  ofCommand: ((view: DataView, at: number) => void) | undefined;
  readonly #followers: ShardFollowers;
  readonly #random: Random;
  readonly #emit: Emit;
  /** Of the spaces that somebody has watched. */
  readonly #changesBySpace = new Map<SpaceId, Changes>();

  /** `emit`: what is delivered once the present step is done. */
  constructor(followers: ShardFollowers, random: Random, emit: Emit) {
    this.#followers = followers;
    this.#random = random;
    this.#emit = emit;
    this.#changesBySpace.set(DEFAULT_SPACE, this.#createChanges());
  }

  /** What watchers of a space follow. */
  changesOf(space: SpaceId): Changes {
    let changes = this.#changesBySpace.get(space);
    if (changes === undefined) {
      changes = this.#createChanges();
      this.#changesBySpace.set(space, changes);
    }
    return changes;
  }

  /** Spaces that somebody has watched. */
  watchedSpaces(): Iterable<SpaceId> {
    return this.#changesBySpace.keys();
  }

  get changes(): Iterable<Changes> {
    return this.#changesBySpace.values();
  }

  tick(now: number): void {
    for (const changes of this.#changesBySpace.values()) changes.tick(now);
  }

  /** A register came or changed. */
  applied(shard: Shard, view: DataView, at: number, now: number): void {
    this.ofCommand?.(view, at);
    const space = spaceOf(shard.id);
    const shown = this.#isFollowed(space) ? shownAfter(shard, view, at, now) : "itself";
    if (typeof shown !== "string") return this.#tell(shard, shown.view, shown.start, now);
    if (shown === "itself") this.#tell(shard, view, at, now);
    // What it comes to now nobody can tell without the disk: whoever watches reads it.
    else if (shown === "away") this.reset();
  }

  #isFollowed(space: SpaceId): boolean {
    return this.#followers.hasFollowers || this.#changesBySpace.get(space)?.isUnknown === false;
  }

  #tell(shard: Shard, view: DataView, at: number, now: number): void {
    const space = spaceOf(shard.id);
    this.#followers.applied(shard.id, view, at, now);
    if (space === DEFAULT_SPACE) this.listener?.applied(view, at, now, this.#emit);
    const changes = this.#changesBySpace.get(space);
    // Asked first, for it is the least work: whoever takes over millions of registers is most often watched by nobody yet.
    if (changes === undefined || changes.isUnknown || !this.#followers.isToldHere(shard.id)) return;
    if (!changes.isWanted(now)) return changes.skip();
    const change = collectionChangeAt(view, at, now, shard.containers) ?? changeAt(view, at, now, shard.invalidations);
    if (change === undefined) return;
    changes.record(this.ofCommand === undefined ? change : { ...change, isOfCommand: true });
  }

  /** What is held changed in ways that cannot be told one by one: whoever follows has to read again. */
  reset(): void {
    for (const changes of this.#changesBySpace.values()) changes.reset();
    this.#followers.reset();
    this.listener?.reset(this.#emit);
  }

  #createChanges(): Changes {
    return new Changes(this.#random.uint32().toString(36), this.#emit);
  }
}
