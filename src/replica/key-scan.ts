/**
 * Live keys page by page, for those whose cursor is a number: a place in the listing's order (`core/key-order.ts`) in which
 * keys of one order follow each other by a second hash, their *rank*. Those of one rank come on one page, so that a place
 * needs no key in it: whoever makes keys collide in both gets longer pages, of his own keys.
 */

import { bytesFromLatin1 } from "../base/bytes.ts";
import { xxHash32 } from "../base/hash.ts";
import type { Key } from "../base/ids.ts";
import { ORDER_MAX } from "../core/key-order.ts";
import type { Shard } from "../core/shard/shard.ts";
import { keysOfOrder, pageOfShard, SCAN_MAX } from "./key-pages.ts";

const RANK_SEED = 0x72616e6b;
export const RANK_BITS = 20;

export interface RankedPlace {
  readonly shard: number;
  readonly order: number;
  readonly rank: number;
}

export interface ScanPage {
  readonly keys: readonly Key[];
  readonly next?: RankedPlace;
  /** Registers that were visited, about. */
  readonly looked: number;
}

/**
 * Live keys under a prefix from a place on, about `count`, after visiting about so many registers or a bound of them. Undefined:
 * a shard that is passed over.
 */
export function scanKeys(
  shards: readonly (Shard | undefined)[],
  from: RankedPlace,
  { prefix, count }: { readonly prefix: string; readonly count: number },
  now: number,
): ScanPage {
  const keys: Key[] = [];
  let looked = 0;
  let place = from;
  while (keys.length < count && looked < SCAN_MAX) {
    if (place.shard >= shards.length) return { keys, looked };
    const shard = shards[place.shard];
    if (shard === undefined) {
      place = nextShard(place);
      continue;
    }
    if (place.rank > 0) {
      place = takeRanks(shard, place, prefix, count, keys, now);
      looked += shard.table.count;
      continue;
    }
    const max = { keys: count - keys.length, looked: SCAN_MAX - looked };
    const page = pageOfShard(shard, prefix, { order: place.order }, max, now);
    looked += page.looked;
    if (page.next?.after === undefined) {
      keys.push(...page.keys);
      place = page.next === undefined ? nextShard(place) : { shard: place.shard, order: page.next.order, rank: 0 };
    } else {
      // More keys of one order than there is room for: they come by rank.
      place = takeRanks(shard, { shard: place.shard, order: page.next.order, rank: 0 }, prefix, count, keys, now);
    }
  }
  return place.shard >= shards.length ? { keys, looked } : { keys, next: place, looked };
}

function takeRanks(
  shard: Shard,
  place: RankedPlace,
  prefix: string,
  count: number,
  keys: Key[],
  now: number,
): RankedPlace {
  const ranked = keysOfOrder(shard, prefix, place.order, now).map((key) => ({ key, rank: rankOf(key) }));
  ranked.sort((a, b) => a.rank - b.rank);
  let last = -1;
  for (const { key, rank } of ranked) {
    if (rank < place.rank) continue;
    if (keys.length >= count && rank !== last) return { ...place, rank };
    keys.push(key);
    last = rank;
  }
  if (place.order === ORDER_MAX) return nextShard(place);
  return { shard: place.shard, order: place.order + 1, rank: 0 };
}

function nextShard({ shard }: RankedPlace): RankedPlace {
  return { shard: shard + 1, order: 0, rank: 0 };
}

/** 1 to 2^20 - 1. */
function rankOf(key: Key): number {
  const bytes = bytesFromLatin1(key);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return 1 + (xxHash32(view, 0, bytes.length, RANK_SEED) % (2 ** RANK_BITS - 1));
}
