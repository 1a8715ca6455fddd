/** A glance tells what `GET` answers, or leaves it to that. */

import { expect, test, vi } from "vitest";
import { SCANT_MEMORY } from "../../../simulations/scenarios/scant-memory.ts";
import { bytesFromLatin1 } from "../../../src/base/bytes.ts";
import type { Key } from "../../../src/base/ids.ts";
import { spaceOfName } from "../../../src/cluster/keyspaces.ts";
import type { ShownValue } from "../../../src/command-store.ts";
import { GLANCE_BYTES_MAX } from "../../../src/commands/here/glance.ts";
import type { Shard } from "../../../src/core/shard/shard.ts";
import { CommandWorld } from "../../support/command-world.ts";
import { NAME, type PlacedWorldOptions } from "../../support/placed-world.ts";

/** Text, `undefined` where there is nothing, and false of what is left to the command. */
function glancedAt(world: CommandWorld, node: number, key: string): string | undefined | false {
  const shown: ShownValue = { view: new DataView(new ArrayBuffer(0)), at: 0, length: 0 };
  const bytes = bytesFromLatin1(`..${key}..`);
  const keyEnd = 2 + key.length;
  const words = { bytes: new DataView(bytes.buffer), keyStart: 2, keyEnd, valueStart: keyEnd, valueEnd: keyEnd };
  const plain = world.commandsOf(node).keyspace(NAME)?.plain;
  let isTold = false;
  plain?.together(() => {
    isTold = plain.glance(words, shown);
  });
  if (!isTold) return false;
  if (shown.length < 0) return undefined;
  return Buffer.from(shown.view.buffer, shown.view.byteOffset + shown.at, shown.length).toString("latin1");
}

async function begun(options: Partial<PlacedWorldOptions> = {}): Promise<CommandWorld> {
  const world = new CommandWorld({ seed: "glance", regions: ["eu"], settings: { replication: "all" }, ...options });
  await world.begin();
  return world;
}

test("shows short values, also such as expire later, and that there is none, as of what was deleted or has expired", async () => {
  const world = await begun();
  const client = world.at(0);
  const most = "x".repeat(GLANCE_BYTES_MAX);
  for (const line of ["set a 1", `set most ${most}`, `set more ${most}x`, "set gone 1", "del gone", "set e 1 px 500"])
    await client.do(line);
  const longKey = "k".repeat(300);
  await client.do(`set ${longKey} long`);
  const seen = () => ["a", "most", "more", "gone", "none", "e", longKey, ""].map((key) => glancedAt(world, 0, key));
  expect(seen()).toEqual(["1", most, false, undefined, undefined, "1", "long", false]);
  await world.run(600);
  expect(glancedAt(world, 0, "e")).toBeUndefined();
  await client.do("set a 2");
  expect(glancedAt(world, 0, "a")).toBe("2");
});

test("tells nothing while a shard is in quarantine", async () => {
  const world = await begun({ replica: { shards: 1 } });
  await world.at(0).do("set a 1");
  const [shard] = world.driver(0).replica.shards.in(spaceOfName(NAME)) as [Shard];
  expect(glancedAt(world, 0, "a")).toBe("1");
  vi.spyOn(shard, "quarantined", "get").mockReturnValue(true);
  expect(glancedAt(world, 0, "a")).toBe(false);
});

test("tells nothing of what is no mere value: collections, what was added to, what carries tags, keys that are too long", async () => {
  const world = await begun({ replica: { shards: 1 } });
  const client = world.at(0);
  await client.do("set number 1");
  await world.do(world.store(0).put("tagged" as Key, bytesFromLatin1("1"), { tags: ["t"] }));
  expect(["number", "tagged", "none"].map((key) => glancedAt(world, 0, key))).toEqual(["1", false, undefined]);
  await client.do("hset hash f 1");
  await client.do("set other 2");
  const seen = () => ["number", "hash", "other", "none"].map((key) => glancedAt(world, 0, key));
  expect(seen()).toEqual(["1", false, "2", undefined]);
  await client.do("incr number");
  expect(seen()).toEqual([false, false, "2", undefined]);
  expect(glancedAt(world, 0, "k".repeat(2000))).toBe(false);
});

test("tells nothing while somebody writes keys in turns, nor where not all keys are kept", async () => {
  const world = await begun({ regions: ["eu", "eu", "eu"] });
  const client = world.at(0);
  await client.do("set a 1");
  await world.do(Promise.resolve(client.ask(`sadd many ${Array.from({ length: 6000 }, (_, i) => `m${i}`).join(" ")}`)));
  expect(glancedAt(world, 0, "a")).toBe("1");
  const storing = client.ask("sunionstore copy many");
  expect(glancedAt(world, 0, "a")).toBe(false);
  await world.do(Promise.resolve(storing));
  expect(glancedAt(world, 0, "a")).toBe("1");
  const apart = await begun({ regions: ["eu", "eu", "eu"], settings: { replication: 1 } });
  for (const node of [0, 1, 2]) expect(glancedAt(apart, node, "a")).toBe(false);
});

test("tells nothing of a value that is on disk only", async () => {
  const world = await begun({ replica: SCANT_MEMORY });
  const value = "v".repeat(100);
  const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
  for (const key of keys) await world.at(0).do(`set ${key} ${value}${key}`);
  await world.run(1000);
  const told = keys.map((key) => glancedAt(world, 0, key));
  for (const [i, key] of keys.entries()) expect([`${value}${key}`, false]).toContain(told[i]);
  expect(told).toContain(false);
});
