/** Commands that write many members take turns, and are atomic to all who name the same keys. */

import { expect, test } from "vitest";
import { latin1FromBytes } from "../../../src/base/bytes.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { plainReply, type Reply } from "../../../src/command-reply.ts";
import type { CommandClient } from "../../../src/command-store.ts";
import { SpaceCommands } from "../../../src/commands/here/space-commands.ts";
import type { Blocking } from "../../../src/commands/rows/blocking.ts";
import type { CommandRow } from "../../../src/commands/rows/command-row.ts";
import { LOOKED_MAX } from "../../../src/commands/workspace/turn-bounds.ts";
import type { Workspace } from "../../../src/commands/workspace/workspace.ts";
import { parsed } from "../../support/command-world.ts";
import { PlacedWorld, SPACE } from "../../support/placed-world.ts";

const MANY = 6000;

async function started() {
  const placed = new PlacedWorld({ seed: "writes", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const commands = new SpaceCommands(placed.driver(0).commandHost, SPACE, new SeededRandom("writes"));
  const run = (line: string, client: CommandClient = { lastWrite: undefined }) => {
    const { words, facts } = parsed(line);
    return commands.run(words, facts, client);
  };
  const begun = (line: string) => Promise.resolve(run(line));
  // As another replica would: it does not wait for what is done here.
  const elsewhere = new SpaceCommands(placed.driver(0).commandHost, SPACE, new SeededRandom("elsewhere"));
  const runElsewhere = (line: string) => {
    const { words, facts } = parsed(line);
    return elsewhere.run(words, facts, { lastWrite: undefined });
  };
  return { placed, commands, run, begun, runElsewhere };
}

const all = (each: (i: number) => string): string => Array.from({ length: MANY }, (_, i) => each(i)).join(" ");
const integer = (value: number): Reply => ({ type: "integer", value });

test("who names a key that is being written waits until that is done, in the order of coming, and nobody else does", async () => {
  const { placed, commands, run, begun } = await started();
  run(`sadd a ${all((i) => `a${i}`)}`);
  run(`sadd b ${all((i) => `b${i}`)}`);
  run("set other x");
  const storing = begun("sunionstore d a b");
  const counting = begun("scard d");
  const adding = begun("sadd a new");
  const asOne = Promise.resolve(commands.runAll([parsed("scard d"), parsed("sadd d e")], [], { lastWrite: undefined }));
  const last = begun("scard d");
  expect(run("get other")).toMatchObject({ type: "bulk" });
  expect(run("scard c")).toEqual(integer(0));
  expect(await placed.do(storing)).toEqual(integer(2 * MANY));
  expect(await placed.do(counting)).toEqual(integer(2 * MANY));
  expect(await placed.do(adding)).toEqual(integer(1));
  expect(await placed.do(asOne)).toMatchObject({ items: [integer(2 * MANY), integer(1)] });
  expect(await placed.do(last)).toEqual(integer(2 * MANY + 1));
  expect(run("scard a")).toEqual(integer(MANY + 1));
});

test("two that store under one key do so one after the other", async () => {
  const { placed, run, begun } = await started();
  run(`sadd a ${all((i) => `a${i}`)}`);
  run(`sadd b ${all((i) => `b${i}`)}`);
  const [first, second] = [begun("sunionstore d a"), begun("sunionstore d b")];
  expect(await placed.do(first)).toEqual(integer(MANY));
  expect(await placed.do(second)).toEqual(integer(MANY));
  expect(run("scard d")).toEqual(integer(MANY));
  expect(run("sismember d b7")).toEqual(integer(1));
});

test("what is taken is answered, and nothing is taken where there is no room for that", async () => {
  const { placed, run } = await started();
  run(`rpush l ${all((i) => `${i}${"v".repeat(100)}`)}`);
  let isFull = true;
  const room = async (): Promise<void> => {
    if (isFull) throw new Error("none is left");
  };
  const pop = () => placed.do(Promise.resolve(run("lpop l 5000", { lastWrite: undefined, room })));
  expect(await pop()).toMatchObject({ type: "error" });
  expect(run("llen l")).toEqual(integer(MANY));
  isFull = false;
  const taken = plainReply(await pop());
  expect("items" in taken && taken.items.length).toBe(5000);
  expect(run("llen l")).toEqual(integer(MANY - 5000));
});

test("what others write into what is renamed meanwhile goes along, or stays under the old name", async () => {
  const { placed, run, begun, runElsewhere } = await started();
  run(`hset h ${all((i) => `f${i} ${i}`)}`);
  const renaming = begun("rename h h2");
  const fields = [...Array(MANY).keys()].map((i) => `f${i}`);
  runElsewhere(`hset h ${fields.map((field) => `${field} changed`).join(" ")}`);
  runElsewhere("hdel h f1 f2 f3");
  runElsewhere("hset h new 1");
  expect(await placed.do(renaming)).toEqual({ type: "status", text: "OK" });
  expect(run("hlen h")).toEqual(integer(1));
  expect(run("hexists h new")).toEqual(integer(1));
  const values = plainReply(await placed.do(begun("hvals h2")));
  if (!("items" in values)) throw new Error("no list");
  const changed = values.items.filter((item) => item.type === "bulk" && latin1FromBytes(item.value) === "changed");
  // Who had been copied before they were removed there are as good as added again.
  expect(changed.length).toBeGreaterThanOrEqual(MANY - 3);
  expect(values.items.length).toBeLessThanOrEqual(MANY);
});

test("what runs as one takes, moves and stores a bounded number of members, and beyond that none", async () => {
  const { commands, run } = await started();
  const client = { lastWrite: undefined };
  run(`rpush l ${all((i) => `${i}`)}`);
  run(`sadd s ${all((i) => `${i}`)}`);
  run(`zadd z ${all((i) => `${i} ${i}`)}`);
  const looks = Array.from({ length: 33 }, () => parsed("smembers s"));
  const lines = [
    "lpop l 5000",
    "lmpop 1 l left count 5000",
    "ltrim l 0 9",
    "lrem l 0 none",
    "spop s 5000",
    "zpopmin z 5000",
  ];
  const beside = ["zmpop 1 z min count 5000", "rename s new", "renamenx s new", "copy s new", "zrangestore new z 0 -1"];
  const stores = ["zunionstore new 1 z", "zinterstore new 2 s z", "zdiffstore new 2 s z", "zintercard 2 s z"];
  for (const line of [...lines, ...beside, ...stores, "zunion 1 z", "zremrangebyrank z 0 5000"]) {
    const replies = commands.runAll([...looks, parsed(line)], [], client) as Extract<Reply, { type: "array" }>;
    const last = replies.items.at(-1);
    expect(last, line).toMatchObject({ type: "error", text: expect.stringContaining("keys and members") });
  }
  for (const line of ["llen l", "scard s", "zcard z"]) expect(run(line), line).toEqual(integer(MANY));
  expect(run("exists new")).toEqual(integer(0));
});

test.each([
  ["blmpop 0 1 k left count 1000000", "list"],
  ["bzmpop 0 1 k min count 1000000", "zset"],
])("who has waited for many takes as many as may be looked at in one turn: %s", (line, type) => {
  let size = 0;
  const looks: number[] = [];
  const lookAt = (members: number): void => {
    looks.push(members);
    if (members > 1) throw new Error("seen");
  };
  const sets = { at: () => ({ size, between: () => [] }) };
  const collections = { count: () => size };
  const workspace = {
    typeOf: () => type,
    collections,
    sortedSets: sets,
    lookAt,
    takeRoom: () => {},
  } as unknown as Workspace;
  const { words, facts } = parsed(line);
  let blocking: unknown;
  try {
    (facts as CommandRow).run?.(workspace, words);
  } catch (error) {
    blocking = error;
  }
  size = 300_000;
  expect(() => (blocking as Blocking).awaited.take(workspace)).toThrow("seen");
  expect(looks).toEqual([LOOKED_MAX]);
});

test("others are carried out while many are removed", async () => {
  const { placed, run, begun } = await started();
  run(`rpush l ${all((i) => `${i}`)}`);
  const trimming = begun("ltrim l 5000 5009");
  let isDone = false;
  trimming.then(() => {
    isDone = true;
  });
  await Promise.resolve();
  expect(run("set other 1")).toEqual({ type: "status", text: "OK" });
  expect(isDone).toBe(false);
  await placed.do(trimming);
  expect(run("llen l")).toEqual(integer(10));
});
