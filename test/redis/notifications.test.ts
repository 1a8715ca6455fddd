/** What becomes of keys is told as Redis tells it, command by command; and what came from elsewhere, as this replica finds it. */

import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { type Case, groupsOf } from "./case-text.ts";
import { notifications } from "./cases/notifications.ts";
import { RespClient } from "./resp-client.ts";
import { freePort, hasRedis, type RedisServer, startAtoll, startRedis } from "./servers.ts";

const MARK = "mark";

/** What a client hears of keys, and of messages that say how far others have come. */
class Listener {
  readonly heard: string[] = [];
  readonly #redis: Redis;
  #wanted: { readonly line: string; readonly found: () => void } | undefined;

  constructor(port: number) {
    this.#redis = new Redis({ port });
    this.#redis.on("pmessage", (_pattern, channel, message) => this.#hear(channel, message));
  }

  async listen(...patterns: readonly string[]): Promise<void> {
    await this.#redis.psubscribe(...patterns);
  }

  #hear(channel: string, message: string): void {
    const line = channel === MARK ? message : `${channel.replace(/__/g, "")} ${message}`;
    this.heard.push(line);
    if (line === this.#wanted?.line) this.#wanted.found();
  }

  until(line: string): Promise<void> {
    if (this.heard.includes(line)) return Promise.resolve();
    return new Promise((found) => {
      this.#wanted = { line, found };
    });
  }

  close(): void {
    this.#redis.disconnect();
  }
}

async function toldOf(port: number, cases: readonly Case[]) {
  const listener = new Listener(port);
  const client = await RespClient.connect(port);
  await client.send("FLUSHALL");
  await client.send("CONFIG", "SET", "notify-keyspace-events", "KEA");
  await listener.listen("__key*", MARK);
  let isQueueing = false;
  for (const { line, words } of cases) {
    if (line === "EXEC") isQueueing = false;
    // In a transaction that would be queued as well.
    if (!isQueueing) await client.send("PUBLISH", MARK, `=> ${line}`);
    await client.send(...words);
    if (line === "MULTI") isQueueing = true;
  }
  await client.send("PUBLISH", MARK, "end");
  await listener.until("end");
  await client.close();
  listener.close();
  return listener.heard;
}

describe("at one replica", () => {
  let redis: RedisServer | undefined;
  let atoll: { readonly node: Node; readonly port: number };

  beforeAll(async () => {
    redis = await startRedis();
    atoll = await startAtoll();
  });

  afterAll(async () => {
    await redis?.stop();
    await atoll.node.stop();
  });

  for (const { name, cases } of groupsOf(notifications)) {
    test.skipIf(!hasRedis)(`tells what Redis does: ${name}`, async () => {
      expect(await toldOf(atoll.port, cases)).toEqual(await toldOf(redis?.port ?? 0, cases));
    });
  }

  test.skipIf(!hasRedis)("tells what Redis does of who waited, and of what expired", async () => {
    const heard = async (port: number): Promise<readonly string[]> => {
      const listener = new Listener(port);
      const [client, waiting] = [await RespClient.connect(port), await RespClient.connect(port)];
      await client.send("FLUSHALL");
      await client.send("CONFIG", "SET", "notify-keyspace-events", "EA");
      await listener.listen("__key*");
      const taken = waiting.send("BLMOVE", "from", "to", "LEFT", "RIGHT", "0");
      await client.send("RPUSH", "from", "a");
      await taken;
      await client.send("SET", "brief", "1", "PX", "1");
      await listener.until("keyevent@0:expired brief");
      for (const each of [client, waiting]) await each.close();
      listener.close();
      return listener.heard;
    };
    expect(await heard(atoll.port)).toEqual(await heard(redis?.port ?? 0));
  });
});

test("what came from another replica is told field by field, and a write as such, whatever command it was", async () => {
  const port = await freePort();
  const first = await startAtoll({ port });
  const second = await startAtoll({ join: [{ type: "address", host: "127.0.0.1", port }] });
  const listeners = [first, second].map((each) => new Listener(each.port));
  for (const each of [first, second]) {
    const client = await RespClient.connect(each.port);
    await client.send("CONFIG", "SET", "notify-keyspace-events", "EA");
    await client.close();
  }
  for (const each of listeners) await each.listen("__key*");
  const writer = await RespClient.connect(second.port);
  const lines = [
    "HSET h a 1 b 2",
    "HINCRBY h a 1",
    "LPUSH l a",
    "EXPIRE h 100",
    "INCR n",
    "SPOP s",
    "HDEL h a b",
    "DEL n",
  ];
  // What comes before the two are linked comes as what is left of it.
  await writer.send("SADD", "s", "a");
  for (const each of listeners) await each.until("keyevent@0:sadd s");
  for (const line of lines) await writer.send(...line.split(" "));
  for (const each of listeners) await each.until("keyevent@0:del n");
  await writer.close();
  for (const each of listeners) each.close();
  await Promise.all([first.node.stop(), second.node.stop()]);
  const [elsewhere, here] = listeners.map(({ heard }) => heard.map((line) => line.replace("keyevent@0:", "")));
  expect(here).toEqual([
    "sadd s",
    "hset h",
    "hincrby h",
    "lpush l",
    "expire h",
    "incrby n",
    "spop s",
    "del s",
    "hdel h",
    "del h",
    "del n",
  ]);
  expect(elsewhere).toEqual([
    "sadd s",
    "hset h",
    "hset h",
    "hset h",
    "rpush l",
    "expire h",
    "set n",
    "srem s",
    "del s",
    "hdel h",
    "hdel h",
    "del h",
    "del n",
  ]);
});
