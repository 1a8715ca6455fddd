/**
 * What `GET` finds, as most that is read is: a short value, in memory, that nobody adds to; or nothing at all. It is looked up by
 * the bytes of the request, and shown where it lies, so that nothing is made for it: neither text of its key, nor views, nor a copy, nor a
 * step of the machine, which it does not change. That is half of what the command takes otherwise (`npm run bench -- --only redis`).
 * Of whatever is not so the command tells, and answers; here nothing is refused.
 */

import { latin1FromBytes } from "../../base/bytes.ts";
import type { Key } from "../../base/ids.ts";
import type { PlainWords } from "../../base/plain-words.ts";
import type { ShownValue } from "../../command-store.ts";
import {
  bodyLengthAt,
  bodyStartAt,
  expiresAt,
  FALLEN,
  FLAG_AWAY,
  FLAG_EXPIRES,
  FLAG_TAGS,
  flagsAt,
} from "../../core/record/record.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { isAddedTo } from "../../types/counter.ts";

/** Longer ones are copied as fast by the command. */
export const GLANCE_BYTES_MAX = 1024;

/** As `PlainKeys.glance`, in the shard of the key, by its hash there. */
export function glance(shard: Shard, words: PlainWords, hash: number, now: number, shown: ShownValue): boolean {
  if (shard.quarantined || isAdded(shard, words)) return false;
  const slot = shard.findValue(words, hash);
  if (slot === 0) return isNothing(shard, words, shown);
  const view = shard.table.viewOf(slot);
  const at = shard.table.offsetOf(slot);
  const flags = flagsAt(view, at);
  if ((flags & (FALLEN | FLAG_AWAY | FLAG_TAGS)) !== 0) return (flags & FALLEN) !== 0 && isNothing(shard, words, shown);
  if ((flags & FLAG_EXPIRES) !== 0 && expiresAt(view, at) <= now) return isNothing(shard, words, shown);
  const length = bodyLengthAt(view, at);
  if (length > GLANCE_BYTES_MAX) return false;
  shard.values.used(slot);
  shown.view = view;
  shown.at = bodyStartAt(view, at);
  shown.length = length;
  return true;
}

/** False: there is a collection. */
function isNothing(shard: Shard, words: PlainWords, shown: ShownValue): boolean {
  shown.length = -1;
  return !isCollection(shard, words);
}

function isAdded(shard: Shard, words: PlainWords): boolean {
  return shard.increments.count > 0 && isAddedTo(shard, keyIn(words));
}

/** True where something is held of one; text is made of the key only in a shard that has some. */
export function isCollection(shard: Shard, words: PlainWords): boolean {
  if (shard.containers.count === 0) return false;
  for (const _ of shard.containers.under(keyIn(words))) return true;
  return false;
}

function keyIn({ bytes, keyStart, keyEnd }: PlainWords): Key {
  const key = new Uint8Array(bytes.buffer, bytes.byteOffset + keyStart, keyEnd - keyStart);
  return latin1FromBytes(key) as Key;
}
