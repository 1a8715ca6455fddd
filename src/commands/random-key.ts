/** A key by chance, each about as likely as any other: by places tried at random, and where there are few keys by going on from one. */

import type { Key } from "../base/ids.ts";
import type { Shard } from "../core/shard.ts";

const TRIES = 128;

/** `keyIn`: the key that a register in a slot stands for, if it is one. */
export function randomKeyOf(
  shards: readonly Shard[],
  random: () => number,
  keyIn: (shard: Shard, slot: number) => Key | undefined,
): Key | undefined {
  const first = random() % shards.length;
  for (let tries = 0; tries < TRIES; tries++) {
    const shard = shards[(first + tries) % shards.length] as Shard;
    if (shard.table.count === 0) continue;
    const key = keyIn(shard, 1 + (random() % (shard.table.slotEnd - 1)));
    if (key !== undefined) return key;
  }
  for (let i = 0; i < shards.length; i++) {
    const shard = shards[(first + i) % shards.length] as Shard;
    const begin = shard.table.count === 0 ? 0 : random() % shard.table.slotEnd;
    for (let j = 0; j < shard.table.slotEnd; j++) {
      const key = keyIn(shard, (begin + j) % shard.table.slotEnd);
      if (key !== undefined) return key;
    }
  }
  return undefined;
}
