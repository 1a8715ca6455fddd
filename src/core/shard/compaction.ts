/**
 * Compaction of the arena: records are moved out of sparse pages, so that what has gone leaves no holes behind. A record says
 * itself which register it is of; which of the shards of that number it is in, the tables tell.
 */

import { assert } from "../../base/assert.ts";
import { keyLengthAt, keyStartAt } from "../record/record.ts";
import { shardOf } from "../shard-of.ts";
import type { Arena } from "../table/arena.ts";
import type { Shards } from "./shards.ts";

/** Waste that is left alone: this much, and that share of what is used. */
const WASTED_BYTES_MIN = 8 * 1024 * 1024;
const WASTED_SHARE = 1 / 8;
/** Blocks moved in one step, of about 0.5 µs each, and those of one page more. */
const MOVES_MAX = 4096;

/** Moves records together for as long as a step may take, where pages waste more than they may. True: it took that long. */
export function compact(arena: Arena, shards: Shards): boolean {
  for (let moves = 0; moves < MOVES_MAX; ) {
    if (!isWasteful(arena)) return false;
    const moved = arena.compact((from, to) => relocate(arena, shards, from, to));
    if (moved === 0) return false;
    moves += moved;
  }
  return true;
}

/** Pages waste more than they may. */
export function isWasteful({ wastedBytes, usedBytes }: Arena): boolean {
  return wastedBytes > WASTED_BYTES_MIN + usedBytes * WASTED_SHARE;
}

function relocate(arena: Arena, shards: Shards, from: number, to: number): void {
  const [view, at] = [arena.viewOf(to), arena.offsetOf(to)];
  const keyStart = keyStartAt(view, at);
  const keyEnd = keyStart + keyLengthAt(view, at);
  for (const space of shards.spaces) {
    const those = shards.in(space);
    if (those[shardOf(view, keyStart, keyEnd, those.length)]?.table.relocate(view, at, from, to) === true) return;
  }
  assert(false, "a block that no table holds");
}
