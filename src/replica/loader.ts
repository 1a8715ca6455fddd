/** A replica's registers and heads on their way back from disk, with whatever is found to be damaged there (D4). */

import { BadBytes } from "../base/bytes.ts";
import type { ShardId } from "../base/ids.ts";
import { numberOf, spaceOf } from "../base/shard-id.ts";
import { checkRecord, type RecordLimits } from "../core/containers/record-check.ts";
import { keyLengthAt, keyStartAt } from "../core/record/record.ts";
import type { Shard } from "../core/shard/shard.ts";
import { restoreHead } from "../core/shard/shard-head.ts";
import type { Shards } from "../core/shard/shards.ts";
import { shardOf } from "../core/shard-of.ts";
import { decodeShardHead, headChecksum, isRecordKey, shardOfKey } from "./disk-layout.ts";
import type { StorageEntry } from "./ports.ts";

export interface LoadReport {
  registers: number;
  /** Of entries that were refused: wrong checksum, wrong place. */
  readonly damagedKeys: Uint8Array[];
  /** Shards whose registers do not add up to their head. */
  readonly damagedShards: Shard[];
}

/** Takes a replica's registers and heads back from its storage, and finds what the disk lost. */
export class Loader {
  readonly #shards: Shards;
  readonly #limits: RecordLimits;
  readonly #now: number;
  readonly #sums = new Map<ShardId, { count: number; sumHigh: number; sumLow: number }>();
  readonly #scratch = new Scratch();
  /** The one that is being loaded. */
  #shard: Shard | undefined;
  readonly headChecksums = new Map<ShardId, number>();
  readonly report: LoadReport = { registers: 0, damagedKeys: [], damagedShards: [] };

  constructor(shards: Shards, limits: RecordLimits, now: number) {
    this.#shards = shards;
    this.#limits = limits;
    this.#now = now;
  }

  head(entry: StorageEntry): void {
    try {
      const id = shardOfKey(entry.key);
      const { head, count, sumHigh, sumLow } = decodeShardHead(id, entry.value);
      if (!this.#shards.has(spaceOf(id))) this.#shards.add(spaceOf(id));
      const shard = this.#shards.get(id);
      if (shard === undefined) throw new BadBytes("head of no shard");
      restoreHead(shard, head);
      shard.table.reserve(count);
      this.#sums.set(id, { count, sumHigh, sumLow });
      this.headChecksums.set(id, headChecksum(entry.value));
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      this.report.damagedKeys.push(entry.key);
    }
  }

  register(entry: StorageEntry): void {
    const shard = this.#shardOf(entry.key);
    const { value } = entry;
    const scratch = this.#scratch;
    scratch.fill(value);
    try {
      const length = checkRecord(scratch.view, 0, value.length, this.#limits);
      if (shard === undefined || length !== value.length) throw new BadBytes("register out of place");
      if (!isRecordKey(entry.key, scratch.view, 0, shard.id)) throw new BadBytes("register under another key");
      if (!isAtHome(scratch.view, shard.id, this.#shards.in(spaceOf(shard.id)).length))
        throw new BadBytes("register of another shard");
      if (shard !== this.#shard) {
        // Registers come shard by shard: that hangs them into their chains bit by bit.
        this.#shard?.finishLoad();
        this.#shard = shard;
      }
      shard.load(scratch.view, scratch.bytes, 0, length, this.#now);
      this.report.registers++;
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      this.report.damagedKeys.push(entry.key);
    }
  }

  /** Undefined for what cannot be the key of a register. */
  #shardOf(key: Uint8Array): Shard | undefined {
    try {
      return this.#shards.get(shardOfKey(key));
    } catch (error) {
      if (!(error instanceof BadBytes)) throw error;
      return undefined;
    }
  }

  /** Compares each shard with its head. */
  finish(): LoadReport {
    this.#shard?.finishLoad();
    for (const shard of this.#shards) {
      const told = this.#sums.get(shard.id) ?? { count: 0, sumHigh: 0, sumLow: 0 };
      const { count } = shard.table;
      const isSound =
        count === told.count && shard.accounts.sum.high === told.sumHigh && shard.accounts.sum.low === told.sumLow;
      if (!isSound) this.report.damagedShards.push(shard);
    }
    return this.report;
  }
}

/** False for a register whose place on disk names another shard than its key: the place was damaged. */
function isAtHome(view: DataView, shard: ShardId, shards: number): boolean {
  const start = keyStartAt(view, 0);
  return shardOf(view, start, start + keyLengthAt(view, 0), shards) === numberOf(shard);
}

/** Room for one record, with a view that is made once. */
class Scratch {
  bytes = new Uint8Array(4096);
  view = new DataView(this.bytes.buffer);

  fill(value: Uint8Array): void {
    if (value.length > this.bytes.length) {
      this.bytes = new Uint8Array(value.length * 2);
      this.view = new DataView(this.bytes.buffer);
    }
    this.bytes.set(value);
  }
}
