/**
 * What `GET` finds, as most that is read is: a short value, in memory, that nobody adds to; or nothing at all. It is looked up by
 * the bytes of the request, and shown where it lies, so that nothing is made for it: neither text of its key, nor views, nor a copy, nor a
 * step of the machine, which it does not change. That is half of what the command takes otherwise (`npm run bench -- --only redis`).
 * Of whatever is not so the command tells, and answers; here nothing is refused.
 */

import type { SpaceId } from "../base/ids.ts";
import type { ShownValue } from "../command-store.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  expiresAt,
  FALLEN,
  FLAG_AWAY,
  FLAG_EXPIRES,
  FLAG_TAGS,
  flagsAt,
} from "../core/record.ts";
import type { Shard } from "../core/shard.ts";
import { shardOf } from "../core/shard-of.ts";
import type { KeyspaceHost } from "../replica/local-keyspace.ts";

/** Longer ones are copied as fast by the command. */
export const GLANCE_BYTES_MAX = 1024;

/** As `CommandKeyspace.glance`, of a space that is kept here whole. Throws `NOT_READY`, `SHUTTING_DOWN`. */
export function glance(
  host: KeyspaceHost,
  space: SpaceId,
  bytes: DataView,
  start: number,
  end: number,
  shown: ShownValue,
): boolean {
  const replica = host.replica();
  const shards = replica.shards.in(space);
  if (end === start || end - start > replica.config.keyBytesMax) return false;
  const shard = shards[shardOf(bytes, start, end, shards.length)] as Shard;
  if (shard.increments.count > 0 || shard.quarantined) return false;
  const slot = shard.findValue(bytes, start, end);
  if (slot === 0) return isNothing(shard, shown);
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const flags = flagsAt(view, at);
  if ((flags & (FALLEN | FLAG_AWAY | FLAG_TAGS)) !== 0) return (flags & FALLEN) !== 0 && isNothing(shard, shown);
  if ((flags & FLAG_EXPIRES) !== 0 && expiresAt(view, at) <= host.now()) return isNothing(shard, shown);
  const length = bodyLengthAt(view, at);
  if (length > GLANCE_BYTES_MAX) return false;
  shard.values.used(slot);
  shown.view = view;
  shown.at = bodyStartAt(view, at);
  shown.length = length;
  return true;
}

/** False: there may be a collection. */
function isNothing(shard: Shard, shown: ShownValue): boolean {
  shown.length = -1;
  return shard.containers.count === 0;
}
