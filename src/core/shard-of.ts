/**
 * Which shard of its space a key lives in: a hash of its `{tag}` where it has one (as in Redis Cluster: the text between the first
 * `{` and the next `}` when there is any), of the whole key otherwise. The same on every replica of a cluster.
 */

import { xxHash32 } from "../base/hash.ts";

const SEED = 0x73686172;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_FOUR_TIMES = 0x7b7b7b7b;

/** The number of the shard of the key in `view` from `start` to `end`, out of `shards` of its space. */
export function shardOf(view: DataView, start: number, end: number, shards: number): number {
  let from = start;
  let to = end;
  for (let open = firstWithOpen(view, start, end); open < end; open++) {
    if (view.getUint8(open) !== OPEN) continue;
    for (let close = open + 1; close < end; close++) {
      if (view.getUint8(close) !== CLOSE) continue;
      if (close > open + 1) {
        from = open + 1;
        to = close;
      }
      break;
    }
    break;
  }
  // Told that neither is negative V8 divides 32-bit integers: of doubles a remainder takes as long as the hash.
  return (xxHash32(view, from, to, SEED) >>> 0) % (shards >>> 0);
}

/** From here to the end there is every `{` of the key: most have none, and four bytes are looked at as fast as one. */
function firstWithOpen(view: DataView, start: number, end: number): number {
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const differing = view.getInt32(at, true) ^ OPEN_FOUR_TIMES;
    // Not 0 where one of the four bytes is 0 (Warren, "Hacker's Delight", section 6-1).
    if (((differing - 0x01010101) & ~differing & 0x80808080) !== 0) return at;
  }
  return at;
}
