/**
 * Invalidations of tags as registers of the system space, which every replica holds: key the keyspace and the tag, stamp the
 * moment, no value. So they are pushed, repaired and kept like any register, and a later one of the same tag wins. What
 * follows from them for values is told in `core/shard/invalidations.ts`, T1 to T5.
 *
 * Each is a register until it has expired, and then until all know that (T5): so many at once are what tags may take of memory.
 */

import { AtollError } from "../base/errors.ts";
import type { Key, SpaceId, Timestamp } from "../base/ids.ts";
import { SYSTEM_SPACE } from "../base/shard-id.ts";
import { spaceOfName } from "../cluster/keyspaces.ts";
import { msOfTimestamp } from "../core/clock.ts";
import { KIND_PLAIN } from "../core/record/kind.ts";
import {
  expiresAt,
  FLAG_DEAD,
  FLAG_GONE,
  flagsAt,
  keyLengthAt,
  keyStartAt,
  kindAt,
  timestampAt,
} from "../core/record/record.ts";
import { checkTag } from "../core/record/tags.ts";
import { Invalidations } from "../core/shard/invalidations.ts";
import type { Shard } from "../core/shard/shard.ts";
import type { Dot, WriteOptions, WriteOutcome } from "../store.ts";
import { checkKey, writtenAt } from "./operations.ts";
import { dotAt, keyOf } from "./register-view.ts";
import type { Replica } from "./replica.ts";

/** Tags that are invalidated at one replica; two sides of a cut may each have as many. About 300 bytes each. */
export const INVALIDATIONS_MAX = 1_000_000;
/** That many retentions (T5): the second is for what comes at the end of the first to be met, and to die. */
const LIFE_RETENTIONS = 2;

const KEY_PREFIX = "tag/";
const KEY = /^tag\/([a-z0-9_-]{1,64})\/(.+)$/s;
const NOTHING = new Uint8Array(0);

/** The key of the register, in the system space, that says when a tag of a keyspace was invalidated. */
export function invalidationKey(keyspace: string, tag: string): Key {
  return `${KEY_PREFIX}${keyspace}/${tag}` as Key;
}

/** Of a register of the system space. Cheap: whoever looks for something else among them skips a million of these. */
export function isInvalidation(view: DataView, at: number): boolean {
  if (kindAt(view, at) !== KIND_PLAIN || keyLengthAt(view, at) <= KEY_PREFIX.length) return false;
  const start = keyStartAt(view, at);
  for (let i = 0; i < KEY_PREFIX.length; i++) {
    if (view.getUint8(start + i) !== KEY_PREFIX.charCodeAt(i)) return false;
  }
  return true;
}

/** What has been learnt of all keyspaces. Nothing is unlearnt: what is in doubt for a while was not undone. */
export class LearnedInvalidations {
  readonly #bySpace = new Map<SpaceId, Invalidations>();

  of(space: SpaceId): Invalidations {
    let known = this.#bySpace.get(space);
    if (known === undefined) {
      known = new Invalidations();
      this.#bySpace.set(space, known);
    }
    return known;
  }

  get all(): Iterable<[SpaceId, Invalidations]> {
    return this.#bySpace;
  }

  get size(): number {
    let size = 0;
    for (const { size: own } of this.#bySpace.values()) size += own;
    return size;
  }

  /** A register that is one came, or is held. */
  learn(view: DataView, at: number): void {
    if ((flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) !== 0) return;
    const [, keyspace, tag] = KEY.exec(keyOf(view, at)) ?? [];
    if (keyspace === undefined || tag === undefined) return;
    this.of(spaceOfName(keyspace)).learn(tag, timestampAt(view, at), expiresAt(view, at));
  }
}

/** Makes every older value of the keyspace that carries the tag stale. Throws `BAD_TAG`, `TOO_MANY_INVALIDATIONS`. */
export function invalidateTag(
  replica: Replica,
  space: SpaceId,
  tag: string,
  { ack }: WriteOptions,
  now: number,
): WriteOutcome {
  const key = invalidationKey(nameOf(replica, space), checkTag(tag));
  checkKey(replica, key);
  const { newestSeen } = checkRoom(replica.invalidations, space, tag);
  // Counted from its stamp, which may be ahead of the clock.
  const begins = Math.max(now, msOfTimestamp(newestSeen as Timestamp));
  const write = {
    kind: KIND_PLAIN,
    key,
    value: NOTHING,
    expiresAt: Math.ceil(begins + LIFE_RETENTIONS * replica.config.retentionMs),
    above: newestSeen,
  };
  const shard = systemShard(replica);
  const wantsConfirm = ack !== undefined && ack !== "memory" && ack !== "disk";
  return writtenAt(shard, replica.write(shard, write, wantsConfirm, now), false);
}

function checkRoom(learned: LearnedInvalidations, space: SpaceId, tag: string): Invalidations {
  const known = learned.of(space);
  if (known.has(tag) || learned.size < INVALIDATIONS_MAX) return known;
  throw new AtollError("TOO_MANY_INVALIDATIONS", `${INVALIDATIONS_MAX} tags are invalidated already`);
}

/** Of what makes a value with these tags stale: whoever was shown that it is must not be shown it again. */
export function staleDot(
  replica: Replica,
  space: SpaceId,
  tags: readonly string[] | undefined,
  stamp: number,
): Dot | undefined {
  const tag = replica.invalidations.of(space).staleBy(tags, stamp);
  if (tag === undefined) return undefined;
  const shard = systemShard(replica);
  const slot = shard.find(KIND_PLAIN, invalidationKey(nameOf(replica, space), tag));
  return slot === 0 ? undefined : dotAt(shard.id, shard.table.viewOf(slot), shard.table.offsetOf(slot));
}

/** Keys of the registers that say whether a value with these tags is stale. */
export function invalidationKeys(replica: Replica, space: SpaceId, tags: readonly string[]): readonly Key[] {
  const keyspace = nameOf(replica, space);
  return tags.map((tag) => invalidationKey(keyspace, tag));
}

function nameOf({ keyspaces }: Replica, space: SpaceId): string {
  const name = keyspaces.nameOf(space);
  if (name === undefined) throw new Error("BUG: a keyspace without a name is asked for its tags");
  return name;
}

function systemShard({ shards }: Replica): Shard {
  return shards.in(SYSTEM_SPACE)[0] as Shard;
}
