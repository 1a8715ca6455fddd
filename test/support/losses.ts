/** Ways to lose a register behind the version vectors' back, on machines connected directly. */

import { expect } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { BUCKETS, bucketOf } from "../../src/core/record/bucket.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { originAt, RecordWriter, recordLength, sequenceAt, timestampAt } from "../../src/core/record/record.ts";
import type { Replica } from "../../src/replica/replica.ts";
import type { Records } from "../../src/wire/records.ts";
import { Machines } from "./machines.ts";
import { type Loose, loose, record } from "./shards.ts";

/** Time enough for an audit to find and mend what one machine lost. */
export const REPAIR_MS = 15_000;

function placeOf(replica: Replica, key: string): string {
  const writer = new RecordWriter();
  writer.writeIdentity(KIND_PLAIN, key);
  return `${replica.shardOfKey(key as Key).id}/${bucketOf(writer.view, 0)}`;
}

/** Another key in the shard and bucket of this one. */
export function neighbourOf(replica: Replica, key: string): string {
  for (let i = 0; ; i++) if (placeOf(replica, `n${i}`) === placeOf(replica, key)) return `n${i}`;
}

/** As when memory or disk lost it: no mark is left, and the vector still covers its dot. */
export function lose(machines: Machines, name: string, key: string): void {
  const shard = machines.at(name).shardOfKey(key as Key);
  shard.discard(shard.find(KIND_PLAIN, key as Key));
}

/** A copy of the record that a machine holds of a key. */
export function recordOf(machines: Machines, name: string, key: string): Loose {
  const shard = machines.at(name).shardOfKey(key as Key);
  const { table } = shard;
  const slot = shard.find(KIND_PLAIN, key as Key);
  const at = table.offsetOf(slot);
  return loose(table.bytesOf(slot).slice(at, at + recordLength(table.viewOf(slot), at)));
}

/** Puts a record in the place of the one held, whatever the order says. */
export function force(machines: Machines, name: string, key: string, { view, bytes }: Loose): void {
  machines
    .at(name)
    .shardOfKey(key as Key)
    .repair(view, bytes, 0, bytes.length);
}

/** Puts another content under the stamp and dot that the register has. */
export function damage(machines: Machines, name: string, key: string, value: string): void {
  const { view } = recordOf(machines, name, key);
  const [timestamp, origin, sequence] = [timestampAt(view, 0), originAt(view, 0), sequenceAt(view, 0)];
  force(machines, name, key, record({ key, value: new TextEncoder().encode(value), timestamp, origin, sequence }));
}

export function recordsOf({ view, bytes }: Loose): Records {
  return { view, bytes, start: 0, end: bytes.length };
}

/** Machines that hold k and have purged a tombstone of its bucket, newer than it. */
export async function withMark(names: readonly string[]): Promise<Machines> {
  const machines = await Machines.started(names, `mark ${names}`);
  machines.put("a", "k", "v");
  machines.run(2000);
  const neighbour = neighbourOf(machines.at("a"), "k");
  machines.put("a", neighbour, "v");
  machines.delete("a", neighbour);
  machines.run(12_000);
  for (const name of names) {
    const shard = machines.at(name).shardOfKey("k" as Key);
    const marks = Array.from({ length: BUCKETS }, (_, bucket) => shard.graves.marks?.of(bucket) ?? 0);
    expect([shard.table.count, marks.some((mark) => mark > 0)]).toEqual([1, true]);
  }
  return machines;
}

export function held(machines: Machines, names: readonly string[]) {
  return names.map((name) => machines.get(name, "k"));
}
