/**
 * Whose values go first where there is no room for all: those of keyspaces that take up more than they may count on. A
 * keyspace may have a share of the memory; those without one count on what the shares of the others leave, together.
 *
 *  H1. Of what lies within its share a keyspace loses nothing to others, unless memory would be over its bound otherwise,
 *      since nobody above theirs has anything that may go.
 *  H2. What nobody counts on, or whoever does has no use for, anybody takes: nothing goes before memory is spent.
 *
 * A *tenant* is a space with values here, a *pool* those that count on one share: each tenant with a share of its own, or all
 * that have none. Each pool has queues of its own, so that a scan of one does not push out what others ask for. Records
 * count with their keys: whoever has many keys has less room for values.
 */

import { assert } from "../../base/assert.ts";
import type { SpaceId } from "../../base/ids.ts";
import { type Places, S3Fifo } from "../table/s3-fifo.ts";

/** Looks at one pool before another one may be further above its share. */
const TURN_LOOKS = 256;

/** A space whose values may go. */
export interface Tenant {
  readonly space: SpaceId;
  /** Of its records, as they are held in memory. */
  bytes: number;
  pool: Pool;
}

export class Pool {
  readonly queues: S3Fifo;
  readonly tenants = new Set<Tenant>();
  /** Of what records may take, 0 to 1. */
  share: number;

  constructor(places: Places, share: number) {
    this.queues = new S3Fifo(places);
    this.share = share;
  }

  get bytes(): number {
    let bytes = 0;
    for (const tenant of this.tenants) bytes += tenant.bytes;
    return bytes;
  }
}

/** A pool, and by how much it is above its share; below 0: that much is left of it. */
export interface Standing {
  readonly pool: Pool;
  readonly excessBytes: number;
}

export interface Reclaim {
  /** By how much memory is over what is to be reached; 0 or less: it is enough. */
  readonly overBytes: () => number;
  /** Memory is over its bound, or as good as that. */
  readonly isFull: () => boolean;
  readonly looksMax: number;
}

export class MemoryShares {
  readonly #places: Places;
  readonly #tenants = new Map<SpaceId, Tenant>();
  /** Of all tenants without a share of their own. */
  readonly #common: Pool;
  /** With the common one, and those that have lost their last tenant and still have to be emptied. */
  readonly #pools = new Set<Pool>();

  constructor(places: Places) {
    this.#places = places;
    this.#common = new Pool(places, 1);
    this.#pools.add(this.#common);
  }

  /** Some keyspace has a share. */
  get areAny(): boolean {
    return this.#pools.size > 1;
  }

  get queueBytes(): number {
    let bytes = 0;
    for (const { queues } of this.#pools) bytes += queues.residentBytes;
    return bytes;
  }

  tenantOf(space: SpaceId): Tenant {
    let tenant = this.#tenants.get(space);
    if (tenant === undefined) {
      tenant = { space, bytes: 0, pool: this.#common };
      this.#common.tenants.add(tenant);
      this.#tenants.set(space, tenant);
    }
    return tenant;
  }

  /** These have a share, and nobody else. Of more than all there is each gets as much less. */
  set(sharesBySpace: ReadonlyMap<SpaceId, number>): void {
    let sum = 0;
    for (const share of sharesBySpace.values()) sum += share;
    const most = Math.max(1, sum);
    for (const [space, tenant] of this.#tenants) {
      const share = sharesBySpace.get(space);
      const isCommon = tenant.pool === this.#common;
      if (share === undefined) {
        if (!isCommon) this.#move(tenant, this.#common);
      } else if (isCommon) this.#move(tenant, new Pool(this.#places, share / most));
      else tenant.pool.share = share / most;
    }
    this.#common.share = 1 - sum / most;
  }

  #move(tenant: Tenant, to: Pool): void {
    const from = tenant.pool;
    from.tenants.delete(tenant);
    from.queues.beginSorting();
    if (from !== this.#common) from.share = 0;
    to.tenants.add(tenant);
    tenant.pool = to;
    this.#pools.add(to);
  }

  /** Pools by how much they are above their shares, were so much to go; the first is above, where anything is to go. */
  standings(overBytes: number): readonly Standing[] {
    const pools = [...this.#pools].map((pool) => ({ pool, bytes: pool.bytes }));
    const mayStay = pools.reduce((sum, { bytes }) => sum + bytes, 0) - overBytes;
    const standings = pools.map(({ pool, bytes }) => ({ pool, excessBytes: bytes - pool.share * mayStay }));
    return standings.sort((a, b) => b.excessBytes - a.excessBytes);
  }

  /** Lets values go, of whoever is furthest above its share first, until it is enough, or for as long as a step may take. */
  reclaim(asked: Reclaim): void {
    if (!this.areAny) {
      this.#common.queues.reclaim(() => asked.overBytes() <= 0, asked.looksMax);
      return;
    }
    this.#sort(asked.looksMax);
    const spent = new Set<Pool>();
    for (let looks = asked.looksMax; looks > 0 && asked.overBytes() > 0; ) {
      const standing = this.standings(asked.overBytes()).find(({ pool }) => !spent.has(pool));
      if (standing === undefined) return;
      const isAbove = standing.excessBytes > 0;
      if (!isAbove && !asked.isFull()) return;
      const turn = Math.min(looks, TURN_LOOKS);
      if (!this.#reclaimFrom(standing, isAbove ? asked.overBytes : () => (asked.isFull() ? 1 : 0), turn))
        spent.add(standing.pool);
      looks -= turn;
    }
  }

  /** Lets values go, whoever's, until it is enough, or for as long as a step may take. */
  reclaimAny(isEnough: () => boolean, looksMax: number): void {
    if (this.areAny) this.#sort(looksMax);
    for (const { queues } of this.#pools) queues.reclaim(isEnough, looksMax);
  }

  /** False: nothing of it went. */
  #reclaimFrom({ pool, excessBytes }: Standing, overBytes: () => number, looksMax: number): boolean {
    const before = pool.bytes;
    const least = excessBytes > 0 ? before - excessBytes : 0;
    pool.queues.reclaim(() => overBytes() <= 0 || pool.bytes <= least, looksMax);
    return pool.bytes < before;
  }

  /** Values of tenants that have come to another pool, or left one, are queued where they were: they follow, so many a step. */
  #sort(looksMax: number): void {
    let looks = looksMax;
    for (const pool of this.#pools) {
      looks -= pool.queues.sortOut(looks);
      if (pool.tenants.size > 0 || pool === this.#common || pool.queues.length > 0) continue;
      assert(pool.queues.isSorted, "what is empty is sorted");
      this.#pools.delete(pool);
    }
  }
}
