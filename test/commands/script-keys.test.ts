/** Scripts on what is not in memory: what they name is brought back before they begin, and what they do not name as they come to it. */

import { expect, test } from "vitest";
import { SCANT_MEMORY } from "../../simulations/scenarios/scant-memory.ts";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import type { Key } from "../../src/base/ids.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { integerReply, type Reply } from "../../src/command-reply.ts";
import type { CommandClient } from "../../src/command-store.ts";
import { commandTable } from "../../src/commands/command-table.ts";
import { SpaceCommands } from "../../src/commands/here/space-commands.ts";
import { KIND_PLAIN } from "../../src/core/record/kind.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";
import { scriptEngine } from "../support/script-engine.ts";

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);
const VALUE = "v".repeat(100);

async function started(seed: string) {
  const regions = ["eu", "eu"];
  const placed = new PlacedWorld({ seed, regions, settings: { replication: "all" }, replica: SCANT_MEMORY });
  await placed.begin([0, 1]);
  for (const key of KEYS) await placed.put(0, key, VALUE + key);
  await placed.run(1000);
  const commands = new SpaceCommands(placed.driver(1).commandHost, SPACE, new SeededRandom(seed), {
    scripts: scriptEngine(),
  });
  const published: string[] = [];
  const client: CommandClient = {
    lastWrite: undefined,
    carryOut: (words) => {
      published.push(words.map((word) => latin1FromBytes(word)).join(" "));
      return integerReply(0);
    },
  };
  const run = (...words: string[]): Promise<Reply> => {
    const facts = commandTable.get(words[0] as string);
    if (facts === undefined) throw new Error(`no such command: ${words[0]}`);
    return placed.do(Promise.resolve(commands.run(words.map(bytesFromLatin1), facts, client)));
  };
  const { replica } = placed.driver(1);
  const [a = "", b = ""] = KEYS.filter((key) => {
    const shard = replica.shardOfKey(key as Key, SPACE);
    return shard.isAway(shard.find(KIND_PLAIN, key as Key));
  });
  expect(b).not.toBe("");
  return { run, a, b, published };
}

test("what is among its keys may be read behind a write", async () => {
  const { run, a, b } = await started("script-keys");
  const text = "redis.call('set', 'fresh', 1) return {redis.call('get', KEYS[1]), redis.call('get', KEYS[2])}";
  expect(await run("eval", text, "2", a, b)).toEqual({
    type: "array",
    items: [a, b].map((key) => ({ type: "bulk", value: bytesFromLatin1(VALUE + key) })),
  });
});

test("what is not is brought back where nothing was written yet, and the script begins again", async () => {
  const { run, a, b } = await started("script-others");
  const text = `return {redis.call('get', '${a}'), pcall(redis.call, 'get', '${b}')}`;
  expect(await run("eval", text, "0")).toMatchObject({
    type: "array",
    items: [{ value: bytesFromLatin1(VALUE + a) }, { value: 1 }, { value: bytesFromLatin1(VALUE + b) }],
  });
});

test("what is not ends a script that has written", async () => {
  const { run, a } = await started("script-late");
  const text = `redis.call('set', 'kept', 1) return redis.call('get', '${a}')`;
  const reply = await run("eval", text, "0");
  expect(reply.type === "error" && reply.text).toContain("a key that is not among its KEYS");
  expect(await run("get", "kept")).toEqual({ type: "bulk", value: bytesFromLatin1("1") });
});

test("what is not ends a script that has published, since it would do so again", async () => {
  const { run, a, b, published } = await started("script-publishes");
  const publish = (key: string): string => `redis.call('publish', 'c', 'm') return redis.call('get', '${key}')`;
  const reply = await run("eval", publish(a), "0");
  expect(reply.type === "error" && reply.text).toContain("a key that is not among its KEYS");
  expect(await run("eval", publish(b).replace(`'${b}'`, "KEYS[1]"), "1", b)).toMatchObject({ type: "bulk" });
  expect(published).toEqual(["publish c m", "publish c m"]);
  const echo = `redis.call('echo', 'm') return redis.call('get', '${a}')`;
  expect(await run("eval", echo, "0")).toMatchObject({ type: "bulk" });
});
