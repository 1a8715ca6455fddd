/** Who comes, or goes on, amid a command that writes in turns is carried out behind it (`key-gate.ts`). */

import { expect, test } from "vitest";
import { bytesFromLatin1, latin1FromBytes } from "../../src/base/bytes.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { plainReply, type Reply } from "../../src/command-reply.ts";
import type { CommandClient } from "../../src/command-store.ts";
import { SpaceCommands } from "../../src/commands/here/space-commands.ts";
import { ToldCommands } from "../../src/commands/here/told-commands.ts";
import type { KeyspaceHost } from "../../src/replica/local-keyspace.ts";
import { parsed } from "../support/command-world.ts";
import { PlacedWorld, SPACE } from "../support/placed-world.ts";
import { scriptEngine } from "../support/script-engine.ts";

const MANY = 6000;

async function started() {
  const placed = new PlacedWorld({ seed: "gate", regions: ["eu"], settings: { replication: "all" } });
  await placed.begin();
  const real = placed.driver(0).commandHost;
  /** What happens between two turns. */
  const between = { turns: (): void => {} };
  const host: KeyspaceHost = {
    ...{ replica: () => real.replica(), now: () => real.now(), step: (run) => real.step(run) },
    ...{ acknowledged: (outcome, options) => real.acknowledged(outcome, options) },
    ...{ catchUp: (dots, waitMs) => real.catchUp(dots, waitMs), status: () => real.status() },
    pause: (delayMs) => {
      between.turns();
      return real.pause(delayMs);
    },
  };
  const scripts = scriptEngine();
  const told = new ToldCommands();
  const commands = new SpaceCommands(host, SPACE, new SeededRandom("gate"), { scripts, told });
  const run = (line: string, client: CommandClient = { lastWrite: undefined }) => {
    const { words, facts } = parsed(line);
    return commands.run(words, facts, client);
  };
  const begun = (line: string, client?: CommandClient) => Promise.resolve(run(line, client));
  // Sees what is there whoever holds it.
  const beside = new SpaceCommands(real, SPACE, new SeededRandom("beside"));
  const countOf = (line: string): number => {
    const { words, facts } = parsed(line);
    const reply = beside.run(words, facts, { lastWrite: undefined });
    return "type" in reply && reply.type === "integer" ? Number(reply.value) : Number.NaN;
  };
  return { placed, commands, run, begun, between, countOf, told };
}

/** A client that waits for room until it is given. */
function inWant() {
  let isGiven = false;
  let give = (): void => {};
  const given = new Promise<void>((resolve) => {
    give = () => {
      isGiven = true;
      resolve();
    };
  });
  const client: CommandClient = { lastWrite: undefined, room: () => (isGiven ? Promise.resolve() : given) };
  return { client, give };
}

const blocking = (): CommandClient => ({ lastWrite: undefined, waits: { begin: () => {} } });
const all = (each: (i: number) => string): string => Array.from({ length: MANY }, (_, i) => each(i)).join(" ");
const integer = (value: number): Reply => ({ type: "integer", value });

function itemsOf(reply: Reply): readonly string[] {
  const plain = plainReply(reply);
  if (!("items" in plain)) throw new Error(`no list: ${plain.type}`);
  return plain.items.map((item) => (item.type === "bulk" ? latin1FromBytes(item.value) : JSON.stringify(item)));
}

test("a command that waited for room goes on behind one that has begun to write meanwhile", async () => {
  const { placed, run, begun, between } = await started();
  run(`rpush l ${all((i) => `${i}:${"v".repeat(1000)}`)}`);
  const { client, give } = inWant();
  const waiting = begun("lpop l 300", client);
  await Promise.resolve();
  const long = begun("lpop l 5000");
  between.turns = give;
  const taken = itemsOf(await placed.do(long));
  const behind = itemsOf(await placed.do(waiting));
  expect([taken.length, behind.length]).toEqual([5000, 300]);
  expect(new Set([...taken, ...behind]).size).toBe(5300);
  expect(run("llen l")).toEqual(integer(MANY - 5300));
});

test("a transaction that waited for room sees nothing of what is half removed, and disturbs nothing that is half stored", async () => {
  const { placed, commands, run, begun, between, countOf } = await started();
  run(`sadd a ${all((i) => `a${i}`)}`);
  run(`set big ${"x".repeat(200_000)}`);
  const asOne = async (...lines: string[]) => {
    const { client, give } = inWant();
    const reply = Promise.resolve(commands.runAll(lines.map(parsed), [], client));
    await Promise.resolve();
    return { reply, give };
  };
  const first = await asOne("scard a", "get big", "sadd a mine", "scard a");
  const popping = begun("spop a 5500");
  between.turns = () => {
    if (countOf("scard a") < 5500) first.give();
  };
  expect(itemsOf(await placed.do(popping)).length).toBe(5500);
  expect(await placed.do(first.reply)).toMatchObject({ items: [integer(500), {}, integer(1), integer(501)] });

  run(`sadd a ${all((i) => `a${i}`)}`);
  const second = await asOne("get big", "del d", "set d mine");
  const storing = begun("sunionstore d a");
  between.turns = () => {
    if (countOf("scard d") > 1000) second.give();
  };
  expect(await placed.do(storing)).toEqual(integer(MANY + 1));
  expect(await placed.do(second.reply)).toMatchObject({ items: [{}, integer(1), { type: "status" }] });
});

