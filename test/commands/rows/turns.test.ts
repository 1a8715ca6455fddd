/** Commands about all keys take turns with others, and are refused where they would have to be done in one. */

import { expect, test } from "vitest";
import { SeededRandom } from "../../../src/base/random.ts";
import type { Reply } from "../../../src/command-reply.ts";
import type { CommandClient } from "../../../src/command-store.ts";
import { SpaceCommands } from "../../../src/commands/here/space-commands.ts";
import { parsed } from "../../support/command-world.ts";
import { PlacedWorld, SPACE } from "../../support/placed-world.ts";

const CLIENT: CommandClient = { lastWrite: undefined };

async function started(keys: number) {
  const placed = new PlacedWorld({ seed: "turns", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const commands = new SpaceCommands(placed.driver(0).commandHost, SPACE, new SeededRandom("turns"));
  const run = (line: string, client = CLIENT) => {
    const { words, facts } = parsed(line);
    return commands.run(words, facts, client);
  };
  for (let i = 0; i < keys; i += 500) {
    const pairs = Array.from({ length: Math.min(500, keys - i) }, (_, j) => `key:${i + j} x`);
    run(`mset ${pairs.join(" ")}`);
  }
  return { placed, commands, run };
}

const lengthOf = (reply: Reply): number => (reply.type === "array" ? reply.items.length : -1);

test("KEYS gives every key that stays, and others are carried out between its turns", async () => {
  const { placed, run } = await started(25_000);
  const keys = Promise.resolve(run("keys key:*"));
  let isDone = false;
  keys.then(() => {
    isDone = true;
  });
  await Promise.resolve();
  expect(run("set other 1")).toEqual({ type: "status", text: "OK" });
  expect(isDone).toBe(false);
  const reply = await placed.do(keys);
  expect(lengthOf(reply)).toBe(25_000);
  expect(lengthOf(await placed.do(Promise.resolve(run("keys key:1?"))))).toBe(10);
});

test("KEYS asks for room for all that it answers, and ends where there is none", async () => {
  const { placed, run } = await started(5_000);
  let asked = 0;
  const room = async (bytes: number): Promise<void> => {
    asked += bytes;
    if (asked > 500_000) throw new Error("none is left");
  };
  expect(await placed.do(Promise.resolve(run("keys key:*", { lastWrite: undefined, room })))).toMatchObject({
    type: "error",
  });
  expect(asked).toBeGreaterThan(500_000);
});

test("FLUSHDB removes all there is, in turns", async () => {
  const { placed, run } = await started(5_000);
  const flushing = Promise.resolve(run("flushdb"));
  expect(run("dbsize")).toEqual({ type: "integer", value: 4_500 });
  expect(await placed.do(flushing)).toEqual({ type: "status", text: "OK" });
  expect(run("dbsize")).toEqual({ type: "integer", value: 0 });
});

test("what runs as one looks at a bounded number of keys, and FLUSHDB removes all or none", async () => {
  const { placed, commands, run } = await started(5_000);
  const all = async (lines: readonly string[]) =>
    itemsOf(await placed.do(Promise.resolve(commands.runAll(lines.map(parsed), [], CLIENT))));
  const many = await all(Array.from({ length: 100 }, () => "keys *"));
  expect(lengthOf(many[0] as Reply)).toBe(5_000);
  expect(many.at(-1)).toMatchObject({ type: "error", text: expect.stringContaining("look at no more than") });
  const scans = await all([...Array.from({ length: 100 }, () => "scan 0 count 10000"), "flushdb"]);
  expect(scans.at(-1)).toMatchObject({ type: "error" });
  expect(run("dbsize")).toEqual({ type: "integer", value: 5_000 });
  expect(await all(["flushdb"])).toEqual([{ type: "status", text: "OK" }]);
});

test("DBSIZE counts many collections in turns, and what runs as one goes by the count that is kept", async () => {
  const { placed, commands, run } = await started(10);
  for (let i = 0; i < 5_000; i++) {
    run(`sadd s${i} a b`);
    if (i % 5 === 0) run(`srem s${i} a b`);
    if (i % 5 === 1) run(`del s${i}`);
    if (i % 50 === 1) run(`hincrby s${i} field 1`);
  }
  const expected = { type: "integer", value: 3_110 };
  const counting = Promise.resolve(run("dbsize"));
  let isDone = false;
  counting.then(() => {
    isDone = true;
  });
  await Promise.resolve();
  expect(isDone).toBe(false);
  expect(await placed.do(counting)).toEqual(expected);
  expect(itemsOf(commands.runAll([parsed("dbsize")], [], CLIENT) as Reply)).toEqual([expected]);
});

test("what runs as one goes through a bounded number of bytes", async () => {
  const { commands, run } = await started(0);
  run("setbit long 8000000 1");
  const all = (lines: readonly string[]) => itemsOf(commands.runAll(lines.map(parsed), [], CLIENT) as Reply);
  const bits = all(Array.from({ length: 300 }, (_, i) => `setbit long ${i} 1`));
  expect(bits[0]).toEqual({ type: "integer", value: 0 });
  expect(bits.at(-1)).toMatchObject({ type: "error", text: expect.stringContaining("go through at most") });
  const counts = all(Array.from({ length: 300 }, () => "bitcount long"));
  expect(counts.at(-1)).toMatchObject({ type: "error" });
  expect(run(`bitop and to ${"long ".repeat(300).trim()}`)).toMatchObject({ type: "error" });
});

function itemsOf(reply: Reply): readonly Reply[] {
  return reply.type === "array" ? reply.items : [];
}
