/** What the owners of keys would show, compared: which differ, and how many of them each replica is behind with. */

import { expiresAt, FLAG_DEAD, FLAG_GONE, flagsAt, originAt, timestampAt } from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { identityText } from "../../src/replica/inspect.ts";
import type { Replica } from "../../src/replica/replica.ts";
import { compareStamps, type Stamp } from "../checkers/stamp.ts";

export interface Divergence {
  /** For each replica: keys of which it would not show what the newest write says; undefined where none runs. */
  readonly behind: readonly (number | undefined)[];
  /** Keys that not all would show alike. */
  readonly differing: number;
}

interface Held {
  readonly stamp: Stamp;
  /** Neither deleted nor expired. */
  readonly isLive: boolean;
}

export function compareContents(replicas: readonly (Replica | undefined)[], wallMs: number): Divergence {
  const running = replicas.flatMap((replica, node) => (replica === undefined ? [] : [{ node, replica }]));
  const behind = replicas.map((replica): number | undefined => (replica === undefined ? undefined : 0));
  let differing = 0;
  for (const { id } of running[0]?.replica.shards ?? []) {
    const keepers = running.filter(({ replica }) => replica.shards.get(id) !== undefined && replica.ownership.owns(id));
    const shards = keepers.map(({ replica }) => replica.shards.get(id) as Shard);
    if (shards.every((shard) => shard.fingerprint.equals((shards[0] as Shard).fingerprint))) continue;
    const found = compareShards(shards, wallMs);
    differing += found.differing;
    for (const [k, { node }] of keepers.entries()) behind[node] = (behind[node] ?? 0) + (found.behind[k] ?? 0);
  }
  return { behind, differing };
}

function compareShards(
  shards: readonly Shard[],
  wallMs: number,
): { readonly behind: readonly number[]; readonly differing: number } {
  const held = shards.map((shard) => registersOf(shard, wallMs));
  const newest = new Map<string, Held>();
  for (const registers of held) {
    for (const [identity, register] of registers) {
      const best = newest.get(identity);
      if (best === undefined || compareStamps(register.stamp, best.stamp) > 0) newest.set(identity, register);
    }
  }
  const behind = shards.map(() => 0);
  let differing = 0;
  for (const [identity, best] of newest) {
    const laggards = held.flatMap((registers, k) => (showsThat(registers.get(identity), best) ? [] : [k]));
    if (laggards.length > 0) differing++;
    for (const k of laggards) behind[k] = (behind[k] ?? 0) + 1;
  }
  return { behind, differing };
}

/** A tombstone and nothing at all look the same. */
function showsThat(register: Held | undefined, newest: Held): boolean {
  if (!newest.isLive) return register?.isLive !== true;
  return register?.isLive === true && compareStamps(register.stamp, newest.stamp) === 0;
}

function registersOf(shard: Shard, wallMs: number): Map<string, Held> {
  const registers = new Map<string, Held>();
  const { table } = shard;
  shard.forEachHeld((slot) => {
    const view = table.viewOf(slot);
    const at = table.offsetOf(slot);
    const identity = identityText(view, table.bytesOf(slot), at);
    const isFallen = (flagsAt(view, at) & (FLAG_DEAD | FLAG_GONE)) !== 0;
    registers.set(identity, { stamp: stampAt(view, at), isLive: !isFallen && expiresAt(view, at) > wallMs });
  });
  return registers;
}

export function stampAt(view: DataView, at: number): Stamp {
  const isDead = (flagsAt(view, at) & FLAG_DEAD) !== 0;
  return { timestamp: timestampAt(view, at), isDead, origin: originAt(view, at) };
}
