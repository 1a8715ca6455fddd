/**
 * A keyspace that lies well within its share of the memory loses nothing for good as long as another one that is above its own has
 * anything to lose (H1 of `src/core/shard/memory-shares.ts`). What a keyspace takes, and what there is, is counted here by
 * records, without what is needed beside them: so only what is clearly within is held against anybody. That nothing goes
 * before memory is spent (H2), another checker holds (`eviction.ts`).
 */

import type { SpaceId } from "../../src/base/ids.ts";
import { SYSTEM_SPACE } from "../../src/base/shard-id.ts";
import type { ShareLoss } from "../tenants/share-loss.ts";
import { type Evidence, type Violation, violations } from "./evidence.ts";

/** Of the memory, what there is for records at least, whatever keys and tables take. */
const RECORDS_SHARE = 0.4;
/** Of a share, what is clearly within it; of all that is held, by how much somebody is clearly above his. */
const WITHIN = 0.9;
const ABOVE = 0.1;
/** With so much of it there is something that may go. */
const STANDING_BYTES = 2000;

/** Those that count on one share: a keyspace that has one, or all that have none. */
interface Pool {
  readonly name: string;
  readonly share: number;
  bytes: number;
  standingBytes: number;
}

export function checkShares({ shares, nodes }: Evidence): Violation[] {
  const messages: string[] = [];
  for (const [node, losses] of shares?.losses.entries() ?? []) {
    const { memoryBytesMax = Infinity } = nodes[node] ?? {};
    for (const loss of losses) {
      if (shares === undefined || !isSettled(loss, shares)) continue;
      const { pools, total, loser } = poolsOf(loss, shares.bySpace);
      if (loser === undefined || loser.bytes >= WITHIN * loser.share * Math.min(total, RECORDS_SHARE * memoryBytesMax))
        continue;
      const isAbove = (pool: Pool): boolean =>
        pool.bytes > (pool.share + ABOVE) * total && pool.standingBytes > STANDING_BYTES;
      const other = pools.find((pool) => pool !== loser && isAbove(pool));
      if (other === undefined) continue;
      messages.push(
        `replica ${node} removed a value of ${loser.name} at ${(loss.at / 1000).toFixed(3)}s, which has ${inWords(loser, total)}, while ${other.name} has ${inWords(other, total)}`,
      );
    }
  }
  return violations("shares", messages);
}

/** Whoever evicts knows all shares, and has for long. */
export function isSettled({ at, known }: ShareLoss, { bySpace, since }: NonNullable<Evidence["shares"]>): boolean {
  return at >= since && [...bySpace.keys()].every((space) => known.has(space));
}

function poolsOf({ bySpace, space: lost, bytes: lostBytes }: ShareLoss, shares: ReadonlyMap<SpaceId, number>) {
  const sum = [...shares.values()].reduce((all, share) => all + share, 0);
  const common: Pool = { name: "those without a share", share: 1 - sum, bytes: 0, standingBytes: 0 };
  const pools = new Set([common]);
  let total = 0;
  let loser: Pool | undefined;
  for (const [space, { bytes, standingBytes }] of bySpace) {
    if (space === SYSTEM_SPACE) continue;
    const share = shares.get(space);
    const pool = share === undefined ? common : { name: `space ${space}`, share, bytes: 0, standingBytes: 0 };
    pools.add(pool);
    // As it was before the value went.
    const before = bytes + (space === lost ? lostBytes : 0);
    pool.bytes += before;
    pool.standingBytes += standingBytes;
    total += before;
    if (space === lost) loser = pool;
  }
  return { pools: [...pools], total, loser };
}

function inWords({ bytes, share }: Pool, total: number): string {
  return `${bytes} of ${total} bytes and a share of ${share.toFixed(2)}`;
}
