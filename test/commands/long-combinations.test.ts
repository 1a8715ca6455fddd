/** Commands that combine, draw, and search among many members take turns with others. */

import { expect, test } from "vitest";
import { SeededRandom } from "../../src/base/random.ts";
import { plainReply, type Reply } from "../../src/command-reply.ts";
import type { CommandClient } from "../../src/command-store.ts";
import { SpaceCommands } from "../../src/commands/here/space-commands.ts";
import { parsed } from "../support/command-world.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";

const MANY = 4200;
const all = (each: (i: number) => string): string => Array.from({ length: MANY }, (_, i) => each(i)).join(" ");

/** One for all: none leaves less than the next one needs. */
const world = started();

async function started() {
  const placed = new PlacedWorld({ seed: "combined", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const commands = new SpaceCommands(placed.driver(0).commandHost, SPACE, new SeededRandom("combined"));
  const run = (line: string, client: CommandClient = { lastWrite: undefined }) => {
    const { words, facts } = parsed(line);
    return commands.run(words, facts, client);
  };
  const fill = (): void => {
    run(`zadd z ${all((i) => `${i} m${i}`)}`);
    run(`rpush l ${all((i) => `e${i % 10}`)}`);
  };
  fill();
  run(`sadd s ${all((i) => `m${i}`)}`);
  run(`geoadd g ${all((i) => `${(i % 340) - 170} ${(i % 160) - 80} m${i}`)}`);
  run("sadd one x");
  return { placed, commands, run, fill };
}

const integer = (value: number): Reply => ({ type: "integer", value });

const LONG = [
  ...["zunion 2 z s", "zinter 2 z s withscores", "zdiff 2 z one", "zintercard 2 z s", "zunionstore d 2 z s"],
  ...["zmpop 1 z min count 4100", "lmpop 1 l left count 4100"],
  ...["bzmpop 0 1 z min count 4100", "blmpop 0 1 l left count 4100", "srandmember one -4200", "srandmember s -4200"],
  ...["zrandmember z -4200 withscores", "zrandmember z 4150", "geosearch g fromlonlat 0 0 byradius 25000 km asc"],
  ...["geosearchstore d g fromlonlat 0 0 byradius 25000 km", "georadius g 0 0 25000 km withdist"],
  ...["lpos l none", "lpos l none rank -1", "lpos l e7 count 0", "linsert l before none x"],
];

test("others are carried out amid each of them", async () => {
  const { placed, run, fill } = await world;
  for (const line of LONG) {
    const reply = Promise.resolve(run(line));
    let isDone = false;
    reply.then(() => {
      isDone = true;
    });
    await Promise.resolve();
    expect(run("set other 1"), line).toEqual({ type: "status", text: "OK" });
    expect(isDone, line).toBe(false);
    expect(await placed.do(reply), line).not.toMatchObject({ type: "error" });
    if (line.includes("mpop")) fill();
  }
});

test("what is combined is as it was when that began, whatever is written meanwhile", async () => {
  const { placed, run } = await world;
  const uniting = Promise.resolve(run("zunion 2 z s"));
  run("zrem z m1 m2");
  run("srem s m1");
  run("zadd z 1 new");
  const united = plainReply(await placed.do(uniting));
  if (!("items" in united)) throw new Error("no list");
  // Of each name one, also where it has gone from one of them, or came.
  const names = united.items.map((item) => (item.type === "bulk" ? Buffer.from(item.value).toString() : ""));
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain("m2");
  expect(names).not.toContain("new");
});

test("nobody sees a combination by halves, and who names one of what it is made of waits", async () => {
  const { placed, run, fill } = await world;
  fill();
  const storing = Promise.resolve(run("zunionstore d 2 z s"));
  const counting = Promise.resolve(run("zcard d"));
  const removing = Promise.resolve(run("zrem z m1"));
  const stored = await placed.do(storing);
  expect(await placed.do(counting)).toEqual(stored);
  expect(await placed.do(removing)).toEqual(integer(1));
});

test("what is drawn ends where nothing is left to be drawn", async () => {
  const { placed, run } = await world;
  run("sadd gone x");
  const drawing = Promise.resolve(run("srandmember gone -9000"));
  run("srem gone x");
  const drawn = plainReply(await placed.do(drawing));
  if (!("items" in drawn)) throw new Error("no list");
  expect(drawn.items.length).toBeGreaterThan(0);
  expect(drawn.items.length).toBeLessThan(9000);
});

test("no more is drawn than there is room for", async () => {
  const { placed, run } = await world;
  let asked = 0;
  const room = async (bytes: number): Promise<void> => {
    asked += bytes;
    if (asked > 2_000_000) throw new Error("none is left");
  };
  const reply = run("srandmember one -1000000000", { lastWrite: undefined, room });
  expect(await placed.do(Promise.resolve(reply))).toMatchObject({ type: "error" });
});

test("what runs as one draws and searches among a bounded number of members", async () => {
  const { commands } = await world;
  const client = { lastWrite: undefined };
  const lines = ["srandmember one -200000", "srandmember s 5", "geosearch g fromlonlat 0 0 byradius 25000 km", "get x"];
  const reply = commands.runAll(lines.map(parsed), [], client);
  const refused = { type: "error", text: expect.stringContaining("keys and members") };
  expect(reply).toMatchObject({ items: [{ type: "array" }, refused, refused, { type: "nothing" }] });
});
