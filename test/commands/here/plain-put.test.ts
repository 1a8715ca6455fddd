/** What is put as it was sent is what `SET` writes, or is left to that. */

import { expect, test } from "vitest";
import { bytesFromLatin1 } from "../../../src/base/bytes.ts";
import type { OriginId, ShardId } from "../../../src/base/ids.ts";
import type { PlainWords } from "../../../src/base/plain-words.ts";
import type { PlainKeys, PlainWriter } from "../../../src/command-store.ts";
import { PUT_BYTES_MAX } from "../../../src/commands/here/plain-put.ts";
import { CommandWorld } from "../../support/command-world.ts";
import { NAME, type PlacedWorldOptions } from "../../support/placed-world.ts";

function sent(key: string, value: string): PlainWords {
  const bytes = new DataView(bytesFromLatin1(`..${key}..${value}`).buffer);
  const keyEnd = 2 + key.length;
  return { bytes, keyStart: 2, keyEnd, valueStart: keyEnd + 2, valueEnd: keyEnd + 2 + value.length };
}

class Writer implements PlainWriter {
  last: readonly number[] = [];

  wrote(...dot: [ShardId, OriginId, number]): void {
    this.last = dot;
  }
}

function putIn(plain: PlainKeys | undefined, words: PlainWords, client: PlainWriter): boolean {
  let isPut = false;
  plain?.together(() => {
    isPut = plain.put(words, client);
  });
  return isPut;
}

async function begun(options: Partial<PlacedWorldOptions> = {}) {
  const world = new CommandWorld({ seed: "put", regions: ["eu", "eu"], settings: { replication: "all" }, ...options });
  await world.begin();
  const put = (key: string, value: string, client: PlainWriter = new Writer(), node = 0): boolean =>
    putIn(world.commandsOf(node).keyspace(NAME)?.plain, sent(key, value), client);
  return { world, put };
}

test("is read everywhere, over what was there, and the client is told which write it was", async () => {
  const { world, put } = await begun();
  await world.at(1).do("set e old px 100000");
  await world.run(100);
  const client = new Writer();
  for (const key of ["a", "e"]) expect(put(key, `${key}1`, client)).toBe(true);
  const first = client.last;
  expect(put("a", "", client)).toBe(true);
  expect(client.last).not.toEqual(first);
  expect(await world.at(0).wait(1, 100)).toBe(1);
  await world.run(100);
  for (const node of [0, 1]) {
    expect([await world.at(node).do("get a"), await world.at(node).do("get e")]).toEqual(["", "e1"]);
    expect(await world.at(node).do("ttl e")).toBe(-1);
  }
  expect(put("a", "theirs", client, 1)).toBe(true);
  await world.run(100);
  expect(await world.at(0).do("get a")).toBe("theirs");
});

test("is put under its own key where what lies in the same place was looked at ahead and not carried out", async () => {
  const { world } = await begun();
  const plain = world.commandsOf(0).keyspace(NAME)?.plain as PlainKeys;
  const run = [sent("a", "1"), sent("b", "2"), sent("c", "3")];
  const put = (words: PlainWords | undefined) => plain.put(words as PlainWords, new Writer());
  plain.together(() => {
    plain.lookAhead(run, run.length);
    expect([put(run[0]), put(run[2])]).toEqual([true, true]);
  });
  Object.assign(run[1] as PlainWords, sent("d", "4"));
  plain.together(() => expect(put(run[1])).toBe(true));
  const keys = ["a", "b", "c", "d"];
  expect(await world.at(0).do(`mget ${keys.join(" ")}`)).toEqual(["1", null, "3", "4"]);
});

test("is left to SET where it is long, or no mere value is there", async () => {
  const { world, put } = await begun({ replica: { shards: 1, valueBytesMax: 1000 } });
  const cases: readonly [string, string, boolean][] = [
    ["", "1", false],
    ["k".repeat(2000), "1", false],
    ["a", "v".repeat(1000), true],
    ["a", "v".repeat(1001), false],
  ];
  for (const [key, value, isPut] of cases) expect(put(key, value)).toBe(isPut);
  await world.at(0).do("incr number");
  expect([put("number", "1"), put("other", "1")]).toEqual([false, true]);
  const { put: putAnywhere } = await begun();
  expect(putAnywhere("a", "v".repeat(PUT_BYTES_MAX))).toBe(true);
  expect(putAnywhere("a", "v".repeat(PUT_BYTES_MAX + 1))).toBe(false);
  const other = await begun({ replica: { shards: 1 } });
  await other.world.at(0).do("hset hash f 1");
  expect([other.put("hash", "1"), other.put("other", "1")]).toEqual([false, true]);
  expect(await other.world.at(0).do("type hash")).toBe("hash");
});

test("is left to SET where values are to end, where somebody is told of commands, and amid one that takes turns", async () => {
  const ending = await begun({ settings: { replication: "all", defaultTtlMs: 1000 } });
  expect(ending.put("a", "1")).toBe(false);
  const { world, put } = await begun();
  await world.do(
    Promise.resolve(world.at(0).ask(`sadd many ${Array.from({ length: 6000 }, (_, i) => `m${i}`).join(" ")}`)),
  );
  expect(put("a", "1")).toBe(true);
  const storing = world.at(0).ask("sunionstore copy many");
  expect(put("a", "2")).toBe(false);
  await world.do(Promise.resolve(storing));
  expect(await world.at(0).do("get a")).toBe("1");
  const space = world.commandsOf(0).keyspace("default");
  const putThere = () => putIn(space?.plain, sent("a", "1"), new Writer());
  expect(putThere()).toBe(true);
  world.commandsOf(0).tellOf(() => {});
  expect(putThere()).toBe(false);
});

test("is refused by SET where there is no room, or nothing is kept here", async () => {
  const { world, put } = await begun();
  world.driver(0).replica.isDiskFull = () => true;
  expect(put("a", "1")).toBe(false);
  expect(await world.at(0).do("set a 1")).toMatch(/^-/);
  const apart = await begun({ settings: { replication: 1 } });
  expect(apart.put("a", "1")).toBe(false);
  const plain = world.commandsOf(0).keyspace(NAME)?.plain;
  world.driver(0).replica.isDiskFull = () => false;
  const puts = () => putIn(plain, sent("a", "1"), new Writer());
  expect(puts()).toBe(true);
  await world.do(world.driver(0).stop());
  expect(puts()).toBe(false);
});