test("who waits for something to come is served of the whole, ahead of those who came for it later", async () => {
  const { placed, run, begun } = await started();
  run(`zadd z ${all((i) => `${i} m${i}`)}`);
  const first = begun("bzpopmax d 0", blocking());
  const second = begun("bzpopmax d 0", blocking());
  const storing = begun("zrangestore d z 0 -1");
  const later = begun("zpopmax d");
  expect(await placed.do(storing)).toEqual(integer(MANY));
  expect(itemsOf(await placed.do(first))[1]).toBe("m5999");
  expect(itemsOf(await placed.do(second))[1]).toBe("m5998");
  expect(itemsOf(await placed.do(later))[0]).toBe("m5997");

  run(`rpush l ${all((i) => `e${i}`)}`);
  const popping = begun("brpop l2 0", blocking());
  await placed.do(begun("rename l l2"));
  expect(itemsOf(await placed.do(popping))).toEqual(["l2", "e5999"]);
});

test("all keys are removed behind what is being stored, and nothing is stored by halves while they are", async () => {
  const { placed, commands, run, begun, between, countOf } = await started();
  const amid = (act: () => Promise<Reply>): Promise<Reply> =>
    new Promise((resolve) => {
      between.turns = () => {
        if (!(countOf("scard d") > 1000)) return;
        between.turns = () => {};
        resolve(act());
      };
    });
  const client: CommandClient = { lastWrite: undefined };
  const script = {
    words: ["eval", "return redis.call('flushdb')", "0"].map(bytesFromLatin1),
    facts: parsed("eval").facts,
  };
  const flushes: readonly (() => Promise<Reply>)[] = [
    () => begun("flushdb"),
    async () => commands.runAll([parsed("flushdb"), parsed("scard d")], [], client),
    async () => commands.run(script.words, script.facts, client),
  ];
  for (const flush of flushes) {
    run(`sadd a ${all((i) => `a${i}`)}`);
    const flushing = amid(flush);
    expect(await placed.do(begun("sunionstore d a"))).toEqual(integer(MANY));
    await placed.do(flushing);
    expect(run("dbsize")).toEqual(integer(0));
  }

  // Keys for several turns.
  run(`mset ${all((i) => `k${i} x`)}`);
  run(`sadd a ${all((i) => `a${i}`)}`);
  const flushing = begun("flushdb");
  const storing = begun("sunionstore d a");
  expect(run("set other x")).toEqual({ type: "status", text: "OK" });
  await placed.do(flushing);
  expect(await placed.do(storing)).toEqual(integer(0));
  expect(run("scard a")).toEqual(integer(0));
});

test("a script that comes to a key that is being stored begins again behind that, unless it has written", async () => {
  const { placed, commands, run, begun } = await started();
  run(`sadd a ${all((i) => `a${i}`)}`);
  const storing = begun("sunionstore d a");
  const counted = (text: string): Promise<Reply> =>
    Promise.resolve(
      commands.run(["eval", text, "0"].map(bytesFromLatin1), parsed("eval").facts, { lastWrite: undefined }),
    );
  const reading = counted("return redis.call('scard', 'd')");
  const writing = counted("redis.call('set', 'x', 1) return redis.call('scard', 'd')");
  expect(await writing).toMatchObject({ type: "error" });
  expect(await placed.do(storing)).toEqual(integer(MANY));
  expect(await placed.do(reading)).toEqual(integer(MANY));
});

test("one that fails on the way is told of once, with what it has done, and holds its keys no longer", async () => {
  const { placed, run, begun, between, countOf, told } = await started();
  run(`zadd z ${all((i) => `${i} m${i}`)}`);
  const heard: string[] = [];
  told.listener = ({ event, key }) => heard.push(`${event} ${key}`);
  between.turns = () => {
    if (countOf("zcard z") < 5000) throw new Error("the disk is gone");
  };
  const removing = begun("zremrangebyrank z 0 5500");
  expect(heard).toEqual([]);
  expect(await placed.do(removing)).toMatchObject({ type: "error" });
  expect(heard).toEqual(["zremrangebyrank z"]);
  expect(run("zcard z")).toMatchObject({ type: "integer" });
});
