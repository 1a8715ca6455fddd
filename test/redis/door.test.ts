/** The Redis door over a real port: tokens, limits, order, and long values. */

import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Node } from "../../src/node/create-node.ts";
import type { StartConfig } from "../../src/node/node-config.ts";
import { RespClient } from "./resp-client.ts";
import { startAtoll } from "./servers.ts";

let nodes: Node[] = [];

afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  nodes = [];
});

async function start(options: Partial<StartConfig> = {}): Promise<{ readonly node: Node; readonly port: number }> {
  const started = await startAtoll(options);
  nodes.push(started.node);
  return started;
}

test("nothing is done for a client without a token, and what one may do is what its scopes say", async () => {
  const { port } = await start({
    tokens: [
      { token: "all", scopes: ["read", "write", "admin"] },
      { token: "reader", scopes: ["read"] },
      { token: "under", scopes: ["read", "write"], prefix: "u:" },
    ],
  });
  const client = await RespClient.connect(port);
  expect(await client.send("GET", "a")).toEqual({ error: "NOAUTH Authentication required." });
  expect(await client.send("NOSUCH", "a")).toEqual({ error: "NOAUTH Authentication required." });
  expect(await client.send("AUTH", "all")).toEqual({ status: "OK" });
  expect(await client.send("SET", "a", "1")).toEqual({ status: "OK" });

  const reader = await RespClient.connect(port);
  expect(await reader.send("HELLO", "3", "AUTH", "anybody", "reader")).toHaveProperty("map");
  expect(await reader.send("GET", "a")).toBe("1");
  const refused = "NOPERM this user has no permissions to run the 'set' command";
  expect(await reader.send("SET", "a", "2")).toEqual({ error: refused });
  expect(await reader.send("MULTI")).toEqual({ status: "OK" });
  expect(await reader.send("DEL", "a")).toEqual({ error: refused.replace("'set'", "'del'") });
  expect(await reader.send("EXEC")).toHaveProperty("error", expect.stringContaining("EXECABORT"));

  const under = await RespClient.connect(port);
  await under.send("AUTH", "default", "under");
  expect(await under.send("MSET", "u:1", "x", "u:2", "y")).toEqual({ status: "OK" });
  const noKey = { error: "NOPERM this user has no permissions to access one of the keys used as arguments" };
  expect(await under.send("MGET", "u:1", "a")).toEqual(noKey);
  expect(await under.send("BITOP", "NOT", "u:3", "a")).toEqual(noKey);
  expect(await under.send("OBJECT", "ENCODING", "a")).toEqual(noKey);
  expect(await under.send("KEYS", "*")).toEqual(noKey);
  expect(await under.send("SCAN", "0")).toEqual(noKey);
  expect(await under.send("SCAN", "0", "MATCH", "u:*", "MATCH", "*")).toEqual(noKey);
  expect(await under.send("FLUSHALL")).toEqual(noKey);
  expect(await under.send("RANDOMKEY")).toEqual(noKey);
  expect(await under.send("INFO")).toHaveProperty("error");
  expect(await under.send("KEYS", "u:1*")).toEqual(["u:1"]);
  await Promise.all([client, reader, under].map((each) => each.close()));
});

test("a third wrong token ends the connection, and a stranger may send little", async () => {
  const { port } = await start({ tokens: [{ token: "all", scopes: ["read"] }] });
  const client = await RespClient.connect(port);
  const wrong = { error: "WRONGPASS invalid username-password pair or user is disabled." };
  for (let i = 0; i < 3; i++) expect(await client.send("AUTH", "x")).toEqual(wrong);
  expect(await client.send("AUTH", "all")).toEqual({ closed: true });
  const other = await RespClient.connect(port);
  expect(await other.send("AUTH", "x".repeat(5000))).toEqual({ error: "ERR Protocol error: invalid bulk length" });
});

