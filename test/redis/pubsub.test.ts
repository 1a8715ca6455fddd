import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import { freePort, hasRedis, type RedisServer, startAtoll, startRedis } from "./servers.ts";

/** Shows what comes, byte by byte. */
class Wire {
  readonly #socket: Socket;
  #text = "";
  #sentinels = 0;
  #look: () => void = () => {};
  isClosed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk) => {
      this.#text += chunk.toString("latin1");
      this.#look();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.isClosed = true;
      this.#look();
    });
  }

  static async connect(port: number): Promise<Wire> {
    const socket = connect({ port, host: "127.0.0.1" });
    await once(socket, "connect");
    return new Wire(socket);
  }

  /** All that came until a PING behind these commands was answered. */
  async send(...lines: readonly string[]): Promise<string> {
    const mark = `mark-${++this.#sentinels}\r\n`;
    for (const line of [...lines, `PING ${mark.trim()}`]) this.#socket.write(`${line}\r\n`);
    await this.until(() => this.#text.includes(mark));
    const text = this.#text.slice(0, this.#text.indexOf(mark));
    this.#text = this.#text.slice(this.#text.indexOf(mark) + mark.length);
    return text;
  }

  write(bytes: string | Buffer): void {
    this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Resolves once it holds of what came so far, or the connection is closed. */
  async until(holds: (text: string) => boolean): Promise<void> {
    while (!holds(this.#text) && !this.isClosed) await new Promise<void>((resolve) => (this.#look = resolve));
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A step: which of the two clients sends what. */
type Step = readonly [client: 0 | 1, ...lines: string[]];

/** Each message matches one pattern, and what is left without a name is one: Redis goes by its hash tables otherwise. */
const STORIES: Readonly<Record<string, readonly Step[]>> = {
  "subscribe, hear, unsubscribe": [
    [0, "SUBSCRIBE a b", "SUBSCRIBE a"],
    [1, "PUBLISH a hello", "PUBLISH c nobody"],
    [0, "UNSUBSCRIBE a zzz"],
    [1, "PUBLISH a again", "PUBLISH b more"],
    [0, "UNSUBSCRIBE", "UNSUBSCRIBE"],
    [0, "SET k v"],
  ],
  patterns: [
    [0, "PSUBSCRIBE h?llo w* [x", "SUBSCRIBE hello"],
    [1, "PUBLISH hello a", "PUBLISH world b", "PUBLISH other c", "PUBLISH hxllo d"],
    [0, "PUNSUBSCRIBE w* none", "PUNSUBSCRIBE [x", "PUNSUBSCRIBE", "PUNSUBSCRIBE", "UNSUBSCRIBE"],
  ],
  "sharded channels": [
    [0, "SSUBSCRIBE a", "SUBSCRIBE a"],
    [1, "SPUBLISH a x", "PUBLISH a y", "PUBSUB SHARDNUMSUB a b", "PUBSUB SHARDCHANNELS", "PUBSUB SHARDCHANNELS z*"],
    [0, "SUNSUBSCRIBE", "SUNSUBSCRIBE q", "UNSUBSCRIBE a"],
  ],
  "what may be asked while one listens": [
    [0, "SUBSCRIBE a", "GET k", "PING", "MULTI", "HELLO 3", "PUBLISH a x", "CLIENT ID", "NOSUCH", "PUBSUB CHANNELS"],
    [0, "RESET", "GET k"],
    [1, "PUBLISH a x"],
  ],
  PUBSUB: [
    [0, "SUBSCRIBE alpha", "PSUBSCRIBE x* y*"],
    [1, "PUBSUB CHANNELS", "PUBSUB CHANNELS b*", "PUBSUB NUMSUB", "PUBSUB NUMSUB alpha nope", "PUBSUB NUMPAT"],
    [1, "PUBSUB HELP", "PUBSUB nosuch", "PUBSUB NUMPAT x", "PUBSUB CHANNELS a b", "PUBSUB", "PUBLISH a", "SUBSCRIBE"],
    [1, "PUBLISH a b c", "PSUBSCRIBE", "SSUBSCRIBE", "SPUBLISH a"],
  ],
  "what becomes of keys": [
    [1, "CONFIG SET notify-keyspace-events KEg$x", "CONFIG GET notify-keyspace-events"],
    [0, "PSUBSCRIBE __key*"],
    [1, "SET story v", "DEL story", "DEL story", "SET story v"],
    [1, "CONFIG SET notify-keyspace-events Kg", "SET story w", "DEL story"],
    [1, "CONFIG SET notify-keyspace-events Q", "CONFIG GET notify-keyspace-events"],
    [1, "CONFIG SET notify-keyspace-events AKE", "CONFIG GET notify-keyspace-events"],
    [1, 'CONFIG SET notify-keyspace-events ""', "CONFIG GET notify-keyspace-events", "SET story x", "DEL story"],
    [0, "PUNSUBSCRIBE"],
  ],
  "what becomes of collections": [
    [1, "CONFIG SET notify-keyspace-events KEA"],
    [0, "PSUBSCRIBE __key*"],
    [1, "HSET h a 1", "HSET h b 2", "HSET h a 3", "HDEL h a x", "EXPIRE h 100", "HDEL h b"],
    [1, "SADD s a", "SADD s a", "SADD s b", "SREM s a", "SREM s b", "SADD s c", "DEL s", "DEL s"],
    [1, "CONFIG SET notify-keyspace-events Khg", "HSET h a 1", "SADD s a", "DEL h s"],
    [1, 'CONFIG SET notify-keyspace-events ""'],
    [0, "PUNSUBSCRIBE"],
  ],
  "in a transaction": [
    [0, "SUBSCRIBE a"],
    [1, "MULTI", "PUBLISH a x", "PUBLISH a y", "EXEC"],
    [0, "UNSUBSCRIBE"],
  ],
};

const STORIES_OF_3: Readonly<Record<string, readonly Step[]>> = {
  "who hears by version 3 may ask meanwhile": [
    [0, "SUBSCRIBE a", "SET k v", "GET k", "PUBLISH a own", "PSUBSCRIBE a*"],
    [1, "PUBLISH a x"],
    [0, "GET k", "UNSUBSCRIBE", "PUNSUBSCRIBE", "UNSUBSCRIBE"],
  ],
};

async function told(port: number, version: 2 | 3, steps: readonly Step[]): Promise<string[]> {
  const clients = [await Wire.connect(port), await Wire.connect(port)];
  const answers: string[] = [];
  if (version === 3) for (const client of clients) await client.send("HELLO 3");
  for (const [at, ...lines] of steps) answers.push((await (clients[at] as Wire).send(...lines)) ?? "");
  // What the first heard since it last asked.
  answers.push((await clients[0]?.send()) ?? "");
  for (const client of clients) client.close();
  return answers;
}

describe("pub/sub at one replica", () => {
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

  for (const version of [2, 3] as const) {
    const stories = version === 2 ? STORIES : { ...STORIES, ...STORIES_OF_3 };
    for (const [name, steps] of Object.entries(stories)) {
      // What a client of version 3 may do while it listens, and the greeting of HELLO, name the server.
      if (version === 3 && name.startsWith("what may be asked")) continue;
      test.skipIf(!hasRedis)(`${name}: every byte as Redis ${version === 2 ? "" : "with RESP3 "}has it`, async () => {
        const ours = await told(atoll.port, version, steps);
        expect(ours).toEqual(await told(redis?.port ?? 0, version, steps));
      });
    }
  }

  test("who does not read what it listens to is cut off, and others are not", async () => {
    const slow = await Wire.connect(atoll.port);
    const quick = await Wire.connect(atoll.port);
    const teller = await Wire.connect(atoll.port);
    await slow.send("SUBSCRIBE flood");
    await quick.send("SUBSCRIBE other");
    slow.pause();
    const message = "x".repeat(100_000);
    const command = `*3\r\n$7\r\nPUBLISH\r\n$5\r\nflood\r\n$${message.length}\r\n${message}\r\n`;
    for (let sent = 0; ; sent++) {
      // What a connection may leave unread, and what the system takes besides.
      expect(sent).toBeLessThan(2_000);
      teller.write(command);
      if ((await teller.send()).includes(":0")) break;
    }
    expect(await teller.send("PUBLISH other hello")).toContain(":1");
    expect(await quick.send()).toContain("hello");
    slow.resume();
    await slow.until(() => false);
    expect(slow.isClosed).toBe(true);
    for (const each of [quick, teller]) each.close();
  });

  test("a channel or message that is too long is refused, and nobody hears of it", async () => {
    const client = await Wire.connect(atoll.port);
    expect(await client.send(`PUBLISH ${"c".repeat(1025)} x`)).toContain("-ERR a channel has at most 1024 bytes");
    expect(await client.send(`SUBSCRIBE ${"c".repeat(1025)}`)).toContain("-ERR a channel has at most 1024 bytes");
    const long = 126 * 1024 + 1;
    client.write(`*3\r\n$7\r\nPUBLISH\r\n$1\r\na\r\n$${long}\r\n${"x".repeat(long)}\r\n`);
    expect(await client.send()).toContain(`-ERR a message has at most ${126 * 1024} bytes`);
    client.close();
  });
});

describe("tokens", () => {
  const tokens = [
    { token: "token-that-reads-under-app", scopes: ["read"], prefix: "app:" },
    { token: "token-that-writes-under-app", scopes: ["write"], prefix: "app:" },
  ] as const;
  let atoll: { readonly node: Node; readonly port: number };

  beforeAll(async () => {
    atoll = await startAtoll({ tokens: tokens.map((each) => ({ ...each, scopes: [...each.scopes] })) });
  });

  afterAll(() => atoll.node.stop());

  test.each([
    [0, "SUBSCRIBE app:news", "subscribe"],
    [0, "SUBSCRIBE app:news other", "NOPERM"],
    [0, "PSUBSCRIBE app:*", "psubscribe"],
    [0, "PSUBSCRIBE *", "NOPERM"],
    [0, "PUBLISH app:news x", "NOPERM"],
    [0, "PUBSUB CHANNELS", "NOPERM"],
    [1, "SUBSCRIBE app:news", "NOPERM"],
    [1, "PUBLISH app:news x", ":"],
    [1, "PUBLISH other x", "NOPERM"],
  ])("%s: %s is answered %s", async (who, line, answer) => {
    const client = await Wire.connect(atoll.port);
    await client.send(`AUTH ${tokens[who]?.token}`);
    expect(await client.send(line)).toContain(answer);
    client.close();
  });
});

describe("pub/sub at two replicas", () => {
  test("a message reaches who listens at the other, and PUBLISH and PUBSUB count it", async () => {
    const port = await freePort();
    const first = await startAtoll({ port });
    const second = await startAtoll({ join: [{ type: "address", host: "127.0.0.1", port }] });
    const [listener, teller] = [await Wire.connect(first.port), await Wire.connect(second.port)];
    await listener.send("SUBSCRIBE news", "PSUBSCRIBE n*");
    while (!(await teller.send("PUBSUB NUMSUB news")).includes(":1")) await new Promise(setImmediate);
    for (let n = 0; n < 20; n++) expect(await teller.send(`PUBLISH news ${n}-th`)).toContain(":1\r\n");
    await listener.until((text) => text.split("19-th").length > 2);
    const heard = await listener.send();
    for (let n = 0; n < 20; n++) expect(heard.split(`\n${n}-th`).length).toBe(3);
    listener.close();
    while (!(await teller.send("PUBSUB NUMSUB news")).includes(":0")) await new Promise(setImmediate);
    teller.close();
    await Promise.all([first.node.stop(), second.node.stop()]);
  });

  test("a transaction, and a script, that publishes to another replica is whole: nobody is served in the midst of it", async () => {
    const port = await freePort();
    const first = await startAtoll({ port });
    const second = await startAtoll({ join: [{ type: "address", host: "127.0.0.1", port }] });
    const [listener, teller] = [await Wire.connect(first.port), await Wire.connect(second.port)];
    const [taker, mover] = [await Wire.connect(second.port), await Wire.connect(second.port)];
    await listener.send("SUBSCRIBE news");
    while (!(await teller.send("PUBSUB NUMSUB news")).includes(":1")) await new Promise(setImmediate);
    await teller.send("SETRANGE long 199999 x");
    const blocked = async (count: number) => {
      while (!(await teller.send("INFO clients")).includes(`blocked_clients:${count}`)) await new Promise(setImmediate);
    };
    taker.write("BLPOP l 0\r\n");
    mover.write("BLMOVE m to LEFT RIGHT 0\r\n");
    await blocked(2);
    const writes = ["RPUSH l 1", "RPUSH m 1", "PUBLISH news hi", "LLEN l", "LLEN m", "GET long"];
    const answers = await teller.send("MULTI", ...writes, "EXEC");
    expect(answers).toContain(`*6\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n$200000\r\n${"\0".repeat(199_999)}x\r\n`);
    await blocked(0);
    taker.write("BLPOP l 0\r\n");
    await blocked(1);
    const script =
      "redis.call('rpush', KEYS[1], 'b') redis.call('publish', 'news', 'ho') return redis.call('llen', KEYS[1])";
    expect(await teller.send(`EVAL "${script}" 1 l`)).toMatch(/^:1\r/);
    await taker.until((text) => text.endsWith("$1\r\nb\r\n"));
    await listener.until((text) => text.includes("ho"));
    for (const each of [listener, teller, taker, mover]) each.close();
    await Promise.all([first.node.stop(), second.node.stop()]);
  });

  test("what becomes of keys is told wherever it was done, where that is asked for, and once", async () => {
    const port = await freePort();
    const first = await startAtoll({ port });
    const second = await startAtoll({ join: [{ type: "address", host: "127.0.0.1", port }] });
    const [listener, writer] = [await Wire.connect(first.port), await Wire.connect(second.port)];
    await listener.send("CONFIG SET notify-keyspace-events KEA", "PSUBSCRIBE __keyevent*");
    await writer.send("SET gone 1");
    await listener.until((text) => text.includes("gone"));
    await writer.send("SET there 1 PX 1", "DEL gone");
    await listener.until((text) => text.includes("__keyevent@0__:expired") && text.includes("__keyevent@0__:del"));
    const heard = await listener.send();
    for (const word of ["set", "del", "expired"]) expect(heard).toContain(`__keyevent@0__:${word}`);
    expect(heard.split("__keyevent@0__:del").length).toBe(2);
    for (const each of [listener, writer]) each.close();
    await Promise.all([first.node.stop(), second.node.stop()]);
  });
});
