/**
 * Clients that wait until something comes under one of some keys.
 *
 *  K1. Of those who wait for the same, whoever came first is asked first, and the next only once that one has been served.
 *  K2. What was written here is told as soon as the step is done that wrote it. What comes from elsewhere is told later, at each
 *      replica at another time: where somebody waits at several, one of them takes it, and mostly the others hear of that first.
 *  K3. Whoever waits is asked again after everything that cannot be told one by one.
 *  K4. Nobody waits on where nothing is told any more of what it waits for.
 */

import { isDue } from "../base/deadline.ts";
import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId } from "../base/ids.ts";
import { spaceOf } from "../base/shard-id.ts";
import { isMember, isMemberIncrements } from "../core/containers/container-part.ts";
import { baseKindOf } from "../core/record/kind.ts";
import { FLAG_DEAD, FLAG_GONE, flagsAt, keyAt, kindAt, originAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Emit } from "./audience.ts";

export interface KeyWait {
  readonly space: SpaceId;
  /** Of the container that is to come. */
  readonly kind: number;
  readonly keys: readonly Key[];
  readonly dueAt: number;
  readonly waitMaxMs: number;
  /** Something may be there. False: there is nothing for it; true: it waits no more. */
  readonly serve: () => boolean;
  /** What is waited for is told of here. Absent: always. */
  readonly isHere?: () => boolean;
  /** It has waited long enough, or is not here any more. */
  readonly end: () => void;
}

/** Of one that waits. */
export const WAIT_KEYS_MAX = 1000;
/** Of all that wait. */
export const WAITED_KEYS_MAX = 100_000;
/** From one replica to the next, for what came from elsewhere: as long as it takes to hear of another's pop, mostly. */
export const STAGGER_MS = 200;
/** From one look at who is not here any more to the next. */
export const LOOK_MS = 500;

export class KeyWaits {
  readonly #emit: Emit;
  /** This replica's place among those that may have to tell of the same. */
  readonly #rank: () => number;
  readonly #queues = new Map<string, Set<KeyWait>>();
  readonly #waits = new Set<KeyWait>();
  /** When queues are to be asked again for what came from elsewhere. */
  readonly #askAt = new Map<string, number>();
  #keys = 0;
  #earliest = Infinity;
  #tickedAt = -Infinity;
  #lookedAt = -Infinity;

  /** `emit`: what is done once the present step is. */
  constructor(emit: Emit, rank: () => number) {
    this.#emit = emit;
    this.#rank = rank;
  }

  get waiting(): number {
    return this.#waits.size;
  }

  /** Throws `TOO_MANY_REQUESTS`. */
  add(wait: KeyWait): void {
    const { keys } = wait;
    if (keys.length > WAIT_KEYS_MAX || this.#keys + keys.length > WAITED_KEYS_MAX) throw tooManyKeys();
    this.#waits.add(wait);
    this.#keys += keys.length;
    this.#earliest = Math.min(this.#earliest, wait.dueAt);
    for (const name of namesOf(wait)) {
      const queue = this.#queues.get(name);
      if (queue === undefined) this.#queues.set(name, new Set([wait]));
      else queue.add(wait);
    }
  }

  remove(wait: KeyWait): void {
    if (!this.#waits.delete(wait)) return;
    this.#keys -= wait.keys.length;
    for (const name of namesOf(wait)) {
      const queue = this.#queues.get(name);
      queue?.delete(wait);
      if (queue?.size !== 0) continue;
      this.#queues.delete(name);
      this.#askAt.delete(name);
    }
  }

  /** A register came or changed. */
  applied(shard: Shard, view: DataView, at: number, now: number): void {
    if (this.#queues.size === 0 || !isOfMember(view, at) || (flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) !== 0) return;
    const key = keyAt(view, new Uint8Array(view.buffer, view.byteOffset), at);
    const name = nameOf(spaceOf(shard.id), baseKindOf(kindAt(view, at)), key);
    if (!this.#queues.has(name)) return;
    const isOwn = originAt(view, at) === shard.ownOrigin;
    const askAt = isOwn ? -Infinity : now + STAGGER_MS * (1 + this.#rank());
    const known = this.#askAt.get(name);
    if (known !== undefined && known <= askAt) return;
    this.#askAt.set(name, askAt);
    if (isOwn) this.#emit(() => this.#ask(name));
  }

  /** What is held changed in ways that cannot be told one by one. */
  reset(): void {
    for (const name of this.#queues.keys()) this.#askAt.set(name, -Infinity);
  }

  /** Asks, now, all who wait for what one of them waits for, or has waited for. */
  askFor(wait: KeyWait): void {
    for (const name of namesOf(wait)) this.#ask(name);
  }

  tick(now: number): void {
    for (const [name, askAt] of this.#askAt) {
      if (isDue({ dueAt: askAt, waitMaxMs: Infinity }, now)) this.#emit(() => this.#ask(name));
    }
    const wasPutBack = now < this.#tickedAt;
    this.#tickedAt = now;
    if (wasPutBack || now >= this.#lookedAt + LOOK_MS) this.#look(now);
    if (now < this.#earliest && !wasPutBack) return;
    this.#earliest = Infinity;
    for (const wait of [...this.#waits]) {
      if (!isDue(wait, now)) this.#earliest = Math.min(this.#earliest, wait.dueAt);
      else {
        this.remove(wait);
        this.#emit(wait.end);
      }
    }
  }

  /** K4. */
  #look(now: number): void {
    this.#lookedAt = now;
    for (const wait of [...this.#waits]) {
      if (wait.isHere?.() !== false) continue;
      this.remove(wait);
      this.#emit(wait.end);
    }
  }

  #ask(name: string): void {
    this.#askAt.delete(name);
    for (const wait of this.#queues.get(name) ?? []) {
      if (!this.#waits.has(wait)) continue;
      if (!wait.serve()) return;
      this.remove(wait);
    }
  }
}

export function tooManyKeys(): AtollError {
  return new AtollError("TOO_MANY_REQUESTS", "too many keys are waited for");
}

function namesOf({ space, kind, keys }: KeyWait): Iterable<string> {
  return new Set(keys.map((key) => nameOf(space, kind, key)));
}

function nameOf(space: SpaceId, kind: number, key: Key): string {
  return `${space} ${kind} ${key}`;
}

/** True of what may have made a member. */
function isOfMember(view: DataView, at: number): boolean {
  return isMember(view, at) || isMemberIncrements(view, at);
}