test("commands of one piece of input are answered in their order, and those that wait hold up the others", async () => {
  const { port } = await start({ enableFaults: true });
  const client = await RespClient.connect(port);
  const answers = await Promise.all([
    client.send("SET", "a", "1"),
    client.send("DEBUG", "SLEEP", "0.05"),
    client.send("INCR", "a"),
    client.raw("PING hello\r\n"),
    client.send("GET", "a"),
  ]);
  expect(answers).toEqual([{ status: "OK" }, { status: "OK" }, 2, "hello", "2"]);
  await client.close();
});

test("long values come and go whole, also more of them than a client reads at once", async () => {
  const { port } = await start();
  const client = await RespClient.connect(port);
  const long = Buffer.alloc(3 * 1024 * 1024, "abc");
  expect(await client.send("SET", "long", long)).toEqual({ status: "OK" });
  const got = await Promise.all(Array.from({ length: 8 }, () => client.send("GET", "long")));
  expect(got.every((each) => each === long.toString("latin1"))).toBe(true);
  await client.send("MULTI");
  for (const words of [
    ["SET", "short", "1"],
    ["GET", "long"],
    ["SET", "other", long],
    ["GET", "other"],
  ])
    await client.send(...words);
  const text = long.toString("latin1");
  expect(await client.send("EXEC")).toEqual([{ status: "OK" }, text, { status: "OK" }, text]);
  expect(await client.send("APPEND", "long", "d")).toBe(long.length + 1);
  const tooLong = await client.send("SET", "x", Buffer.alloc(17 * 1024 * 1024));
  expect(tooLong).toEqual({ error: "ERR Protocol error: invalid bulk length" });
});

test("EXEC does nothing where another client has written what is watched", async () => {
  const { port } = await start();
  const [one, other] = [await RespClient.connect(port), await RespClient.connect(port)];
  await one.send("SET", "a", "1");
  await one.send("WATCH", "a");
  await other.send("SET", "a", "1");
  await one.send("MULTI");
  await one.send("SET", "a", "2");
  expect(await one.send("EXEC")).toEqual({ noArray: true });
  expect(await one.send("GET", "a")).toBe("1");
  await Promise.all([one.close(), other.close()]);
});

test("SCAN comes to every key once, however many there are, and its cursors are numbers below 2^64", async () => {
  const { port } = await start();
  const client = await RespClient.connect(port);
  const keys = Array.from({ length: 3000 }, (_, i) => `key:${i}`);
  await Promise.all(keys.map((key) => client.send("SET", key, "x")));
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, page] = (await client.send("SCAN", cursor, "COUNT", "37", "MATCH", "key:*")) as [string, string[]];
    found.push(...page);
    cursor = next;
    expect(BigInt(cursor) < 2n ** 64n).toBe(true);
  } while (cursor !== "0");
  expect(found.sort()).toEqual(keys.sort());
  await client.close();
});

test("CLIENT INFO and CLIENT LIST have every field of Redis 7.0, and a library's name", async () => {
  const { port } = await start();
  const client = await RespClient.connect(port);
  const fields =
    "id addr laddr fd name age idle flags db sub psub ssub multi qbuf qbuf-free argv-mem multi-mem rbs rbp obl oll omem tot-mem events cmd user redir resp lib-name lib-ver";
  for (const which of ["INFO", "LIST"]) {
    const pairs = ((await client.send("CLIENT", which)) as string).trim().split(" ");
    expect(pairs.map((pair) => pair.split("=")[0]).join(" ")).toBe(fields);
  }
  await client.close();
});

test("SELECT takes the keyspace of that name", async () => {
  const { node, port } = await start();
  await node.defineKeyspace("3");
  const client = await RespClient.connect(port);
  await client.send("SET", "a", "default");
  expect(await client.send("SELECT", "3")).toEqual({ status: "OK" });
  expect(await client.send("GET", "a")).toBe(null);
  await client.send("SET", "a", "third");
  for (const none of ["16", "-1"])
    expect(await client.send("SELECT", none)).toEqual({ error: "ERR DB index is out of range" });
  expect(await client.send("GET", "a")).toBe("third");
  expect((await node.keyspace("3").get("a" as never)).entry?.value).toEqual(new Uint8Array(Buffer.from("third")));
  await client.close();
});

