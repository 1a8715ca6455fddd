/** Commands that a client sends together to a replica that keeps nothing of their keys: one message each group of replicas, in order. */

import { describe, expect, it } from "vitest";
import type { ReplicaId } from "../../../src/base/ids.ts";
import type { AnswerPlace } from "../../../src/command-store.ts";
import { type CommandsAt, CommandWorld, shown } from "../../support/command-world.ts";

async function four(seed: string, replication = 2, latencyMs = 1): Promise<CommandWorld> {
  const regions = ["eu", "eu", "eu", "eu"];
  const placed = new CommandWorld({ seed, regions, settings: { replication }, quality: () => ({ latencyMs }) });
  await placed.begin();
  return placed;
}

/** A client that does not wait for answers. */
function eager(placed: CommandWorld, node: number): CommandsAt {
  const at = placed.at(node);
  const place: AnswerPlace = { unreadBytes: 0, isNext: true, reached: async () => {}, answered: () => {} };
  Object.assign(at.client, { goesOn: () => place });
  return at;
}

/** What all of them answer, sent in one go. */
async function together(placed: CommandWorld, at: CommandsAt, lines: readonly string[]): Promise<readonly unknown[]> {
  const replies = lines.map((line) => at.ask(line));
  return (await placed.do(Promise.all(replies))).map(shown);
}

/** Requests of others that the owners of the keys here have carried out. */
function served(placed: CommandWorld): number {
  const statistics = [0, 1].flatMap((node) => placed.driver(node).statistics());
  const counts = statistics.filter(({ name }) => name === "requests_served_total");
  return counts.reduce((sum, { samples }) => sum + (samples[0]?.value ?? 0), 0);
}

describe("commands that a client sends together", () => {
  it("go in one message to each group of replicas, and keep their order for each key", async () => {
    const placed = await four("together");
    const [a, b, own] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1), placed.keyOf([2, 3])];
    const client = eager(placed, 2);
    const before = served(placed);
    const lines = Array.from({ length: 20 }, () => [`incr ${a}`, `append ${b} x`, `incr ${own}`]).flat();
    const answers = Array.from({ length: 20 }, (_, i) => [i + 1, i + 1, i + 1]).flat();
    expect(await together(placed, client, lines)).toEqual(answers);
    expect(served(placed) - before).toBe(1);
  });

  it("are each answered by themselves: the error of one stops none", async () => {
    const placed = await four("errors");
    const [a, b] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1)];
    const client = eager(placed, 2);
    const lines = [
      `set ${a} x`,
      `incr ${a}`,
      `lpush ${a} y`,
      `get ${a}`,
      `blpop ${b} 0`,
      `eval error('no') 1 ${b}`,
      `set ${b} 1`,
    ];
    expect(await together(placed, client, lines)).toEqual([
      "OK",
      "-ERR value is not an integer or out of range",
      expect.stringMatching("-WRONGTYPE"),
      "x",
      null,
      expect.stringMatching("-ERR"),
      "OK",
    ]);
  });

  it("are as many messages as their bytes take, on their way and back", async () => {
    const placed = await four("long");
    const keys = Array.from({ length: 12 }, (_, i) => placed.keyOf([0, 1], i));
    const client = eager(placed, 2);
    const long = "v".repeat(15_000);
    expect(
      await together(
        placed,
        client,
        keys.map((key) => `set ${key} ${long}`),
      ),
    ).toEqual(keys.map(() => "OK"));
    const appends = keys.flatMap((key) => Array.from({ length: 4 }, () => `append ${key} ${long}`));
    await together(placed, client, appends);
    const before = served(placed);
    const pairs = keys.flatMap((key) => [`get ${key}`, `strlen ${key}`]);
    expect(await together(placed, client, pairs)).toEqual(keys.flatMap(() => [long.repeat(5), 75_000]));
    const messages = served(placed) - before;
    expect(messages).toBeGreaterThan(1);
    expect(messages).toBeLessThan(8);
  });

  it("wait for those before them where their keys are apart, or all keys are meant, and so do those behind these", async () => {
    const placed = await four("barriers", 1);
    const [a, b, c] = [placed.keyOf([0]), placed.keyOf([1]), placed.keyOf([2])];
    const client = eager(placed, 2);
    const lines = [`set ${a} 1`, `set ${b} 2`, `set ${c} 3`, `mget ${a} ${b} ${c}`];
    expect(await together(placed, client, lines)).toEqual(["OK", "OK", "OK", ["1", "2", "3"]]);
    expect(await together(placed, client, [`append ${a} 1`, "dbsize", `append ${b} 1`])).toEqual([2, 3, 2]);
    expect(await together(placed, client, [`set ${a} 5`, "flushdb"])).toEqual(["OK", "OK"]);
    expect(await together(placed, client, [`incr ${a}`, `incr ${b}`])).toEqual([1, 1]);
  });

  it("run the scripts that were known when they were sent, whatever is sent behind them", async () => {
    const placed = await four("scripts");
    const key = placed.keyOf([0, 1]);
    const client = eager(placed, 2);
    const sha = await client.do("script load return(redis.call('incr',KEYS[1]))");
    const lines = [`evalsha ${sha} 1 ${key}`, "script flush", `get ${key}`];
    expect(await together(placed, client, lines)).toEqual([1, "OK", "1"]);
  });

  it("are carried out here where no owner can be reached", async () => {
    const placed = await four("guest");
    const key = placed.keyOf([0, 1]);
    placed.cut([2, 3], [0, 1]);
    await placed.run(8000);
    expect(await together(placed, eager(placed, 2), [`incr ${key}`, `incr ${key}`, `get ${key}`])).toEqual([1, 2, "2"]);
  });
});

