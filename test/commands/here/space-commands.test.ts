/** Commands that read what is not in memory, or is too long to be copied without asking, wait for that and begin again. */

import { expect, test } from "vitest";
import { SCANT_MEMORY } from "../../../simulations/scenarios/scant-memory.ts";
import { bytesFromLatin1 } from "../../../src/base/bytes.ts";
import type { Key } from "../../../src/base/ids.ts";
import { SeededRandom } from "../../../src/base/random.ts";
import { arrayReply, NO_ARRAY, type Reply } from "../../../src/command-reply.ts";
import type { CommandClient } from "../../../src/command-store.ts";
import { commandTable } from "../../../src/commands/command-table.ts";
import { SpaceCommands } from "../../../src/commands/here/space-commands.ts";
import { KIND_PLAIN } from "../../../src/core/record/kind.ts";
import { ClientWrites } from "../../../src/doors/redis/client-writes.ts";
import type { Dot } from "../../../src/store.ts";
import { PlacedWorld, SPACE } from "../../support/placed-world.ts";

const KEYS = Array.from({ length: 60 }, (_, i) => `k${i}`);
const VALUE = "v".repeat(100);

async function started(seed: string) {
  const regions = ["eu", "eu"];
  const placed = new PlacedWorld({ seed, regions, settings: { replication: "all" }, replica: SCANT_MEMORY });
  await placed.begin([0, 1]);
  for (const key of KEYS) await placed.put(0, key, VALUE + key);
  await placed.run(1000);
  const commands = new SpaceCommands(placed.driver(1).commandHost, SPACE, new SeededRandom(seed));
  const client: CommandClient = { lastWrite: undefined };
  const run = (line: string, by = client): Reply | Promise<Reply> => commands.run(...parsed(line), by);
  const { replica } = placed.driver(1);
  const away = KEYS.filter((key) => {
    const shard = replica.shardOfKey(key as Key, SPACE);
    return shard.isAway(shard.find(KIND_PLAIN, key as Key));
  });
  expect(away.length).toBeGreaterThan(10);
  return { placed, commands, client, run, away };
}

function parsed(line: string) {
  const words = line.split(" ").map(bytesFromLatin1);
  const facts = commandTable.get(line.split(" ")[0] as string);
  if (facts === undefined) throw new Error(`no such command: ${line}`);
  return [words, facts] as const;
}

function textOf(reply: Reply): unknown {
  if (reply.type === "bulk") return Buffer.from(reply.value).toString("latin1");
  if (reply.type === "array") return reply.items.map(textOf);
  return reply.type === "integer" ? reply.value : reply;
}

test("what is on disk only is brought back, and what is told of a key without its value needs no disk", async () => {
  const { placed, run, away } = await started("commands-away");
  const [a = "", b = ""] = away;
  expect(textOf(run(`exists ${a}`) as Reply)).toBe(1);
  expect(textOf(run(`ttl ${a}`) as Reply)).toBe(-1);
  const reading = run(`get ${a}`);
  expect(reading).toBeInstanceOf(Promise);
  expect(textOf(await placed.do(reading as Promise<Reply>))).toBe(VALUE + a);
  const appending = run(`append ${b} !`);
  expect(textOf(await placed.do(appending as Promise<Reply>))).toBe(VALUE.length + b.length + 1);
  expect(await placed.get(1, b)).toBe(`${VALUE + b}!`);
});

test("a transaction begins once all that it is about is in memory, and then nothing comes between", async () => {
  const { placed, commands, client, away } = await started("commands-exec");
  const [a = "", b = ""] = away;
  const lines = [`set ${a} new`, `get ${b}`, `get ${a}`, "incr number"];
  const queued = lines.map((line) => {
    const [words, facts] = parsed(line);
    return { words, facts };
  });
  const done = commands.runAll(queued, [], client) as Promise<Reply>;
  expect(textOf(await placed.do(done))).toEqual([{ type: "status", text: "OK" }, VALUE + b, "new", 1]);
});

test("a long value is copied once there is room for it, and a transaction is not begun where a watched key has changed", async () => {
  const { placed, commands, client, run } = await started("commands-room");
  await placed.do(Promise.resolve(run(`set long ${"x".repeat(100_000)}`)));
  const asked: number[] = [];
  const room = async (bytes: number): Promise<void> => void asked.push(bytes);
  const reading = run("get long", { lastWrite: undefined, room });
  expect(String(textOf(await placed.do(Promise.resolve(reading)))).length).toBe(100_000);
  expect(asked).toHaveLength(1);
  const watched = commands.watch(["long" as Key, "none" as Key]);
  expect(commands.runAll([], watched, client)).toEqual(arrayReply([]));
  run("set none 1");
  expect(commands.runAll([], watched, client)).toEqual(NO_ARRAY);
});

