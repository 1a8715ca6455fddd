/** Members of a collection of which two replicas hold the same write, fallen with the whole at one of them alone. */

import { expect, it } from "vitest";
import type { Key } from "../../src/base/ids.ts";
import { fallen } from "../../src/core/record/fallen.ts";
import { KIND_SET } from "../../src/core/record/kind.ts";
import { fieldOfName } from "../../src/core/record/member.ts";
import { RecordWriter, recordLength } from "../../src/core/record/record.ts";
import type { Shard } from "../../src/core/shard/shard.ts";
import { added, type CollectionId, deletionOfAll, memberCount } from "../../src/types/collection.ts";
import { REPAIR_MS } from "../support/losses.ts";
import { Machines } from "../support/machines.ts";

const SET: CollectionId = { kind: KIND_SET, key: "s" as Key };

async function withMember(): Promise<{ machines: Machines; a: Shard; b: Shard; member: Uint8Array }> {
  const machines = await Machines.started(["a", "b", "c"], "fallen");
  // So nothing that fell is purged.
  machines.cut(["c"], ["a", "b"]);
  const [a, b] = [machines.at("a").shardOfKey(SET.key), machines.at("b").shardOfKey(SET.key)];
  a.write(added(SET, { name: "m", value: new Uint8Array(0) }), machines.now);
  machines.run(3000);
  const slot = b.find(SET.kind, SET.key, fieldOfName("m"));
  const at = b.table.offsetOf(slot);
  const member = b.table.bytesOf(slot).slice(at, at + recordLength(b.table.viewOf(slot), at));
  return { machines, a, b, member };
}

function counts(machines: Machines, shards: readonly Shard[]): number[] {
  return shards.map((shard) => memberCount(shard, SET, machines.now));
}

it("stand again where no deletion is known", async () => {
  const { machines, a, b, member } = await withMember();
  const writer = new RecordWriter();
  const length = writer.write(fallen(new DataView(member.buffer), 0));
  b.repair(writer.view, writer.bytes, 0, length);
  expect(counts(machines, [a, b])).toEqual([1, 0]);
  machines.run(REPAIR_MS);
  expect(counts(machines, [a, b])).toEqual([1, 1]);
  expect(machines.differencesOf(["a", "b"])).toEqual([]);
});

it("fall where the deletion was lost", async () => {
  const { machines, a, b, member } = await withMember();
  for (const write of deletionOfAll(a, SET)) a.write(write, machines.now);
  machines.run(1500);
  for (const slot of b.containers.find(SET.kind, SET.key)?.covers.keys() ?? []) b.discard(slot);
  b.repair(new DataView(member.buffer), member, 0, member.length);
  expect(counts(machines, [a, b])).toEqual([0, 1]);
  machines.run(REPAIR_MS);
  expect(counts(machines, [a, b])).toEqual([0, 0]);
  expect(machines.differencesOf(["a", "b"])).toEqual([]);
});
