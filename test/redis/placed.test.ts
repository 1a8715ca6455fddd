/** Commands at a replica that keeps nothing, or a part, of a keyspace, over real ports: answered as by Redis, by who keeps the keys. */

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { StartConfig } from "../../src/node/node-config.ts";
import { answersOf } from "./case-answers.ts";
import { groupsOf } from "./case-text.ts";
import { collections } from "./cases/collections.ts";
import { hashes } from "./cases/hashes.ts";
import { keys } from "./cases/keys.ts";
import { lists } from "./cases/lists.ts";
import { sets } from "./cases/sets.ts";
import { sortedSetKeys } from "./cases/sorted-set-keys.ts";
import { sortedSets } from "./cases/sorted-sets.ts";
import { strings } from "./cases/strings.ts";
import { cluster, LONG, type Member } from "./placed-cluster.ts";
import { RespClient } from "./resp-client.ts";
import { hasRedis, type RedisServer, startRedis } from "./servers.ts";

const families = { strings, keys, collections, hashes, sets, lists, sortedSets, sortedSetKeys };

describe("a replica that keeps nothing of a keyspace", () => {
  let redis: RedisServer | undefined;
  let members: readonly Member[] = [];

  beforeAll(async () => {
    members = await cluster(["here", "there"]);
    redis = await startRedis();
  });

  afterAll(async () => {
    await Promise.all(members.map(({ node }) => node.stop()));
    await redis?.stop();
  });

  for (const [family, text] of Object.entries(families)) {
    test(`answers as Redis does: ${family}`, async ({ skip }) => {
      if (!hasRedis) skip("there is no redis-server on this machine (Debian: apt-get install redis-server)");
      for (const { name, cases } of groupsOf(text)) {
        const ours = await answersOf((members[1] as Member).port, "3", cases, "1");
        const theirs = await answersOf((redis as RedisServer).port, "3", cases, "1");
        expect(ours, name).toEqual(theirs);
      }
    });
  }
});

describe("a script at a replica that keeps nothing of its keys", () => {
  const tokens: StartConfig["tokens"] = [
    { token: "token-that-may-do-everything", scopes: ["read", "write", "admin"] },
    { token: "token-that-reads-under-app", scopes: ["read"], prefix: "app:" },
    { token: "token-of-app", scopes: ["read", "write"], prefix: "app:" },
  ];
  let members: readonly Member[] = [];
  const clients: Redis[] = [];

  beforeAll(async () => {
    members = await cluster(["here", "there"], { tokens });
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all(members.map(({ node }) => node.stop()));
  });

  function clientAt(member: number, token: number): Redis {
    const { port } = members[member] as Member;
    const client = new Redis({ port, db: 1, password: tokens[token]?.token ?? "", enableReadyCheck: false });
    clients.push(client);
    return client;
  }

  test("may do there what the token of its client allows, and no more", async () => {
    const [reader, app] = [clientAt(1, 1), clientAt(1, 2)];
    const answerOf = (answer: Promise<unknown>) => answer.catch(({ message }: Error) => message);
    const set = "return redis.call('SET', KEYS[1], ARGV[1])";
    expect(await app.eval(set, 1, "app:a", "v")).toBe("OK");
    expect(await answerOf(app.eval(set, 1, "other", "v"))).toMatch("NOPERM");
    expect(await answerOf(reader.eval(set, 1, "app:a", "w"))).toMatch("can't run this command");
    expect(await reader.eval("return redis.call('GET', KEYS[1])", 1, "app:a")).toBe("v");
    const strays = "return redis.call('GET', 'other')";
    for (const client of [reader, app])
      expect(await answerOf(client.eval(strays, 1, "app:a"))).toMatch("can't access at least one of the keys");
    const publishes = "return redis.call('PUBLISH', ARGV[1], 'x')";
    expect(await answerOf(app.eval(publishes, 1, "app:a", "other"))).toMatch("can't publish to the channel");
    expect(await answerOf(reader.eval(publishes, 1, "app:a", "app:news"))).toMatch("can't");
  });

  test("publishes from there, to whoever listens at either", async () => {
    const all = clientAt(1, 0);
    const heard: Promise<string>[] = [];
    for (const at of members.keys()) {
      const listener = clientAt(at, 0);
      await listener.subscribe("news");
      heard.push(new Promise((resolve) => listener.on("message", (_channel, message) => resolve(message))));
    }
    const script = "redis.call('SET', KEYS[1], 'v') return redis.call('PUBLISH', 'news', KEYS[1])";
    await vi.waitFor(async () => expect(await all.eval(script, 1, "app:told")).toBe(2), LONG);
    expect(await Promise.all(heard)).toEqual(["app:told", "app:told"]);
    const subscribes = "return redis.pcall('CLIENT', 'ID')";
    await expect(all.eval(subscribes, 1, "app:told")).rejects.toThrow("not allowed from script");
  });
});

