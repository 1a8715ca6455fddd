/** Backups of simulated replicas: taken while time passes, and restored into another cluster. */

import type { BackupFacts, BackupPart, RestoreCounts } from "../../src/backup-store.ts";
import { recordLength } from "../../src/core/record/record.ts";
import type { PlacedWorld } from "./placed-world.ts";

export interface TakenBackup {
  readonly facts: BackupFacts;
  readonly parts: readonly BackupPart[];
  readonly absent: number;
}

/** `between`: what happens behind each part. */
export async function takeBackup(
  placed: PlacedWorld,
  node: number,
  options: { readonly keyspaces?: readonly string[]; readonly between?: () => Promise<unknown> } = {},
): Promise<TakenBackup> {
  const backup = await placed.do(placed.driver(node).backup(options.keyspaces));
  const { facts, parts: coming } = backup;
  const parts: BackupPart[] = [];
  const iterator = coming[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await placed.do(iterator.next(), 120_000);
    if (done === true) return { facts, parts, absent: backup.absent ?? 0 };
    parts.push(value);
    await options.between?.();
  }
}

export async function restoreBackup(
  placed: PlacedWorld,
  node: number,
  { facts, parts }: TakenBackup,
  stamp?: number,
): Promise<RestoreCounts> {
  const { shards, births } = facts;
  const restore = placed.driver(node).restore({ source: { shards, births }, ...(stamp !== undefined && { stamp }) });
  const sum = { restored: 0, kept: 0, forgotten: 0, expired: 0 };
  for (const { keyspace, records } of parts) {
    const counts = await placed.do(restore.apply(keyspace, records), 120_000);
    for (const name of Object.keys(sum) as (keyof RestoreCounts)[]) sum[name] += counts[name];
  }
  return sum;
}

export function recordsIn({ parts }: TakenBackup): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}

/** True where the parts hold as many records as they say. */
export function isSound({ parts }: TakenBackup): boolean {
  return parts.every(({ records, count }) => {
    const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
    let found = 0;
    for (let at = 0; at < records.length; at += recordLength(view, at)) found++;
    return found === count;
  });
}
