/**
 * `SET` of a key and a short value, as most that is written is: from the bytes of the request to the record, with nothing made in
 * between, neither text of the key nor views of either. That is half of what the command takes otherwise (`npm run bench -- --only
 * redis`). What is not so, and what is refused, is left to the command; nothing has been done then.
 */

import type { SpaceId } from "../base/ids.ts";
import type { PlainWords } from "../base/plain-words.ts";
import { ttlUnder } from "../cluster/placement/policy.ts";
import type { CommandClient } from "../command-store.ts";
import type { Shard } from "../core/shard.ts";
import { shardOf } from "../core/shard-of.ts";
import type { Replica } from "../replica/replica.ts";
import { isCollection } from "./glance.ts";
import { dotOf } from "./held-register.ts";

/** Longer ones take the command hardly longer. */
export const PUT_BYTES_MAX = 1024;

/** As `CommandKeyspace.put`, of a space that is kept here whole. Throws what the command is refused for. */
export function putPlain(
  replica: Replica,
  space: SpaceId,
  words: PlainWords,
  client: Pick<CommandClient, "lastWrite">,
  now: number,
): boolean {
  const { bytes, keyStart, keyEnd, valueStart, valueEnd } = words;
  const { keyBytesMax, valueBytesMax } = replica.config;
  if (keyEnd === keyStart || keyEnd - keyStart > keyBytesMax) return false;
  if (valueEnd - valueStart > Math.min(valueBytesMax, PUT_BYTES_MAX)) return false;
  if (ttlUnder(replica.keyspaces.policyOf(space), undefined) !== undefined) return false;
  const shards = replica.shards.in(space);
  const shard = shards[shardOf(bytes, keyStart, keyEnd, shards.length)] as Shard;
  if (isCollection(shard, words)) return false;
  const slot = replica.writes.writeValue(shard, words, now);
  if (slot === 0) return false;
  client.lastWrite = dotOf(shard, slot);
  return true;
}
