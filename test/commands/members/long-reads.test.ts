/** Answers of many members are read in turns, and show what was there when they began. */

import { expect, test } from "vitest";
import { latin1FromBytes } from "../../../src/base/bytes.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { plainReply, type Reply } from "../../../src/command-reply.ts";
import type { CommandClient } from "../../../src/command-store.ts";
import { SpaceCommands } from "../../../src/commands/here/space-commands.ts";
import { parsed } from "../../support/command-world.ts";
import { PlacedWorld, SPACE } from "../../support/placed-world.ts";

const MANY = 10_000;
const CLIENT: CommandClient = { lastWrite: undefined };

async function started() {
  const placed = new PlacedWorld({ seed: "long", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const commands = new SpaceCommands(placed.driver(0).commandHost, SPACE, new SeededRandom("long"));
  const run = (line: string, client = CLIENT) => {
    const { words, facts } = parsed(line);
    return commands.run(words, facts, client);
  };
  const begun = (line: string) => Promise.resolve(run(line));
  const shown = async (reply: Promise<Reply>) => texts(await placed.do(reply));
  return { placed, commands, run, begun, shown };
}

const all = (each: (i: number) => string): string => Array.from({ length: MANY }, (_, i) => each(i)).join(" ");

function texts(reply: Reply): readonly string[] {
  const plain = plainReply(reply);
  if (!("items" in plain)) throw new Error(`no list: ${JSON.stringify(plain)}`);
  return plain.items.map((item) => (item.type === "bulk" ? latin1FromBytes(item.value) : JSON.stringify(item)));
}

test("a hash is read as it was when that began, but for what has gone meanwhile, and with what is new in its fields", async () => {
  const { run, begun, shown } = await started();
  run(`hset h ${all((i) => `f${i} ${i}`)}`);
  const before = await shown(begun("hkeys h"));
  const [first, last, lastButOne] = [before[0] as string, before.at(-1) as string, before.at(-2) as string];
  const reading = begun("hgetall h");
  run(`hdel h ${first} ${last}`);
  run(`hset h ${lastButOne} changed`);
  run("hset h new 1");
  const fields = await shown(reading);
  // The first had been read.
  expect(fields.filter((_, i) => i % 2 === 0)).toEqual(before.slice(0, -1));
  expect(fields.at(-1)).toBe("changed");
  expect(fields[1]).toBe(first.slice(1));
});

test("what was deleted as a whole is read no further, and what comes to its key is not shown", async () => {
  const { run, begun, shown } = await started();
  run(`sadd s ${all((i) => `m${i}`)}`);
  const reading = begun("smembers s");
  run("del s");
  run("sadd s other");
  const members = await shown(reading);
  expect(members.length).toBeGreaterThan(1000);
  expect(members.length).toBeLessThan(MANY);
  expect(members).not.toContain("other");
  expect(await shown(begun("smembers s"))).toEqual(["other"]);
});

test("a list is read in its order, without what is pushed and inserted meanwhile", async () => {
  const { run, begun, shown } = await started();
  run(`rpush l ${all((i) => `e${i}`)}`);
  const reading = begun("lrange l 10 -11");
  run("rpop l 100");
  run("lpush l pushed");
  run("rpush l pushed");
  run("linsert l after e9000 inserted");
  const elements = Array.from({ length: MANY - 110 }, (_, i) => `e${i + 10}`);
  expect(await shown(reading)).toEqual(elements);
});

test("a sorted set is read in the order that it had, downwards as well", async () => {
  const { run, begun, shown } = await started();
  run(`zadd z ${all((i) => `${i} m${i}`)}`);
  const upwards = begun("zrange z 0 -1");
  const downwards = begun("zrange z 0 -1 rev");
  run("zadd z -1 m9000 20000 m8000");
  const members = Array.from({ length: MANY }, (_, i) => `m${i}`);
  expect(await shown(upwards)).toEqual(members);
  expect(await shown(downwards)).toEqual([...members].reverse());
});

test("it asks for room for what it shows, and ends where there is none", async () => {
  const { placed, run } = await started();
  run(`hset h ${all((i) => `f${i} ${"v".repeat(200)}`)}`);
  let asked = 0;
  const room = async (bytes: number): Promise<void> => {
    asked += bytes;
    if (asked > 1_000_000) throw new Error("none is left");
  };
  const reply = await placed.do(Promise.resolve(run("hgetall h", { lastWrite: undefined, room })));
  expect(reply).toMatchObject({ type: "error" });
  expect(asked).toBeGreaterThan(1_000_000);
});

test("what runs as one reads a bounded number of members", async () => {
  const { commands, run } = await started();
  run(`sadd s ${all((i) => `m${i}`)}`);
  const replies = commands.runAll(
    Array.from({ length: 30 }, () => parsed("smembers s")),
    [],
    CLIENT,
  ) as Extract<Reply, { type: "array" }>;
  expect(texts(replies.items[0] as Reply)).toHaveLength(MANY);
  expect(replies.items.at(-1)).toMatchObject({ type: "error", text: expect.stringContaining("keys and members") });
});
