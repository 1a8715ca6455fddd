/** Clients that wait for elements of lists, here and on Redis: who is answered, with what, and in which order. */

import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { type Answer, RespClient } from "./resp-client.ts";
import { hasRedis, type RedisServer, startAtoll, startRedis } from "./servers.ts";

let redis: RedisServer | undefined;
let atoll: { readonly node: Node; readonly port: number };

beforeAll(async () => {
  atoll = await startAtoll();
  redis = await startRedis();
});

afterAll(async () => {
  await atoll.node.stop();
  await redis?.stop();
});

/** What is so in a moment, or never. */
const AT_ONCE = { timeout: 10_000, interval: 1 };

/** A client by a letter, then its words. Who is still waiting is asked for its answer by `?` in place of words. */
type Line = string;

const CONVERSATIONS: Readonly<Record<string, readonly Line[]>> = {
  "each gets one, in the order in which they came": [
    ...["a blpop l 0", "b blpop l 0", "c brpop l 0", "x rpush l 1 2 3 4", "a ?", "b ?", "c ?", "x lrange l 0 -1"],
  ],
  "whoever waits for several is answered from the one that comes": [
    ...[
      "a blpop k l m 0",
      "x rpush m 1",
      "a ?",
      "x exists m",
      "a brpop k l 0",
      "x lpush l 1 2",
      "a ?",
      "x lrange l 0 -1",
    ],
  ],
  "what one command pushes is there as a whole before it is taken": [
    ...["a brpop l 0", "b blmpop 0 2 k l right count 2", "x rpush l 1 2 3 4", "a ?", "b ?", "x lrange l 0 -1"],
  ],
  "what is moved on is there for others who wait": [
    ...["a blmove l m left right 0", "b blpop m 0", "x rpush l 1", "a ?", "b ?", "x exists l m"],
    ...["a brpoplpush l m 0", "x rpush l 2", "a ?", "x lrange m 0 -1"],
  ],
  "a transaction is over before anybody is answered": [
    ...["a blpop l 0", "x multi", "x rpush l 1 2", "x lpop l", "x exec", "a ?"],
    ...["a blpop l 0", "x multi", "x rpush l 1", "x del l", "x exec", "x rpush l 3", "a ?"],
  ],
  "another type that comes is nothing": [
    ...["a blpop l 0", "x set l text", "x del l", "x sadd l m", "x del l", "x rpush l 1", "a ?"],
    ...["a blmove l m left left 0", "x set m text", "x rpush l 1", "a ?", "x lrange l 0 -1"],
  ],
  "a list that comes under another name is there": [
    ...["a blpop l 0", "x rpush k 1 2", "x rename k l", "a ?", "b blpop m 0", "x copy l m", "b ?"],
    ...["c blpop n 0", "x lmove l n left right", "c ?"],
  ],
  "members of sorted sets are given to who waits for them": [
    ...["a bzpopmin z 0", "b bzpopmax y z 0", "c bzmpop 0 2 y z min count 2", "x zadd z 1 a 2 b 3 c 4 d"],
    ...["a ?", "b ?", "c ?", "x exists z", "a bzpopmin z 0", "x zincrby z 5 a", "a ?"],
    ...["a bzpopmin z 0", "b blpop z 0", "x rpush z 1", "b ?", "x sadd s m", "x zunionstore z 1 s", "a ?"],
    ...["a bzpopmin z 0", "x geoadd z 1 1 m", "a ?", "a bzpopmax z 0.01", "a ?", "a bzmpop 0.01 1 z min", "a ?"],
  ],
  "what is sent behind a command that waits is carried out after it": [
    ...["a blpop l 0", "a get s", "a rpush l 9", "x set s text", "x rpush l 1", "a ?", "a ?", "a ?"],
  ],
  "time that is over is answered": ["a blpop l 0.01", "a ?", "a blmove l m left left 0.01", "a ?", "x rpush l 1"],
  "whoever is unblocked is answered as asked": [
    ...[
      "a client id",
      "a blpop l 0",
      "x unblock a timeout",
      "a ?",
      "a blmove l m left left 0",
      "x unblock a error",
      "a ?",
    ],
    ...["x unblock a timeout", "a ping"],
  ],
};

interface Talk {
  readonly port: number;
  readonly clients: Map<string, RespClient>;
  readonly ids: Map<string, number>;
  readonly waiting: Map<string, Promise<Answer>[]>;
}

async function clientOf({ port, clients, ids, waiting }: Talk, name: string, version: string): Promise<RespClient> {
  const known = clients.get(name);
  if (known !== undefined) return known;
  const client = await RespClient.connect(port);
  await client.send("HELLO", version);
  ids.set(name, (await client.send("CLIENT", "ID")) as number);
  clients.set(name, client);
  waiting.set(name, []);
  return client;
}

async function untilBlocked(talk: Talk, watcher: RespClient, name: string): Promise<void> {
  const id = `id=${talk.ids.get(name)} `;
  const lineOf = async () => {
    const list = JSON.stringify(await watcher.send("CLIENT", "LIST"));
    return list.split("\\n").find((each) => each.includes(id));
  };
  await expect.poll(lineOf, AT_ONCE).toContain("flags=b");
}

