/** A keyspace whose definition is still on its way to this replica, over HTTP. */

import { afterAll, beforeAll, expect, it } from "vitest";
import { openDoors, type TestDoors } from "../../support/doors.ts";

let doors: TestDoors;

beforeAll(async () => {
  doors = await openDoors();
});

afterAll(() => doors.server.close());

it.each(["kv/k", "keys", "watch"])("is no unknown one to a session that has seen something of it: %s", async (path) => {
  const put = await fetch(`${doors.url}/v1/kv/seen`, { method: "PUT", body: "x" });
  const session = put.headers.get("Atoll-Session") ?? "";
  const url = `${doors.url}/v1/keyspaces/coming/${path}`;
  const stranger = await fetch(url);
  expect([stranger.status, await stranger.json()]).toMatchObject([404, { code: "UNKNOWN_KEYSPACE" }]);
  const known = await fetch(url, { headers: { "Atoll-Session": session } });
  expect([known.status, known.headers.get("Retry-After")]).toEqual([503, "1"]);
  expect(await known.json()).toMatchObject({ code: "NOT_READY" });
});