test("WAIT counts the other replicas that have the last write of the client", async () => {
  const { placed, commands, client, run } = await started("commands-wait");
  run("set a 1");
  expect(await placed.do(commands.wait(client, 1, 5000))).toBe(1);
  placed.cut([1], [0]);
  await placed.run(100);
  run("set a 2");
  expect(await placed.do(commands.wait(client, 1, 300))).toBe(0);
});

test("a command of several keys writes none of them where one is no key", async () => {
  const { run } = await started("commands-sizes");
  const tooLong = "x".repeat(2000);
  expect(run(`mset fresh 1 ${tooLong} 2`)).toMatchObject({ type: "error" });
  expect(run("mset fresh 1  2")).toMatchObject({ type: "error" });
  expect(textOf(run("exists fresh") as Reply)).toBe(0);
  expect(run(`del k1 ${tooLong}`)).toMatchObject({ type: "error" });
  expect(textOf(run("exists k1") as Reply)).toBe(1);
});

test("WAIT counts those who have all that the client has written, into however many shards, and ends with the client", async () => {
  const { placed, commands, run } = await started("commands-wait-all");
  const writes = new ClientWrites();
  const gone = new AbortController();
  const client = {
    get lastWrite() {
      return undefined;
    },
    set lastWrite(dot: Dot | undefined) {
      if (dot !== undefined) writes.wrote(dot.shard, dot.origin, dot.sequence);
    },
    get written() {
      return writes.dots;
    },
    gone: gone.signal,
  };
  const { acks } = placed.driver(1).replica;
  placed.cut([1], [0]);
  await placed.run(100);
  run("set early 1", client);
  const [early] = writes.dots as readonly Dot[];
  placed.heal([1], [0]);
  await placed.run(5000);
  expect(await placed.do(commands.wait(client, 1, 300))).toBe(1);
  // The last write is had by all, one before it is not.
  placed.cut([1], [0]);
  await placed.run(100);
  for (let i = 0; writes.dots.length < 5; i++) run(`set other${i} 1`, client);
  const late = { ...client, lastWrite: early, written: [...(writes.dots as readonly Dot[]), early as Dot] };
  expect(await placed.do(commands.wait(late, 1, 300))).toBe(0);
  expect(await placed.do(commands.wait({ ...late, written: "all" }, 1, 300))).toBe(0);
  const waiting = commands.wait(late, 1, 0);
  expect(acks.waiting).toBeGreaterThan(0);
  gone.abort();
  expect(await placed.do(waiting)).toBe(0);
  expect(acks.waiting).toBe(0);
  placed.heal([1], [0]);
  expect(await placed.do(commands.wait({ ...late, written: "all" }, 1, 20_000))).toBe(1);
});

test("only so many clients wait for acknowledgements at once", async () => {
  const { placed, commands, client, run } = await started("commands-wait-many");
  placed.cut([1], [0]);
  await placed.run(100);
  run("set a 1");
  const waits = Array.from({ length: 4096 }, () => commands.wait(client, 1, 1000));
  await expect(commands.wait(client, 1, 1000)).rejects.toMatchObject({ code: "TOO_MANY_REQUESTS" });
  expect(await placed.do(Promise.all(waits))).toEqual(waits.map(() => 0));
});

test("many values that are away are brought back together, by one command and by a transaction", async () => {
  for (const isTransaction of [false, true]) {
    const { placed, commands, client, run, away } = await started(`commands-together-${isTransaction}`);
    const driver = placed.driver(1);
    const { recalls } = driver.replica;
    let waitingMost = 0;
    const want = recalls.want.bind(recalls);
    recalls.want = (...wanted) => {
      want(...wanted);
      waitingMost = Math.max(waitingMost, recalls.waiting);
    };
    const keys = away.slice(0, 8);
    const values = keys.map((key) => VALUE + key);
    if (isTransaction) {
      const queued = keys.map((key) => {
        const [words, facts] = parsed(`get ${key}`);
        return { words, facts };
      });
      expect(textOf(await placed.do(Promise.resolve(commands.runAll(queued, [], client))))).toEqual(values);
    } else expect(textOf(await placed.do(Promise.resolve(run(`mget ${keys.join(" ")}`))))).toEqual(values);
    expect(waitingMost).toBeGreaterThanOrEqual(7);
  }
});