async function converse(port: number, version: string, lines: readonly Line[]): Promise<readonly string[]> {
  const talk: Talk = { port, clients: new Map(), ids: new Map(), waiting: new Map() };
  const watcher = await clientOf(talk, "x", version);
  await watcher.send("FLUSHALL");
  const answers: string[] = [];
  for (const line of lines) {
    const [name = "", ...words] = line.split(" ");
    const client = await clientOf(talk, name, version);
    const waiting = talk.waiting.get(name) ?? [];
    if (words[0] === "?") answers.push(`${line} ${JSON.stringify(await waiting.shift())}`);
    else if (name === "x") {
      const sent =
        words[0] === "unblock" ? ["client", "unblock", String(talk.ids.get(words[1] ?? "")), ...words.slice(2)] : words;
      answers.push(`${line} ${JSON.stringify(await client.send(...sent))}`);
    } else if (words[0] === "client" || words[0] === "ping") await client.send(...words);
    else {
      waiting.push(client.send(...words));
      if (waiting.length === 1 && !line.endsWith("0.01")) await untilBlocked(talk, watcher, name);
    }
  }
  await Promise.all([...talk.clients.values()].map((client) => client.close()));
  return answers;
}

for (const [name, lines] of Object.entries(CONVERSATIONS)) {
  for (const version of ["2", "3"]) {
    test(`as on Redis, RESP${version}: ${name}`, async ({ skip }) => {
      if (!hasRedis) skip("there is no redis-server on this machine (Debian: apt-get install redis-server)");
      const ours = await converse(atoll.port, version, lines);
      expect(ours).toEqual(await converse((redis as RedisServer).port, version, lines));
    });
  }
}

describe("a client that waits", () => {
  it("takes nothing any more once it is gone", async () => {
    const [gone, left, other] = await Promise.all([connect(), connect(), connect()]);
    await other.send("DEL", "l");
    const waiting = gone.send("BLPOP", "l", "0").catch(() => "gone");
    await untilWaiting(other, 1);
    await gone.close();
    await waiting;
    await untilWaiting(other, 0);
    const second = left.send("BLPOP", "l", "0");
    await untilWaiting(other, 1);
    await other.send("RPUSH", "l", "1", "2");
    expect(await second).toEqual(["l", "1"]);
    expect(await other.send("LRANGE", "l", "0", "-1")).toEqual(["2"]);
    await Promise.all([left.close(), other.close()]);
  });

  it("waits for at most a thousand keys", async () => {
    const client = await connect();
    const keys = Array.from({ length: 1001 }, (_, i) => `k${i}`);
    expect(await client.send("BLPOP", ...keys, "0")).toMatchObject({ error: expect.stringContaining("too many keys") });
    expect(await client.send("PING")).toEqual({ status: "PONG" });
    await client.close();
  });

  it("keeps no replica from stopping", async () => {
    const own = await startAtoll();
    const client = await RespClient.connect(own.port);
    const watcher = await RespClient.connect(own.port);
    const waiting = client.send("BLPOP", "l", "0");
    await untilWaiting(watcher, 1);
    await own.node.stop();
    expect(await waiting).toEqual({ closed: true });
  });

  it("is given what another replica was given, by one replica alone", async () => {
    const there = await startAtoll({
      join: [{ type: "address", host: "127.0.0.1", port: Number(atoll.node.address.split(":")[1]) }],
    });
    const pusher = await connect();
    const [first, second] = await Promise.all([connect(), RespClient.connect(there.port)]);
    const states = async () => (await there.node.store.status()).members.map(({ state }) => state);
    await expect.poll(states, AT_ONCE).toContain("alive");
    await pusher.send("DEL", "shared");
    const far = second.send("BLPOP", "shared", "0");
    await untilWaiting(await RespClient.connect(there.port), 1);
    await pusher.send("RPUSH", "shared", "1");
    expect(await far).toEqual(["shared", "1"]);
    await expect.poll(() => pusher.send("LLEN", "shared"), AT_ONCE).toBe(0);
    const near = first.send("BLPOP", "shared", "0");
    const again = second.send("BLPOP", "shared", "0.6");
    await untilWaiting(pusher, 1);
    await untilWaiting(await RespClient.connect(there.port), 1);
    await pusher.send("RPUSH", "shared", "2");
    expect(await near).toEqual(["shared", "2"]);
    expect(await again).toEqual({ noArray: true });
    await Promise.all([pusher.close(), first.close(), second.close()]);
    await there.node.stop();
  });
});

function connect(): Promise<RespClient> {
  return RespClient.connect(atoll.port);
}

async function untilWaiting(watcher: RespClient, count: number): Promise<void> {
  const waiting = async () => JSON.stringify(await watcher.send("CLIENT", "LIST")).split("flags=b").length - 1;
  await expect.poll(waiting, AT_ONCE).toBe(count);
}