describe("commands that were sent together to an owner that dies", () => {
  it("are of unknown outcome where they may write, are carried out once, and read of another where they only read", async () => {
    const placed = await four("dies", 2, 50);
    const [a, b] = [placed.keyOf([0, 1]), placed.keyOf([0, 1], 1)];
    await placed.at(2).do(`set ${b} here`);
    await placed.run(3000);
    const client = eager(placed, 2);
    placed.cut([0], [2]);
    await placed.run(8000);
    const answers = together(placed, client, [`incr ${a}`, `get ${b}`, `incr ${a}`]);
    await placed.run(70);
    placed.cut([1], [2]);
    placed.heal([0], [2]);
    const unknown = expect.stringMatching(/^-UNKNOWN replica r1.* may have carried/);
    expect(await answers).toEqual([unknown, "here", unknown]);
    placed.heal([1], [2]);
    await placed.run(15_000);
    expect(await client.do(`get ${a}`)).toBe("2");
  });

  it("are carried out by another where the first had not been sent anything", async () => {
    const placed = await four("gone before");
    const key = placed.keyOf([0, 1]);
    for (const gone of [0, 1]) {
      placed.cut([gone], [2]);
      while (placed.driver(2).replica.isLinked(`r${gone}` as ReplicaId)) await placed.run(10);
      const client = eager(placed, 2);
      expect(await together(placed, client, [`set ${key} 1`, `incr ${key}`])).toEqual(["OK", 2]);
      placed.heal([gone], [2]);
      await placed.run(15_000);
    }
  });
});

describe("commands that are sent together while those who keep their keys change", () => {
  it("are each carried out: none is refused for the keys of the others", async () => {
    const regions = ["eu", "eu", "eu", "eu", "eu"];
    const quality = () => ({ latencyMs: 20 });
    const placed = new CommandWorld({ seed: "move", regions, settings: { replication: 1 }, quality });
    await placed.begin([0, 1, 2, 3]);
    const keys = Array.from({ length: 24 }, (_, i) => `k${i}`);
    const before = keys.map((key) => placed.ownersOf(key, 3).join());
    placed.world.node(4).start();
    const asked: Promise<unknown>[] = [];
    const lines = Array.from(
      { length: 400 },
      (_, i) => `${i % 2 ? "get" : "append"} ${keys[i % 24]}${i % 2 ? "" : " v"}`,
    );
    const hasMoved = () => keys.some((key, i) => placed.ownersOf(key, 3).join() !== before[i]);
    while (!hasMoved()) {
      const client = eager(placed, 3);
      asked.push(...lines.map((line) => Promise.resolve(client.ask(line)).then(shown)));
      await placed.run(10);
      if (placed.world.node(4).replica !== undefined) placed.commandsOf(4);
    }
    const answers = await placed.do(Promise.all(asked));
    expect(answers.filter((answer) => typeof answer === "string" && answer.startsWith("-"))).toEqual([]);
  });
});
