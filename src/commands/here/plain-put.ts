/**
 * `SET` of a key and a short value, as most that is written is: from the bytes of the request to the record, with nothing made in
 * between, neither text of the key nor views of either. That is half of what the command takes otherwise (`npm run bench -- --only
 * redis`). What is not so, and what is refused, is left to the command; nothing has been done then.
 */

import { AtollError } from "../../base/errors.ts";
import type { PlainWords } from "../../base/plain-words.ts";
import type { PlainWriter } from "../../command-store.ts";
import type { Shard } from "../../core/shard/shard.ts";
import type { Replica } from "../../replica/replica.ts";
import { isCollection } from "./glance.ts";

/** Longer ones take the command hardly longer. */
export const PUT_BYTES_MAX = 1024;

/** As `PlainKeys.put`, in the shard of the key, by its hash there. */
export function putPlain(
  { config, writes }: Replica,
  shard: Shard,
  words: PlainWords,
  hash: number,
  client: PlainWriter,
  now: number,
): boolean {
  const length = words.valueEnd - words.valueStart;
  if (length > Math.min(config.valueBytesMax, PUT_BYTES_MAX) || isCollection(shard, words)) return false;
  try {
    if (writes.writeValue(shard, words, hash, now) === 0) return false;
    client.wrote(shard.id, shard.ownOrigin, shard.nextSequence - 1);
    return true;
  } catch (error) {
    // There is no room: nothing has been written.
    if (error instanceof AtollError) return false;
    throw error;
  }
}