test("SELECT creates what is a database of Redis, for whoever may create keyspaces", async () => {
  const open = await start();
  const client = await RespClient.connect(open.port);
  expect(await client.send("SELECT", "15")).toEqual({ status: "OK" });
  await client.send("SET", "a", "x");
  expect(open.node.keyspaces().map(({ name }) => name)).toEqual(["15", "default"]);
  expect((await open.node.defineKeyspace("15", { maxTtlMs: 1000 })).existed).toBe(true);
  expect(await client.send("GET", "a")).toBe("x");
  await client.close();

  const [app, root] = ["app-0123456789abcdef", "root-0123456789abcdef"];
  const { port, node } = await start({
    tokens: [
      { token: app, scopes: ["read", "write"] },
      { token: root, scopes: ["admin"] },
    ],
  });
  const [one, other] = [await RespClient.connect(port), await RespClient.connect(port)];
  await one.send("AUTH", app);
  const refused = 'ERR DB index is out of range: there is no keyspace "1", which takes the scope "admin" to create';
  expect(await one.send("SELECT", "1")).toEqual({ error: refused });
  expect(node.keyspaces()).toHaveLength(1);
  await other.send("AUTH", root);
  expect(await other.send("SELECT", "1")).toEqual({ status: "OK" });
  expect(await one.send("SELECT", "1")).toEqual({ status: "OK" });
  await Promise.all([one.close(), other.close()]);
});

test("no command reaches into another keyspace than the one that is selected", async () => {
  const { node, port } = await start();
  await node.defineKeyspace("1", {});
  const client = await RespClient.connect(port);
  await client.send("SET", "a", "1");
  const refused = { error: "ERR COPY with DB is not supported: no command reaches into another keyspace" };
  expect(await client.send("COPY", "a", "b", "DB", "1")).toEqual(refused);
  expect(await client.send("COPY", "a", "b", "REPLACE", "DB", "1")).toEqual(refused);
  const noNumber = { error: "ERR value is not an integer or out of range" };
  expect(await client.send("COPY", "a", "b", "DB", "x")).toEqual(noNumber);
  for (const words of [
    ["MOVE", "a", "1"],
    ["SWAPDB", "0", "1"],
  ])
    expect(await client.send(...words)).toHaveProperty(
      "error",
      expect.stringContaining(`unknown command '${words[0]}'`),
    );
  expect(await client.send("KEYS", "*")).toEqual(["a"]);
  await client.send("SELECT", "1");
  expect(await client.send("KEYS", "*")).toEqual([]);
});

test("what a web page makes a browser send is not carried out", async () => {
  const { node, port } = await start();
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write("POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n");
  socket.resume();
  await once(socket, "close");
  expect(await node.store.get("a" as never)).toEqual({});
});

test("FLUSHALL empties every keyspace that SELECT knows, alone and in a transaction, and no other", async () => {
  const { node, port } = await start();
  for (const name of ["3", "sessions"]) await node.defineKeyspace(name);
  const client = await RespClient.connect(port);
  await node.keyspace("sessions").put("a" as never, new Uint8Array([1]));
  const flushes = [[["FLUSHALL"]], [["MULTI"], ["FLUSHALL"], ["PING"], ["EXEC"]]];
  for (const commands of flushes) {
    await client.send("SET", "a", "1");
    await client.send("SELECT", "3");
    await client.send("SET", "a", "1");
    for (const words of commands) await client.send(...words);
    expect(await client.send("EXISTS", "a")).toBe(0);
    await client.send("SELECT", "0");
    expect(await client.send("EXISTS", "a")).toBe(0);
  }
  expect((await node.keyspace("sessions").get("a" as never)).entry).toBeDefined();
  await client.close();
});