describe("three replicas of which each keeps a part", () => {
  let members: readonly Member[] = [];
  let clients: readonly Redis[] = [];

  beforeAll(async () => {
    members = await cluster(["here", "here", "there"]);
    clients = members.map(({ port }) => new Redis({ port, db: 2, maxRetriesPerRequest: 0 }));
  });

  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all(members.map(({ node }) => node.stop()));
  });

  test("ioredis reads at each what it wrote at any, whatever the keys", async () => {
    const [one, two, three] = clients as [Redis, Redis, Redis];
    await one.flushdb();
    const names = Array.from({ length: 60 }, (_, i) => `key:${i}`);
    expect(await one.mset(names.flatMap((name) => [name, `of ${name}`]))).toBe("OK");
    for (const client of clients) {
      expect(await client.mget(names)).toEqual(names.map((name) => `of ${name}`));
      expect(await client.dbsize()).toBe(60);
      const found: string[] = [];
      for await (const page of client.scanStream({ match: "key:*", count: 10 })) found.push(...(page as string[]));
      expect(found.sort()).toEqual([...names].sort());
    }
    for (const client of clients) await client.incr("count");
    expect(await two.get("count")).toBe("3");
    await two.hset("hash", { a: "1", b: "\xff\r\n" });
    expect(await three.hgetall("hash")).toEqual({ a: "1", b: "\xff\r\n" });
    const answers = await three.pipeline().set("x", "1").incr("x").lpush("x", "y").get("x").exec();
    expect(answers?.map(([error, value]) => error?.message.split(" ")[0] ?? value)).toEqual([
      "OK",
      2,
      "WRONGTYPE",
      "2",
    ]);
    expect(await three.del(...names, "count", "none")).toBe(61);
  });

  test("a transaction of ioredis is carried out as a whole, or not begun", async () => {
    const [one, two] = clients as [Redis, Redis];
    for (const client of clients) {
      const done = await client.multi().set("{tag}a", "1").incr("{tag}a").get("{tag}b").exec();
      expect(done).toEqual([
        [null, "OK"],
        [null, 2],
        [null, null],
      ]);
    }
    const apart = one.multi();
    for (let i = 0; i < 20; i++) apart.set(`apart:${i}`, "1");
    await expect(apart.exec()).rejects.toThrow("CROSSSLOT");
    await expect(one.rename("apart:1", "apart:2")).rejects.toThrow(/CROSSSLOT|no such key/);
    for (const name of ["watched:1", "watched:2", "watched:3"]) {
      await one.watch(name);
      await two.set(name, "of another");
      expect(await one.multi().set(name, "mine").exec()).toBe(null);
      await one.watch(name);
      expect(await one.multi().set(name, "mine").exec()).toEqual([[null, "OK"]]);
      expect(await two.get(name)).toBe("mine");
    }
    expect(await one.wait(0, 100)).toBe(0);
  });

  /** What comes in one piece, wherever its keys are; as many answers as lines. */
  async function pipelined(client: RespClient, lines: readonly string[]): Promise<readonly unknown[]> {
    const first = client.raw(lines.map((line) => `${line}\r\n`).join(""));
    return Promise.all([first, ...lines.slice(1).map(() => client.raw(""))]);
  }

  test("a pipeline is answered in its order, and those with a key in common are carried out in theirs", async () => {
    const client = await RespClient.connect((members[2] as Member).port);
    await client.send("SELECT", "2");
    const lines = Array.from(
      { length: 900 },
      (_, i) => [`INCR n:${i % 30}`, `NOSUCH ${i}`, `GET n:${(i + 1) % 30}`][i % 3] as string,
    );
    const counts = new Map<string, number>();
    const expected = lines.map((line) => {
      const [name, key] = line.split(" ") as [string, string];
      if (name === "NOSUCH") return { error: expect.stringContaining(`'${key}'`) };
      const count = counts.get(key) ?? 0;
      if (name === "GET") return count === 0 ? null : String(count);
      counts.set(key, count + 1);
      return count + 1;
    });
    expect(await pipelined(client, lines)).toEqual(expected);
    await client.close();
  });

  test("what a pipeline says about its connection is done once all before it is answered", async () => {
    const client = await RespClient.connect((members[2] as Member).port);
    const keys = ["bar:1", "bar:2", "bar:3"];
    const sets = keys.map((key, i) => `SET ${key} ${i}`);
    const gets = keys.map((key) => `GET ${key}`);
    const all = [
      "SELECT 2",
      ...sets,
      "MULTI",
      `INCR ${keys[2]}`,
      "EXEC",
      ...gets,
      "SELECT 0",
      ...gets,
      "SELECT 2",
      ...gets,
    ];
    const ok = { status: "OK" };
    const none = keys.map(() => null);
    const values = ["0", "1", "3"];
    const done = [ok, ...keys.map(() => ok), ok, { status: "QUEUED" }, [3], ...values, ok, ...none, ok, ...values];
    expect(await pipelined(client, all)).toEqual(done);
    const waits = [
      ...gets,
      ...keys.map((key) => `BLPOP l${key} 0.05`),
      ...gets,
      "DBSIZE",
      "HELLO 3",
      ...gets,
      "DEL bar:1",
    ];
    const [, , , ...rest] = await pipelined(client, waits);
    expect(rest.slice(0, 6)).toEqual([...keys.map(() => ({ noArray: true })), ...values]);
    expect(rest.slice(8)).toEqual([...values, 1]);
    const last = await pipelined(client, [...gets, "*x", ...gets]);
    expect(last.slice(0, 5)).toEqual([
      null,
      "1",
      "3",
      { error: expect.stringContaining("Protocol error") },
      { closed: true },
    ]);
  });

  test("no more is passed on than a message holds, and the client is told", async () => {
    const [one, two, three] = clients as [Redis, Redis, Redis];
    const long = "v".repeat(9 * 1024 * 1024);
    for (const client of clients) expect(await client.set("{long}a", long)).toBe("OK");
    for (const client of [one, two]) await client.set("{long}b", long);
    const answers = await Promise.all(
      [one, two, three].map((client) =>
        client.mget("{long}a", "{long}b").then(String, (error: Error) => error.message),
      ),
    );
    // One of them keeps both.
    expect(answers.filter((answer) => answer.startsWith("ERR the answer is too long"))).toHaveLength(2);
    const writes = await Promise.all(
      clients.map((client) => client.mset("{long}a", long, "{long}b", long).catch((error: Error) => error.message)),
    );
    expect(writes.filter((answer) => answer.startsWith("ERR what is passed on"))).toHaveLength(2);
    expect(await three.get("{long}b")).toHaveLength(long.length);
  });
});
