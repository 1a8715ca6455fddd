/** A key by chance, each about as likely as any other: by places tried at random, and where there are few keys the next of the listing. */

import type { Key } from "../../base/ids.ts";
import { ORDER_MAX } from "../../core/key-order.ts";
import type { Shard } from "../../core/shard/shard.ts";
import { scanKeys } from "../../replica/key-scan.ts";

const TRIES = 128;

/** `keyIn`: the key that a register in a slot stands for, if it is one. */
export function randomKeyOf(
  shards: readonly Shard[],
  random: () => number,
  now: number,
  keyIn: (shard: Shard, slot: number) => Key | undefined,
): Key | undefined {
  const first = random() % shards.length;
  for (let tries = 0; tries < TRIES; tries++) {
    const shard = shards[(first + tries) % shards.length] as Shard;
    if (shard.table.count === 0) continue;
    const key = keyIn(shard, 1 + (random() % (shard.table.slotEnd - 1)));
    if (key !== undefined) return key;
  }
  // Of one collection of a million members there is one key: what is listed does not go by members.
  const order = random() % (ORDER_MAX + 1);
  return (
    firstKeyFrom([...shards.slice(first), ...shards.slice(0, first)], order, now) ??
    firstKeyFrom(shards.slice(first, first + 1), 0, now)
  );
}

function firstKeyFrom(shards: readonly Shard[], order: number, now: number): Key | undefined {
  for (let place = { shard: 0, order, rank: 0 }; ; ) {
    const { keys, next } = scanKeys(shards, place, { prefix: "", count: 1 }, now);
    if (keys.length > 0 || next === undefined) return keys[0];
    place = next;
  }
}
