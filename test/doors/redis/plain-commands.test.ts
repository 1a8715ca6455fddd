/** Plain `GET`s and `SET`s among other commands: as if each had been carried out by itself. */

import { afterEach, beforeEach, expect, test } from "vitest";
import { errorReply, OK } from "../../../src/command-reply.ts";
import { createAuth } from "../../../src/doors/auth.ts";
import type { Connection } from "../../../src/doors/redis/connection.ts";
import { RespClient } from "../../redis/resp-client.ts";
import { openRedisDoor, type TestRedisDoor } from "../../support/redis-door.ts";

const ok = { status: "OK" };
const queued = { status: "QUEUED" };

const AUTH = createAuth([
  { token: "all", scopes: ["read", "write"] },
  { token: "some", scopes: ["read", "write"], prefix: "my:" },
  { token: "writer", scopes: ["write"] },
  { token: "reader", scopes: ["read"] },
]);

let doors: TestRedisDoor;

beforeEach(async () => {
  doors = await openRedisDoor({ auth: AUTH });
});

afterEach(() => doors.door.close(0));

/** What is answered to commands that come together. */
async function answers(client: RespClient, lines: readonly string[]): Promise<readonly unknown[]> {
  const all = lines.map((line) => client.send(...line.split(" ")));
  return Promise.all(all);
}

test("come in order, and are counted", async () => {
  const client = await RespClient.connect(doors.port);
  const many = Array.from({ length: 200 }, () => "get a");
  expect(
    await answers(client, ["get a", "auth all", "get a", "set a 1", ...many, "GET a", "get", "set a 2", "get a"]),
  ).toEqual([
    { error: "NOAUTH Authentication required." },
    { status: "OK" },
    null,
    { status: "OK" },
    ...many.map(() => "1"),
    "1",
    { error: "ERR wrong number of arguments for 'get' command" },
    { status: "OK" },
    "2",
  ]);
  expect(doors.metrics.redis?.commands()).toBe(208);
  expect(await client.send("CLIENT", "INFO")).toEqual(expect.stringContaining("cmd=client"));
});

test("wait for their transaction, and tell nobody what is not theirs to read", async () => {
  const [client, some, writer] = [0, 1, 2].map(() => RespClient.connect(doors.port));
  expect(
    await answers((await client) as RespClient, ["auth all", "set a 1", "multi", "get a", "set a 2", "exec", "get a"]),
  ).toEqual([ok, ok, ok, queued, queued, ["1", ok], "2"]);
  const refused = { error: expect.stringMatching(/^NOPERM/) };
  const [, ...shown] = await answers((await some) as RespClient, [
    "auth some",
    "get a",
    "set a 2",
    "set my:a 2",
    "get my:a",
  ]);
  expect(shown).toEqual([refused, refused, { status: "OK" }, "2"]);
  const [, ...written] = await answers((await writer) as RespClient, ["auth writer", "set a 3", "get a"]);
  expect(written).toEqual([{ status: "OK" }, refused]);
  const [, ...read] = await answers(await RespClient.connect(doors.port), ["auth reader", "get a", "set a 4", "get a"]);
  expect(read).toEqual(["3", refused, "3"]);
});

test("are held back where another command has shut the gate", async () => {
  const subscribe = (connection: Connection) => {
    connection.gate = () => errorReply("ERR shut");
    return OK;
  };
  const shut = await openRedisDoor({ extensions: [{ commands: { subscribe } }] });
  const client = await RespClient.connect(shut.port);
  expect(await answers(client, ["get a", "subscribe c", "get a"])).toEqual([
    null,
    { status: "OK" },
    { error: "ERR shut" },
  ]);
  await shut.door.close(0);
});
